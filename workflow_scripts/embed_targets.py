"""Embed the pivot side of a bitext with the teacher: what students are distilled towards."""

import argparse
from pathlib import Path

from optical.files import run_program


def main(teacher: Path, bitext: Path, length: int, output: Path) -> None:
    from optical.embedding import embed_column

    # The student stands in for the teacher's query side, so the teacher reads queries here too.
    embed_column(teacher, bitext, "target", output, task="query", length=length)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the teacher")
    parser.add_argument("--bitext", type=Path, required=True, help="bitext (.parquet)")
    parser.add_argument("--length", type=int, required=True, help="tokens of a sentence")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
