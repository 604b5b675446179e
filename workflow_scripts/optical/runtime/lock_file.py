"""What files without a published checksum were when they first came: url, sha256, bytes a line.

So with a pull request of a model's page: a line has its name and its commit.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from optical.runtime import file_locks
from optical.runtime.errors import InputError

COMMIT = re.compile(r"(?P<name>\S+@refs/\S+)\t(?P<commit>[0-9a-f]{40})")
LINE = re.compile(r"(?P<url>\S+)\t(?P<sha256>[0-9a-f]{64})\t(?P<bytes>\d+)")


class Record(NamedTuple):
    """A file as it first came."""

    sha256: str
    bytes: int


def recorded(lock: Path, url: str) -> Record | None:
    """What a lock file says of a URL; None if nothing, or if there is no lock file."""
    return records(lock.read_text(encoding="utf-8")).get(url) if lock.exists() else None


def records(text: str) -> dict[str, Record]:
    """The content of a lock file. Lines of another form, such as one cut off, are passed over."""
    matches = filter(None, map(LINE.fullmatch, text.splitlines()))
    return {match["url"]: Record(match["sha256"], int(match["bytes"])) for match in matches}


def record(lock: Path, url: str, found: Record) -> None:
    """Append what a URL's file is, unless the lock file says so; several processes may at once.

    Raises InputError if it has come to say something else.
    """
    with appending(lock) as (text, append):
        known = records(text).get(url)
        if known is not None:
            agree(lock, url, url, found, known)
            return
        append(f"{url}\t{found.sha256}\t{found.bytes}")


def recorded_commit(lock: Path, name: str) -> str | None:
    """The commit that a lock file has for HUB_ID@refs/pr/N; None if it has none."""
    return commits(lock.read_text(encoding="utf-8")).get(name) if lock.exists() else None


def commits(text: str) -> dict[str, str]:
    """The commits in a lock file."""
    matches = filter(None, map(COMMIT.fullmatch, text.splitlines()))
    return {match["name"]: match["commit"] for match in matches}


def record_commit(lock: Path, name: str, commit: str) -> None:
    """Append the commit of HUB_ID@refs/pr/N, unless the lock file has one."""
    with appending(lock) as (text, append):
        if name not in commits(text):
            append(f"{name}\t{commit}")


@contextmanager
def appending(lock: Path) -> Iterator[tuple[str, Callable[[str], None]]]:
    """A lock file's text and what appends a line to it, while no other process does."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "a+b") as file:
        file_locks.lock(
            file.fileno(), lock, fcntl.LOCK_EX, "start one run at a time that downloads"
        )
        file.seek(0)
        text = file.read().decode()
        # A line that a killed process cut off ends here, and is passed over from now on.
        start = "" if not text or text.endswith("\n") else "\n"

        def append(line: str) -> None:
            file.write(f"{start}{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())

        yield text, append


def agree(lock: Path, url: str, origin: str | Path, found: Record, known: Record) -> None:
    """Compare the file of a URL, which came from `origin`, with what it was at first.

    Raises InputError, with both checksums and how to accept the new one, if they differ.
    """
    if found.sha256 != known.sha256:
        raise InputError(
            f"{origin}: sha256 {found.sha256} ({found.bytes} bytes), but it was {known.sha256} "
            f"({known.bytes} bytes) when it first came; to accept the new one, remove the line "
            f"of {url} from {lock}"
        )
