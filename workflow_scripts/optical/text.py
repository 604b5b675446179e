"""Text that encoders are pre-trained on: parquet of (source, target), target perhaps empty."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from optical import constructed
from optical.files import atomic_path

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
ROWS = 10_000


def read_text(origin: Path, language: str) -> Iterator[tuple[str, str]]:
    """(text, pivot translation) from a constructed world, a bitext or a training set.

    origin: `world.json`; a bitext parquet; or a training set's folder, whose passages are cut
    into sentences without a translation.
    """
    if origin.is_dir():
        with open(origin / "collection.tsv", encoding="utf-8") as lines:
            for line in lines:
                passage = line.rstrip("\n").split("\t", 1)[1]
                for sentence in SENTENCE_END.split(passage):
                    if sentence:
                        yield sentence, ""
    elif origin.name == "world.json":
        for pair in constructed.text(origin.parent, language):
            yield pair.source, pair.target
    else:
        for rows in pq.ParquetFile(origin).iter_batches(columns=["source", "target"]):
            yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)


def write_text(output: Path, origin: Path, language: str, texts: int) -> int:
    """Write at most `texts` texts; returns how many there were."""
    schema = pa.schema({"source": pa.string(), "target": pa.string()})
    written = 0
    with atomic_path(output) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for rows in batches(islice(read_text(origin, language), texts), ROWS):
            writer.write_table(pa.table(list(map(list, zip(*rows, strict=True))), schema=schema))
            written += len(rows)
    return written


def batches(items: Iterator, size: int) -> Iterator[list]:
    """Lists of up to `size` items."""
    while batch := list(islice(items, size)):
        yield batch
