"""Search passages by late interaction: candidates from the index, scored by exact MaxSim."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from optical.corpora.lines import read_queries
from optical.files import run_program
from optical.token_index import read_index, search
from optical.token_vectors import TokenVectors
from optical.trec import write_run


def main(
    index: Path,
    vectors: Path,
    passages: Path,
    query_vectors: Path,
    queries: Path,
    neighbours: int,
    depth: int,
    output: Path,
) -> None:
    ids = pq.read_table(passages, columns=["passage_id"])["passage_id"].to_numpy()

    def rankings() -> Iterator[tuple[str, dict[str, float]]]:
        found = search(
            read_index(index),
            TokenVectors(vectors),
            TokenVectors(query_vectors),
            neighbours=neighbours,
            depth=depth,
        )
        for query, (rows, scores) in zip(read_queries(queries), found, strict=True):
            yield query, dict(zip(ids[rows], scores.tolist(), strict=True))

    write_run(output, rankings(), tag="late_interaction")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, required=True, help="index (.faiss)")
    parser.add_argument("--vectors", type=Path, required=True, help="passages' token vectors")
    parser.add_argument("--passages", type=Path, required=True, help="passages.parquet")
    parser.add_argument("--query-vectors", type=Path, required=True, help="queries' token vectors")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument(
        "--neighbours", type=int, required=True, help="passage tokens for each query token"
    )
    parser.add_argument("--depth", type=int, required=True, help="results kept for a query")
    parser.add_argument("--output", type=Path, required=True, help="TREC run to write (.run.gz)")
    run_program(lambda: main(**vars(parser.parse_args())))
