"""Search passages by late interaction: MaxSim of the queries with the passages of an index."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from optical.corpora.collection_files import judged_texts
from optical.corpora.lines import read_queries
from optical.evaluation.trec import write_run
from optical.retrieval.exact_index import ExactIndex
from optical.retrieval.token_index import Index, open_index, search
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.files import run_program


def main(
    index: Path,
    vectors: Path,
    passages: Path,
    query_vectors: Path,
    queries: Path,
    depth: int,
    exact_queries: int,
    output: Path,
    exact: Path,
    **settings: int,
) -> None:
    ids, documents = judged_texts(passages)
    names, store = list(read_queries(queries)), TokenVectors(vectors)
    asked, opened = TokenVectors(query_vectors), open_index(index, store, **settings)
    if len(names) != len(asked):
        raise ValueError(f"{query_vectors} is of {len(asked)} queries, {queries} of {len(names)}")

    def rankings(by: Index, queries: Sequence[int]) -> Iterator[tuple[str, dict[str, float]]]:
        found = search(by, asked, depth=depth, rows=queries, documents=documents)
        for query, (rows, scores) in zip(queries, found, strict=True):
            yield names[query], dict(zip(ids[rows], scores.tolist(), strict=True))

    write_run(output, rankings(opened, range(len(names))), tag="late_interaction")
    approximate = not isinstance(opened, ExactIndex)
    some = evenly(len(names), exact_queries if approximate else 0)
    write_run(exact, rankings(ExactIndex(store), some), tag="exact")


def evenly(number: int, chosen: int) -> list[int]:
    """So many of the numbers below `number`, or all of them, at even distances."""
    chosen = min(number, chosen)
    return [place * number // chosen for place in range(chosen)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, argument_default=argparse.SUPPRESS)
    parser.add_argument("--index", type=Path, required=True, help="folder of the index")
    parser.add_argument("--vectors", type=Path, required=True, help="passages' token vectors")
    parser.add_argument("--passages", type=Path, required=True, help="passages.parquet")
    parser.add_argument("--query-vectors", type=Path, required=True, help="queries' token vectors")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument("--depth", type=int, required=True, help="results kept for a query")
    approximate = parser.add_argument_group("approximate", "how an approximate index is searched")
    approximate.add_argument("--probes", type=int, help="centroids for each token of a query")
    approximate.add_argument("--candidates", type=int, help="passages scored for each query")
    approximate.add_argument(
        "--exact-queries",
        type=int,
        default=0,
        help="how many are searched exactly too, to know what the index costs (0)",
    )
    parser.add_argument("--output", type=Path, required=True, help="TREC run to write (.run.gz)")
    parser.add_argument(
        "--exact", type=Path, required=True, help="TREC run to write of the exact search (.run.gz)"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
