"""Test collections that are the test part of a set of judged pairs, with queries in one language.

Nobody asks the same in the pivot, so the teacher has no value of its own there. Passages are the
documents that any query of the part is judged for. CLIRMatrix publishes scores of models that rank
the 100 documents of a query; here all of a language are searched, some 100,000.

Held in memory are the ids of the part, not its texts.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from optical.corpora import clirmatrix, wikiclir
from optical.corpora.judged import Judged
from optical.corpora.records import Passage, Query

SETS: dict[str, Callable[[Path, str, str], Judged]] = {
    "clirmatrix": clirmatrix.judged,
    "wikiclir": wikiclir.judged,
}


def passages(folder: Path, *, source: str, asked: str, part: str) -> Iterator[Passage]:
    """The judged documents, those without text left out.

    asked: the language of the queries. Raises InputError, with the line, as all functions here do.
    """
    judged = SETS[source](folder, asked, part)
    named = {document for _, _, document, _ in judged.judgements.rows()}
    for _, name, text in judged.documents.rows():
        if name in named and text.strip():
            yield Passage(name, name, text)


def queries(folder: Path, language: str, *, source: str, asked: str, part: str) -> Iterator[Query]:
    """The queries with a relevant document."""
    relevant = {query for query, _ in judgements(folder, source=source, asked=asked, part=part)}
    for _, name, text in SETS[source](folder, asked, part).queries.rows():
        if name in relevant:
            yield Query(name, text)


def judgements(folder: Path, *, source: str, asked: str, part: str) -> Iterator[tuple[str, str]]:
    """Each query with its relevant documents."""
    for query, document, grade in graded(folder, source=source, asked=asked, part=part):
        if grade > 0:
            yield query, document


def graded(folder: Path, *, source: str, asked: str, part: str) -> Iterator[tuple[str, str, int]]:
    """(query id, document id, grade) of all queries and documents that have a text.

    CLIRMatrix grades up to 6, and 0 is not relevant; WikiCLIR gives 3 and 2.
    """
    judged = SETS[source](folder, asked, part)
    there = {one.passage_id for one in passages(folder, source=source, asked=asked, part=part)}
    known = {name for _, name, text in judged.queries.rows() if text.strip()}
    for _, query, document, grade in judged.judgements.rows():
        if query in known and document in there:
            yield query, document, grade


def remarks(
    folder: Path, language: str | None = None, *, source: str, asked: str, part: str
) -> Iterator[str]:
    """How many judgements are of what is not there, and how many documents have which grade."""
    if language is not None:
        return
    rows = SETS[source](folder, asked, part).judgements.rows()
    grades: dict[int, int] = {}
    for _, _, grade in graded(folder, source=source, asked=asked, part=part):
        grades[grade] = grades.get(grade, 0) + 1
    missing = sum(1 for _ in rows) - sum(grades.values())
    numbers = ", ".join(f"{grade}: {grades[grade]}" for grade in sorted(grades, reverse=True))
    yield f"judgements by grade, {numbers}; left out: {missing} of a document or query without text"
