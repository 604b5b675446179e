"""Search passages by late interaction: MaxSim of the queries with the passages of an index."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from optical.corpora.collection_files import judged_texts
from optical.corpora.lines import read_queries
from optical.evaluation.trec import without_query, write_run
from optical.retrieval.exact_index import ExactIndex
from optical.retrieval.token_index import Index, open_index, search
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.program import run_program
from optical.settings.search import Search


def main(
    *,
    index: Path,
    vectors: Path,
    passages: Path,
    query_vectors: Path,
    queries: Path,
    settings: Search,
    output: Path,
    exact: Path,
    leave_out_query: bool = False,
) -> None:
    """
    index: folder of the index
    vectors: passages' token vectors
    passages: passages.parquet
    query_vectors: queries' token vectors
    queries: queries, id<TAB>text a line
    output: TREC run to write (.run.gz)
    exact: TREC run to write of the exact search (.run.gz)
    leave_out_query: whether the passage with the query's own id is no result
    """
    ids, documents = judged_texts(passages)
    names, store = list(read_queries(queries)), TokenVectors(vectors)
    store.check_number(len(documents), passages)
    opened = open_index(index, store, probes=settings.probes, candidates=settings.candidates)
    asked = TokenVectors(query_vectors)
    asked.check_number(len(names), queries)

    def rankings(by: Index, queries: Sequence[int]) -> Iterator[tuple[str, dict[str, float]]]:
        depth = settings.depth + leave_out_query
        found = search(by, asked, depth=depth, rows=queries, documents=documents)
        for query, (rows, scores) in zip(queries, found, strict=True):
            results = dict(zip(ids[rows], scores.tolist(), strict=True))
            if leave_out_query:
                results = without_query(names[query], results, settings.depth)
            yield names[query], results

    write_run(output, rankings(opened, range(len(names))), tag="maxsim")
    approximate = not isinstance(opened, ExactIndex)
    some = evenly(len(names), settings.exact_queries if approximate else 0)
    write_run(exact, rankings(ExactIndex(store), some), tag="exact")


def evenly(number: int, chosen: int) -> list[int]:
    """So many of the numbers below `number`, or all of them, at even distances."""
    chosen = min(number, chosen)
    return [place * number // chosen for place in range(chosen)]


if __name__ == "__main__":
    run_program(main)
