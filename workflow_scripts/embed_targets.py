"""Embed the pivot side of sentence pairs with the teacher: what students are trained towards."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus


def main(teacher: Path, bitext: Path, length: int | None, task: str, output: Path) -> None:
    take_gpus(1)

    from optical.models.embedding import embed_column

    embed_column(teacher, bitext, "target", output, task=task, length=length)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the teacher")
    parser.add_argument("--bitext", type=Path, required=True, help="bitext (.parquet)")
    parser.add_argument("--length", type=int, help="tokens of a sentence (the teacher's own)")
    # A distilled student stands in for the teacher's query side, so the teacher reads queries too.
    parser.add_argument(
        "--as",
        dest="task",
        choices=["query", "document"],
        default="query",
        help="what the pivot side is to the teacher (query)",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
