"""Text files read line by line, so that a fault can be told by file and line."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from optical.runtime.errors import InputError

# What Python raises for an archive, and for what was compressed, that it cannot read.
ZIPPED = (zipfile.BadZipFile, NotImplementedError)
COMPRESSED = (EOFError, gzip.BadGzipFile, zlib.error)


@contextmanager
def intact(name: Path | str) -> Iterator[None]:
    """Read a file, `name`, that may be damaged or of another kind.

    Raises:
        InputError: names the file, in place of what its bytes make Python's own readers raise.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 text: {error}") from error
    except ZIPPED as error:
        raise InputError(f"{name}: not a zip archive: {error}") from error
    except COMPRESSED as error:
        raise InputError(f"{name}: not a whole compressed file: {error}") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end) of a UTF-8 file.

    Only a line feed, or carriage return and line feed, ends a line: sentences of the corpora hold
    other characters that `str.splitlines` takes for an end.
    """
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        yield from lines_of(file, path)


def lines_of(file: TextIO, name: Path | str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end) of an open file; `name` is told in errors."""
    number = 0
    with intact(name):
        try:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}: not UTF-8 text after line {number}: {error}") from error


def numbered_rows(path: Path, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (number from 1, fields) of a tab-separated file without quoting.

    Raises:
        InputError: names the line with another number of columns.
    """
    for number, line in numbered_lines(path):
        fields = line.split("\t")
        if len(fields) != columns:
            raise InputError(
                f"{path}:{number}: {len(fields)} tab-separated columns, expected {columns}"
            )
        yield number, fields


def parallel_lines(source: Path, target: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (number from 1, source line, target line) of two line-aligned files.

    Raises:
        InputError: at the end of the shorter file, with both counts.
    """
    yield from aligned_lines(numbered_lines(source), numbered_lines(target), source, target)


def aligned_lines(
    sources: Iterator[tuple[int, str]],
    targets: Iterator[tuple[int, str]],
    source: Path | str,
    target: Path | str,
) -> Iterator[tuple[int, str, str]]:
    """The same of two streams of numbered lines; `source` and `target` name them in errors."""
    for line, other in zip_longest(sources, targets):
        if line is None or other is None:
            read = (line or other)[0] - 1
            rest = 1 + sum(1 for _ in (targets if line is None else sources))
            counts = (read, read + rest) if line is None else (read + rest, read)
            raise InputError(
                f"not line-aligned: {source} has {counts[0]} lines, {target} has {counts[1]}"
            )
        yield line[0], line[1], other[1]


def read_queries(path: Path) -> dict[str, str]:
    """Texts by id of a file of queries, id<TAB>text a line, in the order of the file.

    Raises:
        InputError: names the line of an id given twice or without text, and a file without any.
    """
    texts: dict[str, str] = {}
    for number, (query, text) in numbered_rows(path, 2):
        if query in texts:
            raise InputError(f"{path}:{number}: query {query} was given before")
        if not text.strip():
            raise InputError(f"{path}:{number}: query {query} has no text")
        texts[query] = text
    if not texts:
        raise InputError(f"{path}: no query in it")
    return texts
