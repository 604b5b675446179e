"""Data sets that ir_datasets knows: it downloads and reads them itself."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optical.runtime import file_locks
from optical.runtime.errors import InputError

PARTS = {"corpus": "docs", "queries": "queries", "qrels": "qrels"}
"""What ir_datasets calls the parts of a collection, by the name of the file that they become."""


def dataset(name: str, part: str) -> Any:
    """The data set of a name there, such as mmarco/v2/de/dev/small; nothing is downloaded.

    part: one of `PARTS`. Raises InputError where ir_datasets does not know it or it lacks the part.
    """
    import ir_datasets

    try:
        found = ir_datasets.load(name)
    except KeyError:
        raise InputError(f"ir_datasets knows no {name!r}; see https://ir-datasets.com") from None
    if not getattr(found, f"has_{PARTS[part]}")():
        raise InputError(
            f"{name} has no {PARTS[part]}; expected a data set of ir_datasets with some"
        )
    return found


@contextmanager
def cache_alone() -> Iterator[None]:
    """Have the folder that ir_datasets downloads to alone, waiting for any process that has it.

    It takes a folder or file that is there for whole, also one that another process still unpacks.
    """
    folder = Path(os.environ.get("IR_DATASETS_HOME") or Path.home() / ".ir_datasets")
    folder.mkdir(parents=True, exist_ok=True)
    alone = "start one export at a time"
    with open(folder / "exports.lock", "a+") as file:
        try:
            file_locks.lock(file.fileno(), file.name, fcntl.LOCK_EX | fcntl.LOCK_NB, alone)
        except BlockingIOError:
            print(f"waiting: another export is at work in {folder}", file=sys.stderr)
            file_locks.lock(file.fileno(), file.name, fcntl.LOCK_EX, alone)
        yield
