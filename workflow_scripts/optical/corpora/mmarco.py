"""mMARCO: the queries of MS MARCO in 14 languages, against its 8,841,823 English passages.

The layout is that of the hub: `collection.tsv` (id, text), `{language}.dev.tsv` (query id, text),
`qrels.dev.tsv` (query, 0, passage, grade).
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import numbered_rows, whole_number
from optical.corpora.records import Passage, Query


def passages(folder: Path) -> Iterator[Passage]:
    """The English passages."""
    for _, (name, text) in numbered_rows(Path(folder) / "collection.tsv", 2):
        yield Passage(name, name, text)


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The 6,980 queries of the small development set in a language."""
    asked = {query for query, _ in judgements(folder)}
    for _, (name, text) in numbered_rows(Path(folder) / f"{language}.dev.tsv", 2):
        if name in asked:
            yield Query(name, text)


def judgements(folder: Path) -> Iterator[tuple[str, str]]:
    """Each query with the passages that answer it."""
    path = Path(folder) / "qrels.dev.tsv"
    for number, (query, _, passage, grade) in numbered_rows(path, 4):
        if whole_number(grade, path, number) > 0:
            yield query, passage
