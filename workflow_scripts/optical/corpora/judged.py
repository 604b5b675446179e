"""What sets of judged pairs give: foreign queries, documents in the pivot, graded judgements."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Texts(NamedTuple):
    """The texts of a file. rows: starts a stream of (line, id, text), by the rules of `ids` and
    `text`: a text of which nothing can be seen is empty.
    """

    path: Path
    rows: Callable[[], Iterator[tuple[int, str, str]]]


class Judgements(NamedTuple):
    """The judgements of a file. rows: starts a stream of (line, query id, document id, grade)."""

    path: Path
    rows: Callable[[], Iterator[tuple[int, str, str, int]]]


class Judged(NamedTuple):
    """Foreign queries, documents in the pivot, and how good which document is for which query.

    least: the lowest grade of a document that a query is trained on.
    """

    queries: Texts
    documents: Texts
    judgements: Judgements
    least: int = 1
