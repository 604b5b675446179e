"""Embed the queries of a collection with a teacher or a student."""

from pathlib import Path

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program


def main(
    *,
    encoder: Path,
    queries: Path,
    output: Path,
) -> None:
    """
    encoder: folder of the query encoder
    queries: queries, id<TAB>text a line
    output: folder to write
    """
    take_gpus(1)

    from optical.corpora.lines import read_queries
    from optical.models.embedding import embed_texts

    texts = read_queries(queries).values()
    embed_texts(encoder, texts, output, task="query", origin=queries, total=len(texts))


if __name__ == "__main__":
    run_program(main)
