"""Text that encoders are pre-trained on: parquet of (source, target), target perhaps empty."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from optical.corpora import constructed
from optical.corpora.lines import numbered_rows
from optical.corpora.rows import write_parquet

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def read_text(origin: Path, language: str) -> Iterator[tuple[str, str]]:
    """(text, pivot translation) from a constructed world, a bitext or a training set.

    origin: `world.json`; a bitext parquet; or a training set's folder, whose passages are cut
    into sentences without a translation.
    """
    if origin.is_dir():
        for _, (_, passage) in numbered_rows(origin / "collection.tsv", 2):
            for sentence in filter(None, SENTENCE_END.split(passage)):
                yield sentence, ""
    elif origin.name == "world.json":
        for pair in constructed.text(origin.parent, language):
            yield pair.source, pair.target
    else:
        for rows in pq.ParquetFile(origin).iter_batches(columns=["source", "target"]):
            yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)


def write_text(output: Path, origin: Path, language: str, texts: int) -> int:
    """Write at most `texts` texts; returns how many there were."""
    return write_parquet(output, ["source", "target"], islice(read_text(origin, language), texts))
