"""Test collections of a user's own, in one of two usual layouts.

beir     corpus.jsonl (_id, title, text), queries.{lang}.jsonl (_id, text), qrels.tsv with a heading
         (query-id, corpus-id, score)
msmarco  collection.tsv (id, text), queries.{lang}.tsv (id, text), qrels.tsv (query, 0, passage,
         grade)

An empty text may be null or NaN, as pandas writes it: it is left out and counted, because both mean
that there is none.
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.ids import as_id
from optical.corpora.json_lines import objects
from optical.corpora.layouts import query_file
from optical.corpora.lines import numbered_rows
from optical.corpora.qrels import blank_lines, judged_once
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.text import Place, as_text


def passages(folder: Path, *, layout: str) -> Iterator[Passage]:
    """The passages; a title stands before its text, and either may be null, which is empty."""
    path = Path(folder) / ("corpus.jsonl" if layout == "beir" else "collection.tsv")
    for place, name, title, text in records(path, layout):
        yield Passage(name, name, f"{title} {text}".strip(), place)


def queries(folder: Path, language: str, *, layout: str) -> Iterator[Query]:
    """The queries in a language, judged or not, and blank lines."""
    folder = Path(folder)
    for place, name, _, text in records(folder / query_file(folder, language, layout), layout):
        yield Query(name, text, place)


def judgements(folder: Path, *, layout: str) -> Iterator[Judgement]:
    """All judgements, with their grades."""
    yield from judged_once(Path(folder) / "qrels.tsv", 3 if layout == "beir" else 4)


def remarks(folder: Path, language: str | None = None, *, layout: str) -> Iterator[str]:
    """What was skipped of the judgements."""
    if language is None:
        yield from blank_lines(Path(folder) / "qrels.tsv")


def records(path: Path, layout: str) -> Iterator[tuple[Place, str, str, str]]:
    """Yield (place, id, title, text) of each line; of a blank line between others nothing but ''.

    Raises:
        InputError: names the line of what has another shape, and of a damaged id or text.
    """
    if layout == "beir":
        for place, record in objects(path, "_id", "text"):
            name = as_id(record["_id"], place) if record else ""
            title = as_text(record.get("title"), place, "title")
            yield place, name, title, as_text(record.get("text"), place)
    else:
        for number, (name, text) in numbered_rows(path, 2, blank=True):
            place = Place(path, number)
            yield place, as_id(name, place) if name or text else "", "", as_text(text, place)
