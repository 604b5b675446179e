"""Zip archives of others: which of their members is meant, read where it lies."""

import errno
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from optical.corpora.lines import intact
from optical.corpora.text import shown
from optical.runtime.errors import InputError

ENCRYPTED = 0x1 | 0x40 | 0x2000
"""Bits of a member's flags: encrypted, strongly, its header too (PKWARE APPNOTE 4.4.4)."""

READ = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
METHODS = {1: "shrink", 6: "implode", 9: "Deflate64", 93: "Zstandard", 95: "xz", 98: "PPMd"}
"""Names of methods of compression that Python 3.11 does not read (PKWARE APPNOTE 4.4.5)."""

# What Python's module raises, beside its own error, for a list of members that makes no sense.
SENSELESS = (NotImplementedError, ValueError, OverflowError, struct.error)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive.

    Raises:
        InputError: names a file that is none, or whose members are damaged.
    """
    with open(path, "rb") as file, intact(path):
        with sound(f"{path}: not a zip archive"):
            archive = zipfile.ZipFile(file)
        with archive:
            yield archive


@contextmanager
def open_member(archive: zipfile.ZipFile, path: Path, name: str) -> Iterator[IO[bytes]]:
    """The content of a member.

    Raises:
        InputError: for one that is encrypted, damaged, or compressed as Python cannot read.
    """
    member = archive.getinfo(name)
    place = f"{path}/{shown_name(name)}"
    if member.flag_bits & ENCRYPTED:
        raise InputError(f"{place}: encrypted, expected a file without a password")
    if member.compress_type not in READ:
        method = METHODS.get(member.compress_type, f"method {member.compress_type}")
        raise InputError(
            f"{place}: compressed by {method}, expected Deflate, as zip does by default"
        )
    with intact(place):
        with sound(f"{place}: damaged in the archive"):
            file = archive.open(member)
        with file:
            yield file


@contextmanager
def sound(told: str) -> Iterator[None]:
    """Open what may make no sense. Raises InputError with `told` in place of Python's own errors.

    An error of the disk stays what it is; one of the numbers in an archive, such as a place before
    its beginning, has no number of its own, or that of an invalid argument.
    """
    try:
        yield
    except (zipfile.BadZipFile, OSError, *SENSELESS) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise InputError(f"{told}: {error}") from error


def one_member(
    archive: zipfile.ZipFile, path: Path, is_meant: Callable[[str], bool], kind: str
) -> str:
    """The name of the one member that is meant.

    Folders are none, nor are hidden files, nor what macOS puts beside each file (`__MACOSX/._x`).

    kind: what is meant, for the message. Raises InputError for none and for several.
    """
    names = [name for name in archive.namelist() if is_file(name)]
    found = [name for name in names if is_meant(name)]
    if len(found) != 1:
        there = found or names
        listed = ", ".join(map(shown_name, there[:5])) + (", ..." if len(there) > 5 else "")
        raise InputError(
            f"{path}: {len(found)} {kind} in it, expected one; it has {listed or 'no file'}"
        )
    return found[0]


def is_file(name: str) -> bool:
    """Whether a member is a file that somebody put into the archive."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    hidden = any(part == "__MACOSX" or (part.startswith(".") and part.strip(".")) for part in parts)
    return bool(parts) and not (hidden or name.endswith("/"))


def shown_name(name: str) -> str:
    """A member's name as a message shows it: some are in encodings that Python cannot know."""
    return name if name.isprintable() and len(name) <= 200 else shown(name)
