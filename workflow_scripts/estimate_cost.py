"""Say what a study will cost before it starts: jobs, hours, memory and disk by stage, downloads."""

import sys
from pathlib import Path

from optical.estimate.estimate import estimate
from optical.estimate.fit import UNIT, Room, check_room, free_bytes
from optical.estimate.rates import MEASURED, documented, machines
from optical.estimate.shown import origins, summary, table, totals, with_header
from optical.runtime.program import run_program
from optical.study.loading import load_study, read_datasets
from optical.study.study_file import read_settings


def main(
    *,
    study: Path,
    local: Path | None = None,
    rates: Path = MEASURED,
    gpu_memory: float | None = None,
    header: bool = False,
) -> None:
    """
    study: study file
    local: folder of your own data (that of the study)
    rates: this machine's, as benchmarks/rates.py writes them; documented ones are always shown
    gpu_memory: of the GPU that it shall run on, GB
    header: write the totals, by documented rates, into the header of the study file instead
    """
    settings = read_settings(study)
    given = local or settings.get("local") or "local"
    loaded = load_study(settings | {"local": str(given)}, read_datasets())
    found = estimate(loaded)
    if header:
        text = study.read_text(encoding="utf-8")
        study.write_text(with_header(text, summary(found, documented())), encoding="utf-8")
        return
    known = machines(rates)
    for line in table(found, known):
        print(line)
    print()
    for line in [*totals(found, known), "", *origins(found, known)]:
        print(line)
    memory = gpu_memory and gpu_memory * UNIT
    sys.stdout.flush()
    for line in check_room(found, Room(free_bytes(loaded), memory)):
        print(f"warning: {line}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
