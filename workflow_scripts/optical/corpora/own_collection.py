"""Test collections of a user's own, in one of two usual layouts.

beir     corpus.jsonl (_id, title, text), queries.{lang}.jsonl (_id, text), qrels.tsv with a heading
         (query-id, corpus-id, score)
msmarco  collection.tsv (id, text), queries.{lang}.tsv (id, text), qrels.tsv (query, 0, passage,
         grade)

A judgement of 1 and more is relevant.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from optical.corpora.layouts import query_file
from optical.corpora.lines import numbered_lines, numbered_rows, whole_number
from optical.corpora.records import Passage, Query
from optical.runtime.errors import InputError


def passages(folder: Path, *, layout: str) -> Iterator[Passage]:
    """The passages; a title stands before its text."""
    folder = Path(folder)
    if layout == "beir":
        for name, title, text in records(folder / "corpus.jsonl", "_id", "title", "text"):
            yield Passage(name, name, f"{title} {text}".strip())
    else:
        for _, (name, text) in numbered_rows(folder / "collection.tsv", 2):
            yield Passage(name, name, text)


def queries(folder: Path, language: str, *, layout: str) -> Iterator[Query]:
    """The judged queries in a language; a file may have others."""
    folder = Path(folder)
    path = folder / query_file(folder, language, layout)
    asked = {query for query, _ in judgements(folder, layout=layout)}
    if layout == "beir":
        rows: Iterable[Sequence[str]] = records(path, "_id", "text")
    else:
        rows = (row for _, row in numbered_rows(path, 2))
    for name, text in rows:
        if name in asked:
            yield Query(name, text)


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


def records(path: Path, *keys: str) -> Iterator[tuple[str, ...]]:
    """Yield the values of these keys of each line, a JSON object; only a title may be missing."""
    for number, line in numbered_lines(path):
        try:
            record = json.loads(line)
            values = (record.get(key, "") if key == "title" else record[key] for key in keys)
            yield tuple(map(str, values))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path}:{number}: expected a JSON object with {', '.join(keys)}: {error!r}"
            ) from error
