"""Text files read line by line, so that a fault can be told by file and line."""

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, zip_longest
from pathlib import Path
from typing import TextIO

from optical.corpora.headings import is_heading
from optical.corpora.ids import as_id
from optical.corpora.text import Place, as_text, is_empty
from optical.runtime.errors import InputError

# What Python raises for what was compressed and is damaged, but for bz2: see below.
COMPRESSED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


@contextmanager
def intact(name: Path | str, kind: str = "file") -> Iterator[None]:
    """Read a file, `name`, that may be damaged or of another kind than `kind`.

    Raises:
        InputError: names the file, in place of what its bytes make Python's own readers raise.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 text: {error}") from error
    except COMPRESSED as error:
        raise InputError(f"{name}: not a whole compressed {kind}: {error}") from error
    except OSError as error:
        if error.errno is not None:  # of the disk; gzip and bz2 give none to what they cannot read
            raise
        raise InputError(f"{name}: not a whole compressed {kind}: {error}") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end) of a UTF-8 file, gzipped if its name ends in .gz.

    Only a line feed, or carriage return and line feed, ends a line: sentences of the corpora hold
    other characters that `str.splitlines` takes for an end.
    """
    packed = path.suffix == ".gz"
    with (
        gzip.open(path, "rt", encoding="utf-8", newline="\n")
        if packed
        else open(path, encoding="utf-8", newline="\n")
    ) as file:
        yield from lines_of(file, path)


def lines_of(file: TextIO, name: Path | str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line without its end) of an open file; `name` is told in errors.

    A byte order mark is no part of the first line. (Python's own utf-8-sig takes a file that is cut
    within one for an empty one.)
    """
    number = 0
    with intact(name):
        try:
            for number, line in enumerate(file, start=1):
                line = line.rstrip("\r\n")
                yield number, line.removeprefix("\ufeff") if number == 1 else line
        except UnicodeDecodeError as error:
            # What is decoded at once begins within the line after the last one that was read.
            damaged = number + 1 + error.object.count(b"\n", 0, error.start)
            byte = f"byte 0x{error.object[error.start]:02x}"
            raise InputError(f"{name}:{damaged}: not UTF-8 text: {byte}, {error.reason}") from error


def without_last_blank(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The same numbered lines without the blank ones at the end; one between others is ''."""
    blank = range(0)
    for number, line in lines:
        if is_empty(line):
            blank = range(blank.start or number, number + 1)
            continue
        yield from ((one, "") for one in blank)
        blank = range(0)
        yield number, line


def numbered_rows(
    path: Path, columns: int, *, blank: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield (number from 1, fields) of a tab-separated file without quoting.

    blank: whether a blank line between others is a row of empty fields, for who counts it. Blank
    lines at the end of a file are none.

    Raises:
        InputError: names the line with another number of columns, and a first line that names the
            columns: it would be a query, or a passage, of no use.
    """
    for number, line in without_last_blank(numbered_lines(path)):
        fields = line.split("\t")
        if not line and blank:
            fields *= columns
        if len(fields) != columns:
            raise InputError(
                f"{path}:{number}: {len(fields)} tab-separated columns, expected {columns}"
            )
        if number == 1 and is_heading(fields):
            raise InputError(
                f"{path}:1: {line!r} names the columns; expected the first row of data"
            )
        yield number, fields


def parallel_lines(source: Path, target: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (number from 1, source line, target line) of two line-aligned files.

    Texts are as `as_text` has them. Lines at the end that are blank in both files, or stand in one
    alone, are none.

    Raises:
        InputError: at the end of the shorter file, with both counts, and for a damaged text.
    """
    yield from aligned_lines(numbered_lines(source), numbered_lines(target), source, target)


def aligned_lines(
    sources: Iterator[tuple[int, str]],
    targets: Iterator[tuple[int, str]],
    source: Path | str,
    target: Path | str,
) -> Iterator[tuple[int, str, str]]:
    """The same of two streams of numbered lines; `source` and `target` name them in errors."""
    blank = range(0)
    for line, other in zip_longest(sources, targets):
        if line is None or other is None:
            first = line or other
            read, last = first[0] - 1, text_until(chain([first], sources, targets))
            if not last:
                return
            counts = (read, last) if line is None else (last, read)
            raise InputError(
                f"not line-aligned: {source} has {counts[0]} lines, {target} has {counts[1]}"
            )
        number = line[0]
        texts = as_text(line[1], Place(source, number)), as_text(other[1], Place(target, number))
        if not any(texts):
            blank = range(blank.start or number, number + 1)
            continue
        yield from ((one, "", "") for one in blank)
        blank = range(0)
        yield number, *texts


def text_until(lines: Iterable[tuple[int, str]]) -> int:
    """The number of the last line with text, 0 without any."""
    return max((number for number, line in lines if not is_empty(line)), default=0)


def read_queries(path: Path, *, empty: bool = False) -> dict[str, str]:
    """Texts by id of a file of queries, id<TAB>text a line, in the order of the file.

    empty: whether a query may have an empty text; a blank line then is one, by the name of its
    place.

    Raises:
        InputError: names the line of an id given twice or without text, and a file without any.
    """
    texts: dict[str, str] = {}
    for number, (query, text) in numbered_rows(path, 2, blank=empty):
        place = Place(path, number)
        query = as_id(query, place) if query or text else str(place)
        if query in texts:
            # Each line so far has put one query there.
            first = 1 + list(texts).index(query)
            raise InputError(f"{place}: query {query} was given before, in line {first}")
        texts[query] = as_text(text, place)
        if not (texts[query] or empty):
            raise InputError(f"{place}: query {query} has no text")
    if not any(texts.values()):
        raise InputError(f"{path}: no query in it")
    return texts
