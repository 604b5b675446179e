"""Write the teacher's training set: queries, relevant passages and hard negatives."""

import argparse
import sys
from pathlib import Path

from optical.corpora.leakage import without_tests
from optical.corpora.registry import source_folder, training_set
from optical.corpora.rows import write_rows
from optical.corpora.training_files import write_training_set
from optical.runtime.files import run_program


def main(
    source: tuple[str, Path],
    queries: int | None,
    tests: list[Path],
    pivot: str,
    output: Path,
    counts: Path,
) -> None:
    data = training_set(*source)
    if tests:
        data = without_tests(data, tests, pivot)
    found = write_training_set(output, data, queries)
    found |= {f"left out: {what}": number for what, number in data.left_out.items()}
    lines = [("what", "number"), *((what, str(number)) for what, number in found.items())]
    write_rows(counts, lines, separator=",")
    for what, number in found.items():
        print(f"{number} {what}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--source",
        type=source_folder,
        required=True,
        metavar="NAME=FOLDER",
        help="training source (msmarco, constructed) and its folder",
    )
    parser.add_argument("--queries", type=int, help="queries to take at most (all)")
    parser.add_argument(
        "--tests",
        type=Path,
        nargs="*",
        default=[],
        help="folders of test collections, whose queries and answers must not be trained on",
    )
    parser.add_argument("--pivot", default="en", help="language of the training set (en)")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--counts", type=Path, required=True, help="how many there are and were left out (.csv)"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
