"""The files of a test collection, as later steps read them, checked against each other."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from optical.corpora.ids import Ids, as_id
from optical.corpora.qrels import read_judgements
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.rows import some, write_parquet, write_rows
from optical.corpora.text import Place, is_empty
from optical.corpora.words import countable
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

PASSAGE_COLUMNS = ["passage_id", "judged_id", "text"]
"""A passage's own id, and the id that judgements and runs know its text by. They differ for the
windows of a long text, which stand together."""

COUNT_COLUMNS = ("collection", "language", "what", "grade", "number")


class Written(NamedTuple):
    """What `write_collection` found.

    judgements, absent: how many there are by grade, of all passages and of those that are not
    there. queries: how many there are by their highest grade. empty: the passages without text, a
    blank line by its place. example: the first judgement of an absent passage, in words.
    """

    passages: int
    judgements: Mapping[int, int]
    absent: Mapping[int, int]
    queries: Mapping[int, int]
    empty: list[str]
    example: str


def write_collection(
    passages_path: Path,
    qrels_path: Path,
    passages: Iterable[Passage],
    judgements: Iterable[Judgement],
    *,
    window: int | None = None,
    stride: int | None = None,
    folder: Path | None = None,
) -> Written:
    """Write the passages (parquet) and the judgements (TREC).

    Passages without text are left out and counted. A judgement of a passage that is not there is
    kept and counted: where it is relevant, no search can find it, and metrics count that. window,
    stride: as in `windows`; texts stay whole where they are None. folder: where both were read, for
    the error that is about no line.

    Raises:
        InputError: for an id given twice or with white space, a judgement given twice, a relevant
            passage of a user's own without text, and judgements of which none is of a relevant
            passage that is there.
    """
    known = Ids()
    empty: dict[str, Place | None] = {}
    grades, absent, highest = Counter[int](), Counter[int](), dict[str, int]()
    missing = ""

    def checked_passages() -> Iterator[tuple[str, str, str]]:
        for name, _, text, place in passages:
            if name or text:
                known.add(as_id(name, place), place)
            if is_empty(text):
                empty[name or str(place)] = place
                continue
            parts = windows(text, window, stride) if window else [text]
            for number, part in enumerate(parts):
                yield f"{name}#{number}" if len(parts) > 1 else name, name, part

    def checked_judgements() -> Iterator[tuple[str, ...]]:
        nonlocal missing
        seen: set[tuple[str, str]] = set()
        for query, passage, grade in judgements:
            if (as_id(query), as_id(passage)) in seen:
                raise InputError(f"query {query} is judged twice for {passage}")
            seen.add((query, passage))
            # What others have published nobody here can mend.
            if grade > 0 and (place := empty.get(passage)):
                raise InputError(
                    f"{place}: passage {passage} has no text, but is relevant to query {query}; "
                    "expected a text, or no such judgement"
                )
            grades[grade] += 1
            highest[query] = max(grade, highest.get(query, grade))
            if passage not in known or passage in empty:
                absent[grade] += 1
                fault = "has no text" if passage in empty else "is no passage"
                missing = missing or f"query {query} is judged for {passage}, which {fault}"
            yield query, "0", passage, str(grade)
        if relevant(grades) == relevant(absent):
            there = len(known.names) - len(empty)
            where = f"{folder}: " if folder else ""
            why = missing or "no grade above 0"
            raise InputError(f"{where}of {there} passages none is judged relevant: {why}")

    with atomic_path(passages_path) as temporary:  # there with its judgements or not at all
        number = write_parquet(temporary, PASSAGE_COLUMNS, checked_passages())
        write_rows(qrels_path, checked_judgements(), separator=" ")
    return Written(number, grades, absent, Counter(highest.values()), list(empty), missing)


def relevant(grades: Mapping[int, int]) -> int:
    """How many of the counts by grade are of one above 0."""
    return sum(number for grade, number in grades.items() if grade > 0)


def windows(text: str, window: int, stride: int | None = None) -> list[str]:
    """Cut a text of more than `window` words into windows of so many, the last perhaps of fewer.

    stride: words from one window to the next; when None half a window, as in Dai and Callan (2019,
    arXiv 1905.09217). Words stand between white space; where a script has none, a few letters count
    as one (`words.countable`).
    """
    words = countable(text)
    if len(words) <= window:
        return [text]
    stride = stride or max(1, window // 2)
    starts = range(0, len(words) - window + stride, stride)
    return ["".join(words[start : start + window]).strip() for start in starts]


def judged_texts(passages: Path) -> tuple[np.ndarray, np.ndarray]:
    """The ids of the texts that judgements know, [texts], and which text each passage is of, [n].

    passages: as `write_collection` writes them; the second array ascends.
    """
    ids = pq.read_table(passages, columns=["judged_id"])["judged_id"].to_numpy()
    begins = np.append(True, ids[1:] != ids[:-1])
    return ids[begins], np.cumsum(begins) - 1


class Queries(NamedTuple):
    """What `write_queries` found: the number written, and the ids of others.

    empty: those without text, a blank line by its place. doubtful: those written that may not be
    in the language. absent: those with a relevant passage that are not among the queries.
    unjudged, without_relevant: how many were left out because nothing is judged for them, or
    nothing relevant.
    """

    written: int
    empty: list[str]
    doubtful: list[str]
    absent: list[str]
    unjudged: int
    without_relevant: int


def write_queries(
    path: Path,
    doubtful_path: Path,
    queries: Iterable[Query],
    qrels_path: Path,
    is_doubtful: Callable[[str], bool],
) -> Queries:
    """Write (id, text) of the queries with a relevant passage, and the ids of the doubtful ones.

    A query may be empty or absent in one language because nobody translated it; it is reported, and
    left out of the scores of all languages. Doubtful ones stay: results are given with and without
    them.

    Raises:
        InputError: for an id given twice, and where no query has a text and a relevant passage.
    """
    is_relevant = judged_queries(qrels_path)
    known = Ids()
    empty: list[str] = []
    doubtful: list[str] = []
    left_out = Counter[bool | None]()
    unknown = ""

    def checked_queries() -> Iterator[tuple[str, str]]:
        nonlocal unknown
        written = False
        for name, text, place in queries:
            if not name and not text:
                empty.append(str(place))
                continue
            if not is_relevant.get(as_id(name, place)):
                left_out[is_relevant.get(name)] += 1
                unknown = unknown or name
                continue
            known.add(name, place)
            if is_empty(text):
                empty.append(name)
                continue
            if is_doubtful(text):
                doubtful.append(name)
            written = True
            yield name, text
        if not written:
            example = unknown or next(iter(empty), None)
            told = f"queries such as {example!r}" if example else "there is no query"
            raise InputError(
                f"no query has a text and a relevant passage: {told}, "
                f"judgements in {qrels_path} of {some(is_relevant)}"
            )

    written = write_rows(path, checked_queries())
    write_rows(doubtful_path, ((query,) for query in doubtful))
    absent = [name for name, is_one in is_relevant.items() if is_one and name not in known]
    return Queries(written, empty, doubtful, absent, left_out[None], left_out[False])


def judged_queries(qrels_path: Path) -> dict[str, bool]:
    """Whether each judged query has a relevant passage, one of a grade above 0."""
    found: dict[str, bool] = {}
    for _, (query, _, grade) in read_judgements(qrels_path, 4):
        found[query] = found.get(query, False) or grade > 0
    return found


def write_counts(
    path: Path, collection: str, language: str, counts: Iterable[tuple[str, int | str, int]]
) -> None:
    """Write how many there are of what, perhaps of a grade, for the report (`COUNT_COLUMNS`).

    language: of the queries; empty for the passages and judgements.
    """
    rows = ((collection, language, what, str(grade), str(n)) for what, grade, n in counts)
    write_rows(path, chain([COUNT_COLUMNS], rows), separator=",")
