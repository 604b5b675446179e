"""Test collections of a user's own, in one of two usual layouts.

beir     corpus.jsonl (_id, title, text), queries.{lang}.jsonl (_id, text), qrels.tsv with a heading
         (query-id, corpus-id, score)
msmarco  collection.tsv (id, text), queries.{lang}.tsv (id, text), qrels.tsv (query, 0, passage,
         grade)
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from optical.corpora.lines import numbered_lines, numbered_rows
from optical.corpora.qrels import blank_lines, judged_once
from optical.corpora.records import Judgement, Passage, Query
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
    """The queries in a language, judged or not."""
    folder = Path(folder)
    if layout == "beir":
        rows: Iterable[Sequence[str]] = records(folder / f"queries.{language}.jsonl", "_id", "text")
    else:
        rows = (row for _, row in numbered_rows(folder / f"queries.{language}.tsv", 2))
    for name, text in rows:
        yield Query(name, text)


def judgements(folder: Path, *, layout: str) -> Iterator[Judgement]:
    """All judgements, with their grades."""
    yield from judged_once(Path(folder) / "qrels.tsv", 3 if layout == "beir" else 4)


def remarks(folder: Path, language: str | None = None, *, layout: str) -> Iterator[str]:
    """What was skipped of the judgements."""
    if language is None:
        yield from blank_lines(Path(folder) / "qrels.tsv")


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
