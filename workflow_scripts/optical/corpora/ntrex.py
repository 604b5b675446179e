"""NTREX as retrieval: find the parts of the English news article that a headline stands over.

The files hold 1,997 aligned sentences of 123 articles; the first sentence of an article is its
headline. Headlines are the queries and no part of any passage.

The same sentences are bitext for a study that does not test on them.
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from optical.corpora.lines import parallel_lines
from optical.corpora.records import Judgement, Pair, Passage, Query

PIVOT = "en"
WINDOW = 3
"""Sentences in a passage; the last one of an article may have fewer."""


def passages(folder: Path) -> Iterator[Passage]:
    """Windows of three English sentences, without overlap and without the headline."""
    for document, (_, *sentences) in articles(folder, PIVOT):
        for number, first in enumerate(range(0, len(sentences), WINDOW)):
            text = " ".join(sentences[first : first + WINDOW])
            yield Passage(f"{document}.{number}", document, text)


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The headline of each article in a language."""
    for document, (headline, *_) in articles(folder, language):
        yield Query(document, headline)


def judgements(folder: Path) -> Iterator[Judgement]:
    """Each headline with the windows of its article."""
    for passage in passages(folder):
        yield Judgement(passage.document_id, passage.passage_id)


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """The aligned sentences, for studies that test on other collections only."""
    source, target = Path(folder) / f"{language}.txt", Path(folder) / f"{PIVOT}.txt"
    for number, sentence, translation in parallel_lines(source, target):
        yield Pair(f"ntrex-{language}-{number}", sentence, translation)


def articles(folder: Path, language: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (document id, its sentences in a language)."""
    lines = parallel_lines(Path(folder) / "documents.tsv", Path(folder) / f"{language}.txt")
    for document, rows in groupby(lines, key=lambda row: row[1]):
        yield document, [sentence for _, _, sentence in rows]
