"""Pair training queries, translated or not, with their relevant passages, for fine-tuning."""

import argparse
from pathlib import Path

from optical.corpora.training_files import write_pairs
from optical.runtime.files import run_program


def main(queries: Path, training_set: Path, output: Path) -> None:
    number = write_pairs(output, queries, training_set)
    print(f"{number} queries with a relevant passage")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--queries", type=Path, required=True, help="queries in any language, id<TAB>text a line"
    )
    parser.add_argument("--training-set", type=Path, required=True, help="folder of the set")
    parser.add_argument(
        "--output", type=Path, required=True, help="pairs to write (.parquet: id, source, target)"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
