"""Mine hard negatives for the teacher with BM25, among the passages of its training set."""

import argparse
from pathlib import Path

from optical.corpora.rows import write_parquet
from optical.corpora.training_files import NEGATIVE_COLUMNS
from optical.runtime.files import run_program
from optical.training.mining import mined_negatives


def main(training_set: Path, number: int, output: Path) -> None:
    if number < 1:
        raise ValueError(f"--number is {number}, expected 1 or more")
    mined = write_parquet(output, NEGATIVE_COLUMNS, mined_negatives(training_set, number))
    print(f"{mined} hard negatives")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--training-set", type=Path, required=True, help="folder: queries, passages, judgements"
    )
    parser.add_argument("--number", type=int, default=16, help="negatives of a query at most (16)")
    parser.add_argument("--output", type=Path, required=True, help="parquet to write")
    run_program(lambda: main(**vars(parser.parse_args())))
