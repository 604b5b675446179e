"""Locks on open files, on whatever file system: the system releases them with the process.

On NFS they are POSIX locks: a shared one needs a file that is open for reading, an exclusive one a
file that is open for writing. Some file systems of clusters have no locks.
"""

import errno
import fcntl
import os
import sys
from functools import cache
from pathlib import Path

NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
"""What a file system without locks answers: NFS without its lock daemon, Lustre without `flock`."""


def lock(file: int, path: str | Path, operation: int, without: str) -> bool:
    """Lock an open file, as `fcntl.flock` does; say whether its file system has locks.

    file: its descriptor. Where there are no locks, a line tells so once for each folder, with what
    follows from it (`without`), and the caller goes on.
    Raises BlockingIOError when LOCK_NB is set and another process has the lock.
    """
    try:
        fcntl.flock(file, operation)
    except OSError as error:
        if error.errno in NO_LOCKS:
            warn(Path(path).parent, os.strerror(error.errno), without)
            return False
        # POSIX locks may say it in this way too.
        if error.errno == errno.EACCES and operation & fcntl.LOCK_NB:
            raise BlockingIOError(*error.args) from error
        raise
    return True


@cache
def warn(folder: Path, reason: str, without: str) -> None:
    """Tell that a folder's file system has no locks, in one line and once."""
    print(f"{folder}: the file system has no locks ({reason}): {without}", file=sys.stderr)
