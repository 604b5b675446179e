"""The files of a test collection, as later steps read them, checked against each other."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from optical.corpora import Passage, Query
from optical.corpora.lines import numbered_lines
from optical.corpora.rows import some, write_parquet, write_rows

PASSAGE_COLUMNS = ["passage_id", "document_id", "text"]


def write_collection(
    passages_path: Path,
    qrels_path: Path,
    passages: Iterable[Passage],
    judgements: Iterable[tuple[str, str]],
) -> tuple[int, int]:
    """Write the passages (parquet) and the judgements (TREC); returns the number of each.

    Raises:
        ValueError: for a passage without text, an id given twice or with white space, a judgement
            of no known passage or given twice.
    """
    known: set[str] = set()

    def checked_passages() -> Iterator[Passage]:
        for passage in passages:
            check_id(passage.passage_id, known)
            if not passage.text.strip():
                raise ValueError(f"passage {passage.passage_id} has no text")
            yield passage

    def checked_judgements() -> Iterator[tuple[str, ...]]:
        seen = set()
        for query, passage in judgements:
            if passage not in known:
                raise ValueError(f"query {query} is judged for {passage}, which is no passage")
            check_id(f"{query}/{passage}", seen)
            yield query, "0", passage, "1"

    number = write_parquet(passages_path, PASSAGE_COLUMNS, checked_passages())
    return number, write_rows(qrels_path, checked_judgements(), separator=" ")


def write_queries(path: Path, queries: Iterable[Query], qrels_path: Path) -> tuple[int, list[str]]:
    """Write (id, text) of the queries; returns their number and the ids that have an empty text.

    A query may be empty in one language because nobody translated it; it is left out and
    reported. Any other difference from the judgements is a fault.

    Raises:
        ValueError: for an id given twice, a query without a judgement, a judged query that is
            not there.
    """
    judged = {line.split()[0] for _, line in numbered_lines(qrels_path)}
    known: set[str] = set()
    empty: list[str] = []

    def checked_queries() -> Iterator[Query]:
        for query in queries:
            check_id(query.id, known)
            if query.text.strip():
                yield query
            else:
                empty.append(query.id)
        if unjudged := known - judged:
            raise ValueError(f"queries without a judgement in {qrels_path}: {some(unjudged)}")
        if missing := judged - known:
            raise ValueError(f"judged in {qrels_path} but not among the queries: {some(missing)}")

    return write_rows(path, checked_queries()), empty


def check_id(name: str, known: set[str]) -> None:
    """Add an id to the known ones.

    Raises:
        ValueError: if it is known already, or cannot stand in a TREC file.
    """
    if len(name.split()) != 1 or any(map(str.isspace, name)):
        raise ValueError(f"id {name!r} is empty or has white space")
    if name in known:
        raise ValueError(f"id {name} is given twice")
    known.add(name)
