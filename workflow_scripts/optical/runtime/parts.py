"""The part of a file that is here, held by one process at a time, and what version it is of."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from optical.runtime import file_locks


@contextmanager
def held(part: Path) -> Iterator[Path]:
    """Hold a part, made if it is absent, waiting for any process that does."""
    while True:
        with open(part, "ab") as file:
            file_locks.lock(
                file.fileno(), part, fcntl.LOCK_EX, "start one run at a time that downloads it"
            )
            # Who held it may have renamed or removed it: then it is another file that counts.
            if is_open_as(part, file):
                try:
                    yield part
                finally:
                    if is_open_as(part, file) and not part.stat().st_size:
                        discard(part)
                return


def is_open_as(path: Path, file: BinaryIO) -> bool:
    """Whether an open file is still the one of a name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def version_file(part: Path) -> Path:
    """Where it stands which version of its file a part is of."""
    return part.with_name(f"{part.name}.version")


def version_of(part: Path) -> dict:
    """The headers that tell a version, and its length; nothing if they are unknown."""
    try:
        return json.loads(version_file(part).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def discard(part: Path) -> None:
    """Remove a part and what is known of it."""
    version_file(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def discard_content(part: Path) -> None:
    """Empty a part, which stays held."""
    version_file(part).unlink(missing_ok=True)
    with open(part, "wb"):
        pass
