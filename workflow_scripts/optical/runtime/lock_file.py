"""What files without a published checksum were when they first came: url, sha256, bytes a line."""

import fcntl
import os
import re
from pathlib import Path
from typing import NamedTuple

from optical.runtime import file_locks
from optical.runtime.errors import InputError

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
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "a+b") as file:
        file_locks.lock(
            file.fileno(), lock, fcntl.LOCK_EX, "start one run at a time that downloads"
        )
        file.seek(0)
        text = file.read().decode()
        known = records(text).get(url)
        if known is not None:
            agree(lock, url, url, found, known)
            return
        # A line that a killed process cut off ends here, and is passed over from now on.
        start = "" if not text or text.endswith("\n") else "\n"
        file.write(f"{start}{url}\t{found.sha256}\t{found.bytes}\n".encode())
        file.flush()
        os.fsync(file.fileno())


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
