"""Embed the queries of collections with a teacher or a student."""

from pathlib import Path

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program


def main(*, encoder: Path, queries: dict[str, Path], output: Path) -> None:
    """
    encoder: folder of the query encoder
    queries: NAME=FILE of each collection's queries, id<TAB>text a line
    output: folder to write, in it a folder NAME of each collection
    """
    take_gpus(1)

    from optical.corpora.lines import read_queries
    from optical.models.shared_base import load_embedder
    from optical.models.vector_stores import embed_texts

    model = load_embedder(encoder)
    for name, file in queries.items():
        texts = read_queries(file).values()
        embed_texts(
            encoder,
            texts,
            output / name,
            task="query",
            origin=file,
            total=len(texts),
            model=model,
        )


if __name__ == "__main__":
    run_program(main)
