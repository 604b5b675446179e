"""Scores of a cross-encoder for training queries with passages, in their published shapes.

    JSON lines   [query id, [passage id, score], [passage id, score], ...], perhaps gzipped: the
                 MonoT5 lists of PLAID-X (hub data set hltcoe/tdist-msmarco-scores)
    parquet      columns query_id, document_ids, scores, the last two lists, or such lists as text:
                 the sets of PyLate (hub data set lightonai/ms-marco-en-bge)
    parquet      columns query_id, passage_id, score: the triples of sentence-transformers (hub data
                 set sentence-transformers/msmarco, bert-ensemble-mse)
    text         query id, tab, passage id, tab, score, perhaps gzipped

The shape is told by the content. A folder is read as its files, in the order of their names. Rows
stream: a file of 800,000 queries with 50 passages each needs no memory of its own. Pickles are not
read, because loading one can run any program.
"""

import ast
import gzip
import json
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from optical.corpora.hub_parquet import intact_parquet
from optical.corpora.ids import as_id
from optical.corpora.lines import intact, lines_of, without_last_blank
from optical.runtime.errors import InputError

SHAPES = (
    "expected a line [query id, [passage id, score], ...] of JSON, tab-separated query id, passage "
    "id and score, or parquet"
)
LISTS = ("query_id", "document_ids", "scores")
TRIPLES = ("query_id", "passage_id", "score")

ROWS = 1000
"""Rows of parquet held in memory: of lists, that is many times as many passages."""


class Scored(NamedTuple):
    """Passages of one query with their scores; a query may come again, with others.

    place: where it stands, as file:line or file: row number.
    """

    place: str
    query: str
    passages: list[tuple[str, float]]


def scored_queries(path: Path) -> Iterator[Scored]:
    """All that a file of scores, or a folder of them, holds.

    Raises:
        InputError: names file and line, or row, of what has another shape, of a score that is no
            finite number, and a file or folder without any.
    """
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: no file in it; expected some of scores")
    for file in files:
        rows = of_file(file)
        first = next(rows, None)
        if first is None:
            raise InputError(f"{file}: no score in it; {SHAPES}")
        yield from chain([first], rows)


def of_file(path: Path) -> Iterator[Scored]:
    """The same of one file."""
    with open(path, "rb") as raw:
        begin = raw.read(4)
        raw.seek(0)
        if begin == b"PAR1":
            yield from of_parquet(path)
            return
        with intact(path):
            file = gzip.GzipFile(fileobj=raw) if begin[:2] == b"\x1f\x8b" else raw
            begin = file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            file.seek(0)
        if begin == b"\x80":  # what every pickle since Python 2.3 begins with
            raise InputError(f"{path}: a pickle, which can run programs and is not read; {SHAPES}")
        read = of_json if begin == b"[" else of_text
        lines = lines_of(TextIOWrapper(file, encoding="utf-8", newline="\n"), path)
        for number, line in without_last_blank(lines):
            if line:
                yield read(f"{path}:{number}", line)


def of_json(place: str, line: str) -> Scored:
    """A list [query id, [passage id, score], ...]."""
    try:
        record = json.loads(line)
        if not isinstance(record, list):
            raise ValueError(record)
        query, *pairs = record
        passages, scores = [], []
        for passage, score in pairs:
            passages.append(passage)
            scores.append(score)
    except (ValueError, TypeError, RecursionError) as error:
        shown = line if len(line) < 80 else f"{line[:80]}..."
        raise InputError(
            f"{place}: {shown!r}, expected [query id, [passage id, score], ...]"
        ) from error
    return scored(place, query, passages, scores)


def of_text(place: str, line: str) -> Scored:
    """Query id, tab, passage id, tab, score."""
    fields = line.split("\t")
    if len(fields) != 3:
        raise InputError(f"{place}: {len(fields)} tab-separated columns, expected 3; or {SHAPES}")
    query, passage, score = fields
    return scored(place, query, [passage], [score])


def of_parquet(path: Path) -> Iterator[Scored]:
    """Rows of lists or of triples."""
    with intact_parquet(path):
        table = pq.ParquetFile(path)
        names = table.schema_arrow.names
        columns = next((one for one in (LISTS, TRIPLES) if set(one) <= set(names)), None)
        if columns is None:
            raise InputError(
                f"{path}: columns {', '.join(names)}; expected {', '.join(LISTS)}, "
                f"or {', '.join(TRIPLES)}"
            )
        read = 0
        for rows in table.iter_batches(batch_size=ROWS, columns=list(columns)):
            values = (rows.column(name).to_pylist() for name in columns)
            for query, passages, scores in zip(*values, strict=True):
                read += 1
                place = f"{path}: row {read}"
                if columns is LISTS:
                    passages, scores = listed(passages, place), listed(scores, place)
                else:
                    passages, scores = [passages], [scores]
                yield scored(place, query, passages, scores)


def listed(value: object, place: str) -> list:
    """A list, or one that is written as text: as JSON, or with the quotes of Python."""
    if isinstance(value, str):
        for read in (json.loads, ast.literal_eval):
            try:
                found = read(value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            if isinstance(found, list):
                return found
    elif isinstance(value, list):
        return value
    raise InputError(f"{place}: {str(value)[:80]!r}, expected a list, or one as text")


def scored(place: str, query: object, passages: list, scores: list) -> Scored:
    """The checked values of a row."""
    if len(passages) != len(scores):
        raise InputError(
            f"{place}: {len(passages)} passages but {len(scores)} scores; expected one for each"
        )
    names = (as_id(passage, place) for passage in passages)
    return Scored(place, as_id(query, place), list(zip(names, numbers(scores, place), strict=True)))


def numbers(values: Iterable, place: str) -> Iterator[float]:
    """Finite numbers."""
    for value in values:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not isfinite(number):
            raise InputError(f"{place}: score {value!r}, expected a number")
        yield number
