"""The folder of a training set, as later steps read it."""

from collections.abc import Container, Iterator
from itertools import chain, islice, takewhile
from pathlib import Path

from optical.corpora.lines import numbered_rows, read_queries
from optical.corpora.records import Passage, TrainingSet
from optical.corpora.rows import some, write_parquet, write_rows
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

PAIR_COLUMNS = ["id", "source", "target"]
NEGATIVE_COLUMNS = ["query_id", "passage_id"]


def write_training_set(folder: Path, data: TrainingSet, limit: int | None = None) -> dict[str, int]:
    """Write the first `limit` queries and what belongs to them; returns how many of each.

    The folder gets collection.tsv, queries.tsv, qrels.tsv, negatives.parquet and scores.tsv. The
    collection holds the passages that the judgements and negatives of these queries name, no
    others; scores are kept of these queries with these passages.

    Raises:
        InputError: for a query without a judgement, for named passages that are not there, and for
            ids with white space that would not stay as it is.
    """
    queries = {query.id: query.text for query in islice(data.queries(), limit)}
    if not queries:
        raise InputError("the training set has no queries")
    judged: set[str] = set()
    wanted: set[str] = set()

    def judgements() -> Iterator[tuple[str, ...]]:
        for query, passage in of_first_queries(data.judgements(), queries):
            judged.add(query)
            wanted.add(passage)
            yield query, "0", passage, "1"

    def negatives() -> Iterator[tuple[str, str]]:
        for query, passage in of_first_queries(data.negatives(), queries):
            wanted.add(passage)
            yield query, passage

    counts = {}
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        counts["queries"] = write_rows(temporary / "queries.tsv", queries.items())
        counts["judgements"] = write_rows(temporary / "qrels.tsv", judgements())
        counts["negatives"] = write_parquet(
            temporary / "negatives.parquet", NEGATIVE_COLUMNS, negatives()
        )
        if unjudged := queries.keys() - judged:
            raise InputError(f"training queries without a judgement: {some(unjudged)}")
        # Rows are written with single spaces, and an id must stay what it is.
        if odd := [name for name in chain(queries, wanted) if name != " ".join(name.split())]:
            raise InputError(f"ids with white space: {some(map(repr, odd))}; expected none")
        counts["passages"] = write_rows(
            temporary / "collection.tsv", passages_named(data.passages(), wanted)
        )
        counts["scores"] = write_rows(
            temporary / "scores.tsv",
            (row for row in data.scores() if row[0] in queries and row[1] in wanted),
        )
    return counts


def write_pairs(path: Path, queries: Path, folder: Path) -> int:
    """Write (id, source, target): each query of a file with the text of each relevant passage.

    queries: id<TAB>text a line, of the training set's queries, perhaps in another language. folder:
    as `write_training_set` writes it. Returns the number of pairs; a query without text has none,
    and is counted in the log.

    Raises:
        InputError: for a query of the training set that is not in the file.
    """
    texts = read_queries(queries, empty=True)
    judged = [(row[0], row[2]) for _, row in numbered_rows(folder / "qrels.tsv", 4)]
    if missing := {query for query, _ in judged} - texts.keys():
        raise InputError(f"{queries}: not there, but judged in {folder}: {some(missing)}")
    if silent := {query for query, _ in judged if not texts[query]}:
        print(f"left out, without text in {queries}: {some(silent)}")
        judged = [(query, passage) for query, passage in judged if query not in silent]
    wanted = {passage for _, passage in judged}
    passages = {
        passage: text
        for _, (passage, text) in numbered_rows(folder / "collection.tsv", 2)
        if passage in wanted
    }
    rows = ((query, texts[query], passages[passage]) for query, passage in judged)
    return write_parquet(path, PAIR_COLUMNS, rows)


def of_first_queries(
    pairs: Iterator[tuple[str, str]], queries: Container[str]
) -> Iterator[tuple[str, str]]:
    """Pairs up to the first of another query; they are grouped in the order of the queries."""
    return takewhile(lambda pair: pair[0] in queries, pairs)


def passages_named(passages: Iterator[Passage], names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (id, text) of the named passages, reading no further than the last of them.

    Raises:
        InputError: for names that are no passage's.
    """
    missing = set(names)
    while missing:
        passage = next(passages, None)
        if passage is None:
            raise InputError(f"training passages that are named but not there: {some(missing)}")
        if passage.passage_id in missing:
            missing.remove(passage.passage_id)
            yield passage.passage_id, passage.text
