"""Mine hard negatives for the teacher with BM25, among the passages of its training set."""

from pathlib import Path

from optical.corpora.rows import write_parquet
from optical.corpora.training_files import NEGATIVE_COLUMNS
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.training.mining import mined_negatives


def main(
    *,
    training_set: Path,
    pivot: str = "en",
    number: int = 16,
    output: Path,
) -> None:
    """
    training_set: folder: queries, passages, judgements
    pivot: language of the texts
    number: negatives of a query at most
    output: parquet to write
    """
    if number < 1:
        raise InputError(f"--number is {number}, expected 1 or more")
    mined = write_parquet(output, NEGATIVE_COLUMNS, mined_negatives(training_set, number, pivot))
    print(f"{mined} hard negatives")


if __name__ == "__main__":
    run_program(main)
