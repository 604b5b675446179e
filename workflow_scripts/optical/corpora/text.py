"""What a text is: one rule for all that is read, whichever file it comes from.

A text is in Unicode's normal form C (NFC), so that what reads the same compares the same: in BM25,
among duplicates, in the leak guard. One without any visible character is empty. One with a zero
byte or half a character (a lone surrogate, which only JSON can hold) is damaged and refused.
"""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from optical.runtime.errors import InputError

BROKEN = re.compile(r"[\0\ud800-\udfff]")

# White space, control characters, and what Unicode calls Default_Ignorable_Code_Point: joiners,
# direction marks, variation selectors, the fillers of Hangul. Beside them the empty Braille cell.
VISIBLE = re.compile(
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

MOST_SHOWN = 60
"""Characters of a value that a message shows."""


class Place(NamedTuple):
    """Where something stands; prints as file:line."""

    path: Path | str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def as_text(value: object, place: object, what: str = "text") -> str:
    """A value of a file as a text, empty where nothing can be seen of it.

    value: a string, or of JSON and parquet also null, which is an empty text, and a whole number,
    whose digits are the text. place, what: for the message.

    Raises:
        InputError: for a value of another type, and for a damaged text.
    """
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InputError(f"{place}: {what} {shown(value)}, expected a text")
    if is_broken(value):
        raise InputError(
            f"{place}: {what} {shown(value)} has a zero byte or half a character (a lone "
            "surrogate), expected whole ones"
        )
    return "" if is_empty(value) else unicodedata.normalize("NFC", value)


def is_broken(text: str) -> bool:
    """Whether a text holds what no text can: a zero byte, or a lone surrogate."""
    return "\0" in text if text.isascii() else BROKEN.search(text) is not None


def is_empty(text: str) -> bool:
    """Whether nothing can be seen of a text: white space and characters without a width."""
    return VISIBLE.search(text) is None


def shown(value: object) -> str:
    """A value as a message shows it, in one line and not at length."""
    if isinstance(value, str) and len(value) > MOST_SHOWN:
        return f"{value[:MOST_SHOWN]!r}..."
    text = repr(value)
    return text if len(text) <= MOST_SHOWN + 2 else f"{text[:MOST_SHOWN]}..."
