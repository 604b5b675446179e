"""Embed the pivot side of sentence pairs with the teacher: what students are trained towards."""

from pathlib import Path
from typing import Literal

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program


def main(
    *,
    teacher: Path,
    bitext: Path,
    length: int | None = None,
    task: Literal["query", "document"] = "query",
    output: Path,
) -> None:
    """
    teacher: folder of the teacher
    bitext: bitext (.parquet)
    length: tokens of a sentence (the teacher's own)
    task: what the pivot side is to the teacher
    output: folder to write
    """
    take_gpus(1)

    from optical.models.vector_stores import embed_column

    embed_column(teacher, bitext, "target", output, task=task, length=length)


if __name__ == "__main__":
    run_program(main)
