"""Pair training queries, translated or not, with their relevant passages, for fine-tuning."""

from pathlib import Path

from optical.corpora.training_files import write_pairs
from optical.runtime.program import run_program


def main(
    *,
    queries: Path,
    training_set: Path,
    origin: str = "as they are",
    output: Path,
) -> None:
    """
    queries: queries in any language, id<TAB>text a line
    training_set: folder of the set
    origin: who translated the queries, for the log
    output: pairs to write (.parquet: id, source, target)
    """
    number = write_pairs(output, queries, training_set)
    print(f"{number} queries with a relevant passage; queries {origin}")


if __name__ == "__main__":
    run_program(main)
