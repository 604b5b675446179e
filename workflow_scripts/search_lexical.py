"""Search a collection with untranslated queries and BM25: the floor under every method."""

from pathlib import Path

from optical.corpora.lines import read_queries
from optical.evaluation.trec import without_query, write_run
from optical.retrieval.lexical import LexicalIndex
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.settings.search import Search


def main(
    *,
    passages: Path,
    queries: Path,
    language: str = "en",
    passage_language: str = "en",
    depth: int = Search.depth,
    output: Path,
    leave_out_query: bool = False,
) -> None:
    """
    passages: passages.parquet
    queries: queries, id<TAB>text a line
    language: language of the queries, whose words are cut as it does
    passage_language: that of the passages; mul where they are in several
    depth: results kept for a query
    output: TREC run to write (.run.gz)
    leave_out_query: whether the passage with the query's own id is no result
    """
    if depth < 1:
        raise InputError(f"--depth is {depth}, expected 1 or more")
    texts = read_queries(queries)
    index = LexicalIndex.of_collection(passages, passage_language)
    rankings = index.rank(texts, depth + leave_out_query, language)
    if leave_out_query:
        rankings = ((query, without_query(query, results, depth)) for query, results in rankings)
    written = write_run(output, rankings, tag="bm25")
    print(f"{written} of {len(texts)} queries share a word with a passage")


if __name__ == "__main__":
    run_program(main)
