"""Search passages by late interaction: MaxSim of the queries with the passages of an index."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from optical.corpora.lines import read_queries
from optical.files import run_program
from optical.token_index import open_index, search
from optical.token_vectors import TokenVectors
from optical.trec import write_run


def main(
    index: Path,
    passages: Path,
    query_vectors: Path,
    queries: Path,
    depth: int,
    output: Path,
    **settings: int,
) -> None:
    ids = pq.read_table(passages, columns=["passage_id"])["passage_id"].to_numpy()

    def rankings() -> Iterator[tuple[str, dict[str, float]]]:
        found = search(open_index(index, **settings), TokenVectors(query_vectors), depth=depth)
        for query, (rows, scores) in zip(read_queries(queries), found, strict=True):
            yield query, dict(zip(ids[rows], scores.tolist(), strict=True))

    write_run(output, rankings(), tag="late_interaction")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, argument_default=argparse.SUPPRESS)
    parser.add_argument("--index", type=Path, required=True, help="folder of the index")
    parser.add_argument("--passages", type=Path, required=True, help="passages.parquet")
    parser.add_argument("--query-vectors", type=Path, required=True, help="queries' token vectors")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument("--depth", type=int, required=True, help="results kept for a query")
    approximate = parser.add_argument_group("approximate", "how an approximate index is searched")
    approximate.add_argument("--probes", type=int, help="centroids for each token of a query")
    approximate.add_argument("--candidates", type=int, help="passages scored for each query")
    parser.add_argument("--output", type=Path, required=True, help="TREC run to write (.run.gz)")
    run_program(lambda: main(**vars(parser.parse_args())))
