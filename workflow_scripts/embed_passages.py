"""Embed the passages of a collection with the teacher."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.processes import spread


def main(teacher: Path, passages: Path, processes: int, output: Path) -> None:
    spread(processes)

    from optical.models.embedding import embed_column

    embed_column(teacher, passages, "text", output, task="document")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the teacher")
    parser.add_argument("--passages", type=Path, required=True, help="passages.parquet")
    parser.add_argument("--processes", type=int, default=1, help="GPUs that share the passages")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
