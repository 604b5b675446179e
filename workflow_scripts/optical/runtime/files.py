"""Files that are whole or absent: atomic writes, locks, checksums, and the edge of a program."""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from optical.runtime import file_locks
from optical.runtime.errors import InputError


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path (file or folder) beside `path`, renamed to `path` on success.

    On any error the temporary path is removed and an earlier `path` is left as it was. The
    temporary name keeps the suffixes of `path`, so that writers which look at them work.
    """
    path = Path(path)
    with scratch(path) as temporary:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` for something unfinished (file or folder), removed in the end.

    What killed processes left of the same is removed first, also where one unfinished file was the
    other's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for file in path.parent.glob(f".*.{glob.escape(path.name)}"):
        if re.fullmatch(rf"(\.[0-9a-f]{{8}}\.)+{re.escape(path.name)}", file.name):
            # An orphan may still write there; it will not come to its end.
            with suppress(OSError):
                remove(file)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        yield temporary
    finally:
        remove(temporary)


HELD: list[IO] = []
"""Open files that forked processes have no part in."""


@contextmanager
def not_inherited(file: IO) -> Iterator[None]:
    """Close an open file in processes that are forked meanwhile: a lock of it would outlive this
    process as long as one of them does.
    """
    HELD.append(file)
    try:
        yield
    finally:
        HELD.remove(file)


def close_held() -> None:
    """What a forked process does first."""
    for file in HELD:
        file.close()


os.register_at_fork(after_in_child=close_held)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a folder of unfinished work: an orphan that is still at it and its successor stay apart.

    The system releases it when the process ends, however that happens. The folder can be removed
    afterwards: on NFS not before, since the lock is an open file in it. Raises InputError when
    another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a+") as file, not_inherited(file):
        try:
            file_locks.lock(
                file.fileno(),
                file.name,
                fcntl.LOCK_EX | fcntl.LOCK_NB,
                "nothing keeps a second process from working here",
            )
        except BlockingIOError:
            file.seek(0)
            raise InputError(
                f"{folder}: {file.read().strip() or 'another process'} is at work here; "
                "wait for it or end it"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def remove(path: Path) -> None:
    """Remove a file or a folder tree, whichever `path` is; nothing if it is absent."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link_or_copy(source: str, target: str) -> None:
    """Give weights a second name, where that is possible; copy what a user may edit."""
    if source.endswith(".safetensors"):
        with suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5(path: str | Path) -> str:
    """Hexadecimal MD5 of a file, for sources that publish no other checksum."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def content(path: Path) -> dict[str, str]:
    """{name: sha256} of a file, or of all files of a folder."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path.parent).as_posix(): sha256(file) for file in files}
