"""Ask every source of a study for its first bytes, before a download of days begins.

A line for each file and model: OK, or WRONG with what was expected. What was read is not kept.
"""

from collections.abc import Sequence
from pathlib import Path

from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.study.loading import load_study, read_datasets
from optical.study.places import check_mirrors
from optical.study.rehearsal import rehearse
from optical.study.study_file import read_settings


def main(
    *,
    study: Path,
    mirrors: Sequence[Path] = (),
    local: Path | None = None,
    lock: Path = Path("downloads/lock.tsv"),
) -> None:
    """
    study: study file
    mirrors: folders with copies as <host>/<path> of the URLs (those of the study)
    local: folder of your own data (that of the study)
    lock: where the checksums of files stand that came before (.tsv)
    """
    settings = read_settings(study)
    # Where no folder is given, what should lie in it is missing: a line for each file.
    given = local or settings.get("local") or "local"
    loaded = load_study(settings | {"local": str(given)}, read_datasets())
    mirrors = mirrors or loaded.mirrors
    check_mirrors(mirrors)
    number = wrong = 0
    for line in rehearse(loaded, mirrors, lock):
        number, wrong = number + 1, wrong + line.wrong
        print(f"{'WRONG' if line.wrong else 'OK':5}  {line.name}: {line.text}", flush=True)
    if wrong:
        raise InputError(f"{wrong} of {number} sources of {study} are wrong, see above")
    print(f"{number} sources of {study} are as expected")


if __name__ == "__main__":
    run_program(main)
