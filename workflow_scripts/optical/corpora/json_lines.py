"""Files of JSON lines: an object in each line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optical.corpora.lines import numbered_lines, without_last_blank
from optical.corpora.text import Place, shown
from optical.runtime.errors import InputError


def null_for_nan(name: str) -> float | None:
    """What stands for a number that JSON does not have: pandas writes NaN where there is none."""
    return None if name == "NaN" else float(name)


DECODER = json.JSONDecoder(parse_constant=null_for_nan)


def objects(path: Path, *keys: str, told: str = "") -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield (place, object) of each line; of a blank line between others an empty object.

    keys: what each object must have. told: what to say of a line that is no such object.

    Raises:
        InputError: names the line of anything else.
    """
    told = told or f"expected a JSON object with {', '.join(keys)}"
    for number, line in without_last_blank(numbered_lines(path)):
        place = Place(path, number)
        if not line:
            yield place, {}
            continue
        try:
            record = DECODER.decode(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: {told}: {error.msg}, at column {error.colno}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{place}: {told}: {error}") from error
        if not isinstance(record, dict):
            raise InputError(f"{place}: {told}: got {shown(record)}")
        if missing := [key for key in keys if key not in record]:
            raise InputError(f"{place}: {told}: no {', '.join(missing)} in it")
        yield place, record
