"""Embed the queries of a collection with a teacher or a student."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus


def main(encoder: Path, queries: Path, output: Path) -> None:
    take_gpus(1)

    from optical.corpora.lines import read_queries
    from optical.models.embedding import embed_texts

    texts = read_queries(queries).values()
    embed_texts(encoder, texts, output, task="query", origin=queries, total=len(texts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the query encoder")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
