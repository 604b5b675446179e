"""Embed the passages of a collection with the teacher."""

from pathlib import Path

from optical.runtime.processes import spread
from optical.runtime.program import run_program


def main(
    *,
    teacher: Path,
    passages: Path,
    processes: int = 1,
    output: Path,
) -> None:
    """
    teacher: folder of the teacher
    passages: passages.parquet
    processes: GPUs that share the passages
    output: folder to write
    """
    spread(processes)

    from optical.models.vector_stores import embed_column

    embed_column(teacher, passages, "text", output, task="document")


if __name__ == "__main__":
    run_program(main)
