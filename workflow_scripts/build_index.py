"""Build the index over the token vectors of a collection's passages."""

from pathlib import Path

from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.index import Index


def main(*, vectors: Path, settings: Index, output: Path) -> None:
    """
    vectors: folder of token vectors
    output: folder to write
    """
    take_gpus(1)

    approximate = (
        {}
        if settings.kind == "exact"
        else {"codec": settings.codec, "centroids": settings.centroids}
    )
    build_index(TokenVectors(vectors), output, kind=settings.kind, **approximate)


if __name__ == "__main__":
    run_program(main)
