"""What an id is: text that stays as it is, from the file it comes from to a TREC run and back.

So `007` is not `7`, and `a/b` is an id. Fields of a TREC run stand between white space, and
trec_eval reads C strings, so white space and control characters are refused where an id is read.
"""

import re
from array import array

from optical.corpora.text import Place, shown
from optical.runtime.errors import InputError

ODD = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def as_id(value: object, place: object = None) -> str:
    """A value of a file as an id: a string, or a whole number of JSON or parquet.

    Raises:
        InputError: for a value of another type, an empty one, and one that cannot stand in a run.
    """
    begin = f"{place}: " if place else ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"{begin}id {shown(value)}, expected a text or a whole number")
    name = str(value)
    if not name or ODD.search(name):
        raise InputError(
            f"{begin}id {shown(name)} is empty or has white space or control characters"
        )
    return name


class Ids:
    """Ids of one file that were given so far, each in one line.

    Of 8.8 million they need 0.4 GB beside their text: a line is kept in 8 bytes, and searched for
    only when an id comes again.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.lines = array("Q")

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def add(self, name: str, place: Place | None = None) -> None:
        """Take an id in.

        Raises:
            InputError: names both lines of one that was given before.
        """
        if name in self.names:
            begin = f"{place}: " if place else ""
            first = self.lines[next(at for at, one in enumerate(self.names) if one == name)]
            raise InputError(
                f"{begin}id {name} is given twice" + (f", first in line {first}" if first else "")
            )
        self.names[name] = None
        self.lines.append(place.line if place else 0)
