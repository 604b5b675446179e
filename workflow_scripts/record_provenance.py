"""Write down what the results of a study came from: code, libraries, machine, settings, data."""

import json
from pathlib import Path

import yaml

from optical.runtime.files import atomic_path
from optical.runtime.program import run_program
from optical.runtime.provenance import provenance


def main(
    *,
    settings: Path,
    environments: list[Path],
    data: list[Path],
    output: Path,
) -> None:
    """
    settings: study.yaml, all settings
    environments: conda environment files
    data: prepared files and folders to hash
    output: record to write (.json)
    """
    study = yaml.safe_load(settings.read_text(encoding="utf-8"))
    with atomic_path(output) as temporary:
        record = provenance(study, environments, data)
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_program(main)
