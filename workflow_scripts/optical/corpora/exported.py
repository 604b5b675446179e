"""What `export_ir_dataset` writes: texts as JSON lines (_id, text), judgements with a heading."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optical.corpora.judged import Judgements, Texts
from optical.corpora.lines import numbered_lines
from optical.corpora.qrels import read_judgements
from optical.runtime.errors import InputError


def exported_texts(path: Path) -> Texts:
    """The texts of a file of JSON lines. Reading raises InputError, with the line."""
    return Texts(path, partial(json_rows, path))


def exported_judgements(path: Path, *, inverted: bool = False) -> Judgements:
    """The judgements of a file. inverted: what it calls a document is the query.

    Reading raises InputError, with the line.
    """
    return Judgements(path, partial(judgement_rows, path, inverted))


def json_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, text)."""
    for number, line in numbered_lines(path):
        try:
            record = json.loads(line)
            name, text = record["_id"], record["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}:{number}: expected a JSON object with _id and text: {error!r}"
            ) from error
        if not (isinstance(name, str) and isinstance(text, str)):
            raise InputError(f"{path}:{number}: _id {name!r}, text {text!r:.40}; expected texts")
        yield number, name, text


def judgement_rows(path: Path, inverted: bool) -> Iterator[tuple[int, str, str, int]]:
    """Yield (line, query id, document id, grade)."""
    for number, (query, document, grade) in read_judgements(path, 3):
        yield (number, document, query, grade) if inverted else (number, query, document, grade)
