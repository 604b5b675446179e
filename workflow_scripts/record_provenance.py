"""Write down what the results of a study came from: code, libraries, machine, settings, data."""

import argparse
import json
from pathlib import Path

import yaml

from optical.runtime.files import atomic_path, run_program
from optical.runtime.provenance import provenance


def main(settings: Path, environments: list[Path], data: list[Path], output: Path) -> None:
    study = yaml.safe_load(settings.read_text(encoding="utf-8"))
    with atomic_path(output) as temporary:
        record = provenance(study, environments, data)
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True, help="study.yaml, all settings")
    parser.add_argument(
        "--environments", type=Path, nargs="+", required=True, help="conda environment files"
    )
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="prepared files and folders to hash"
    )
    parser.add_argument("--output", type=Path, required=True, help="record to write (.json)")
    run_program(lambda: main(**vars(parser.parse_args())))
