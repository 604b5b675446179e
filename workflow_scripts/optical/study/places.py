"""The folders of a study on the machine that runs it: its mirrors, and what lies under its name."""

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from optical.runtime.errors import InputError
from optical.study import paths


def check_mirrors(mirrors: Iterable[Path]) -> None:
    """Raise InputError for a mirror that is no folder: all would come from the network, if at all.

    Only the machine that downloads needs them.
    """
    for mirror in mirrors:
        if not mirror.is_dir():
            raise InputError(
                f"mirror: {mirror}: no such folder; expected one with downloads as HOST/PATH"
            )


def check_results(name: str) -> None:
    """Raise InputError where results of another study lie under a study's name.

    Their folder was copied or renamed. Snakemake, which knows files by their paths, would take them
    for results of this study, and could not tell whether settings or code have changed.
    """
    folder = Path(paths.RESULTS.format(study=name))
    made_as = study_of(Path(paths.SETTINGS.format(study=name)))
    if made_as not in (None, name):
        raise InputError(
            f"{folder}: holds the results of study {made_as!r}, not of {name!r}; rename it to "
            f"{folder.with_name(made_as)}, or remove it, and {name} is made anew"
        )


def study_of(settings: Path) -> str | None:
    """The name in the settings that a study has kept, of which it is the first; None if absent."""
    if not settings.exists():
        return None
    line = re.search(r"^study: .+$", settings.read_text(encoding="utf-8", errors="replace"), re.M)
    return str(yaml.safe_load(line[0])["study"]) if line else None
