"""Data sets that ir_datasets knows: it downloads and reads them itself."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
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
def alone(name: str) -> Iterator[None]:
    """Hold what ir_datasets has of a publisher, while a data set is downloaded and unpacked.

    A second process waits, for ir_datasets takes an archive for unpacked as soon as its folder is
    there.
    """
    import ir_datasets

    lock = ir_datasets.util.home_path() / f"{name.partition('/')[0]}.lock"
    with open(lock, "a+") as file:
        file_locks.lock(
            file.fileno(), lock, fcntl.LOCK_EX, "nothing keeps two jobs from downloading the same"
        )
        yield


def rows(name: str, part: str) -> Iterator[Any]:
    """The rows of a part of a data set there, downloaded if they are not here yet.

    Raises InputError, as `dataset`.
    """
    with alone(name):
        found = iter(getattr(dataset(name, part), f"{PARTS[part]}_iter")())
        first = list(islice(found, 1))  # with it, all of them are here
    return chain(first, found)
