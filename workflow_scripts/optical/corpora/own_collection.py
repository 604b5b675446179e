"""Test collections of a user's own, in one of two usual layouts.

beir     corpus.jsonl (_id, title, text), queries.{lang}.jsonl (_id, text), qrels.tsv with a heading
         (query-id, corpus-id, score)
msmarco  collection.tsv (id, text), queries.{lang}.tsv (id, text), qrels.tsv (query, 0, passage,
         grade)

A judgement of 1 and more is relevant. An empty text may be null or NaN, as pandas writes it: it is
left out and counted, because both mean that there is none.
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.ids import as_id
from optical.corpora.json_lines import objects
from optical.corpora.layouts import query_file
from optical.corpora.lines import numbered_lines, numbered_rows, whole_number
from optical.corpora.records import Passage, Query
from optical.corpora.text import Place, as_text
from optical.runtime.errors import InputError


def passages(folder: Path, *, layout: str) -> Iterator[Passage]:
    """The passages; a title stands before its text, and either may be null, which is empty."""
    path = Path(folder) / ("corpus.jsonl" if layout == "beir" else "collection.tsv")
    for place, name, title, text in records(path, layout):
        yield Passage(name, name, f"{title} {text}".strip(), place)


def queries(folder: Path, language: str, *, layout: str) -> Iterator[Query]:
    """The judged queries in a language, and blank lines; a file may have others."""
    folder = Path(folder)
    asked = {query for query, _ in judgements(folder, layout=layout)}
    for place, name, _, text in records(folder / query_file(folder, language, layout), layout):
        if name in asked or not name:
            yield Query(name, text, place)


def judgements(folder: Path, *, layout: str) -> Iterator[tuple[str, str]]:
    """Each query with its relevant passages."""
    path = Path(folder) / "qrels.tsv"
    for number, line in numbered_lines(path):
        fields = line.split()
        if layout == "beir" and number == 1 and fields[-1:] == ["score"]:
            continue
        names = 3 if layout == "beir" else 4
        if len(fields) != names:
            raise InputError(f"{path}:{number}: {len(fields)} columns, expected {names}")
        if whole_number(fields[-1], path, number) > 0:
            yield fields[0], fields[-2]


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
