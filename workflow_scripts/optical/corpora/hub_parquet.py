"""Bitext as data sets of the Hugging Face hub hold it: parquet with two columns of text.

`{language}.parquet`, or in several parts, `{language}.0.parquet` and so on. A column is named, and
a dot goes into a nested one: OPUS-100 has one column `translation` of {"en": ..., "sw": ...}.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from optical.corpora.records import Pair
from optical.corpora.text import as_text, is_broken
from optical.runtime.errors import InputError

ROWS = 10_000
"""Rows held in memory."""


def bitext(folder: Path, language: str, *, origin: str, source: str, target: str) -> Iterator[Pair]:
    """Pairs of the columns `source` (foreign) and `target` (English); null is an empty text.

    `{language}` in the name of a column is filled in.

    Raises:
        InputError: for a file that is not parquet or lacks a column, with those that it has, and
            when there is no file of the language.
    """
    files = sorted(Path(folder).glob(f"{language}.*parquet"))
    if not files:
        raise InputError(f"{folder}: no {language}.parquet")
    columns = [name.format(language=language) for name in (source, target)]
    number = 0
    for file in files:
        for texts in zip(*(column_texts(file, name) for name in columns), strict=True):
            number += 1
            name = f"{origin}-{language}-{number}"
            # What others publish nobody here can mend: a damaged pair is removed and counted.
            if any(isinstance(text, str) and is_broken(text) for text in texts):
                yield Pair(name, "", "", "left_out:damaged")
            else:
                yield Pair(name, *(as_text(text, f"{file}: row {number}") for text in texts))


@contextmanager
def intact_parquet(file: Path) -> Iterator[None]:
    """Read a file that may be a damaged parquet file, or none.

    Raises:
        InputError: names the file, in place of what its bytes make pyarrow raise.
    """
    try:
        yield
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the disk; pages have none
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"{file}: not a parquet file, or a damaged one: {reason}") from error


def column_texts(file: Path, column: str) -> Iterator[object]:
    """The values of one column, which may be nested."""
    with intact_parquet(file):
        table = pq.ParquetFile(file)
        names = [leaf.path for leaf in map(table.schema.column, range(len(table.schema.names)))]
        if column not in names:
            raise InputError(f"{file}: no column {column}; it has {', '.join(names)}")
        for rows in table.iter_batches(batch_size=ROWS, columns=[column]):
            values = rows.column(0)
            for name in column.split(".")[1:]:
                values = pc.struct_field(values, name)
            yield from values.to_pylist()
