"""Data sets that ir_datasets knows: it downloads and reads them itself."""

from typing import Any

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
