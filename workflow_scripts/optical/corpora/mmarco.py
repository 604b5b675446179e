"""mMARCO: the queries of MS MARCO in 14 languages, against its 8,841,823 English passages.

The layout is that of the hub: `collection.tsv` (id, text), `{language}.dev.tsv` (query id, text),
`qrels.dev.tsv` (query, 0, passage, grade).
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import numbered_rows
from optical.corpora.qrels import blank_lines, judged_once
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.text import Place, as_text


def passages(folder: Path) -> Iterator[Passage]:
    """The English passages."""
    path = Path(folder) / "collection.tsv"
    for number, (name, text) in numbered_rows(path, 2):
        place = Place(path, number)
        yield Passage(name, name, as_text(text, place), place)


def queries(folder: Path, language: str) -> Iterator[Query]:
    """All queries of the development set in a language; 6,980 of them are judged."""
    path = Path(folder) / f"{language}.dev.tsv"
    for number, (name, text) in numbered_rows(path, 2):
        place = Place(path, number)
        yield Query(name, as_text(text, place), place)


def judgements(folder: Path) -> Iterator[Judgement]:
    """Each query with the passages that answer it."""
    yield from judged_once(Path(folder) / "qrels.dev.tsv", 4)


def remarks(folder: Path, language: str | None = None) -> Iterator[str]:
    """What was skipped of the judgements."""
    if language is None:
        yield from blank_lines(Path(folder) / "qrels.dev.tsv")
