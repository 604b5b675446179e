"""mMARCO: the queries of MS MARCO in 14 languages, against its 8,841,823 English passages.

The layout is that of the hub: `collection.tsv` (id, text), `{language}.dev.tsv` (query id, text),
`qrels.dev.tsv` (query, 0, passage, grade).
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import numbered_rows, whole_number
from optical.corpora.records import Passage, Query
from optical.corpora.text import Place, as_text


def passages(folder: Path) -> Iterator[Passage]:
    """The English passages."""
    path = Path(folder) / "collection.tsv"
    for number, (name, text) in numbered_rows(path, 2):
        place = Place(path, number)
        yield Passage(name, name, as_text(text, place), place)


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The 6,980 queries of the small development set in a language."""
    asked = {query for query, _ in judgements(folder)}
    path = Path(folder) / f"{language}.dev.tsv"
    for number, (name, text) in numbered_rows(path, 2):
        if name in asked:
            place = Place(path, number)
            yield Query(name, as_text(text, place), place)


def judgements(folder: Path) -> Iterator[tuple[str, str]]:
    """Each query with the passages that answer it."""
    path = Path(folder) / "qrels.dev.tsv"
    for number, (query, _, passage, grade) in numbered_rows(path, 4):
        if whole_number(grade, path, number) > 0:
            yield query, passage
