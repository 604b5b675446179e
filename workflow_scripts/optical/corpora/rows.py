"""Rows of text written as they come, to parquet or to lines, whole files or none."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from optical.runtime.files import atomic_path

ROW_GROUP = 50_000
"""Rows held in memory and written together."""


def write_parquet(path: Path, columns: list[str], rows: Iterable[tuple[str, ...]]) -> int:
    """Write rows of strings, a row group at a time; returns their number."""
    schema = pa.schema([(column, pa.string()) for column in columns])
    rows, number = iter(rows), 0
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        while group := list(islice(rows, ROW_GROUP)):
            arrays = [pa.array(values, pa.string()) for values in zip(*group, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            number += len(group)
    return number


def write_rows(path: Path, rows: Iterable[tuple[str, ...]], separator: str = "\t") -> int:
    """Write rows of text, single spaces for all white space in a field; returns their number."""
    number = 0
    with (
        atomic_path(path) as temporary,
        open(temporary, "w", encoding="utf-8", newline="\n") as file,
    ):
        for row in rows:
            file.write(separator.join(" ".join(field.split()) for field in row) + "\n")
            number += 1
    return number


def some(names: Iterable[str]) -> str:
    """The number of names and the first few of them."""
    names = sorted(names)
    return f"{len(names)} ({', '.join(names[:5])}{', ...' if len(names) > 5 else ''})"
