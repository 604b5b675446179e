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
from optical.corpora.records import Judgement, Passage, Query

SETS: dict[str, Callable[[Path, str, str], Judged]] = {
    "clirmatrix": clirmatrix.judged,
    "wikiclir": wikiclir.judged,
}


def passages(folder: Path, *, source: str, asked: str, part: str) -> Iterator[Passage]:
    """The judged documents, those without text among them.

    asked: the language of the queries. Raises InputError, with the line, as all functions here do.
    """
    judged = SETS[source](folder, asked, part)
    named = {document for _, _, document, _ in judged.judgements.rows()}
    for _, name, text in judged.documents.rows():
        if name in named:
            yield Passage(name, name, text)


def queries(folder: Path, language: str, *, source: str, asked: str, part: str) -> Iterator[Query]:
    """The queries, judged or not."""
    for _, name, text in SETS[source](folder, asked, part).queries.rows():
        yield Query(name, text)


def judgements(folder: Path, *, source: str, asked: str, part: str) -> Iterator[Judgement]:
    """All judgements: CLIRMatrix has grades from 0, not relevant, to 6, WikiCLIR 3 and 2."""
    for _, query, document, grade in SETS[source](folder, asked, part).judgements.rows():
        yield Judgement(query, document, grade)
