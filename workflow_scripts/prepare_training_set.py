"""Write the teacher's training set: queries, relevant passages and hard negatives."""

import argparse
import sys
from pathlib import Path

from optical.corpora import source_folder, training_set
from optical.corpora.training_files import write_training_set
from optical.files import run_program


def main(source: tuple[str, Path], queries: int | None, output: Path) -> None:
    data = training_set(*source)
    counts = write_training_set(output, data, queries)
    print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)
    for what, number in data.left_out.items():
        print(f"left out: {number} {what}", file=sys.stderr)


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
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
