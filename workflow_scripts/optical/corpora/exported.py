"""Texts as `export_ir_dataset` writes them: JSON lines of _id and text."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optical.corpora.ids import as_id
from optical.corpora.json_lines import objects
from optical.corpora.judged import Texts
from optical.corpora.text import as_text


def exported_texts(path: Path) -> Texts:
    """The texts of a file of JSON lines. Reading raises InputError, with the line."""
    return Texts(path, partial(json_rows, path))


def json_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, text)."""
    for place, record in objects(path, "_id", "text"):
        if record:
            yield place.line, as_id(record["_id"], place), as_text(record["text"], place)
