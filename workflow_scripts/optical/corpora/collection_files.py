"""The files of a test collection, as later steps read them, checked against each other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from optical.corpora.lines import numbered_lines
from optical.corpora.records import Passage, Query
from optical.corpora.rows import some, write_parquet, write_rows
from optical.corpora.words import countable
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

PASSAGE_COLUMNS = ["passage_id", "judged_id", "text"]
"""A passage's own id, and the id that judgements and runs know its text by. They differ for the
windows of a long text, which stand together."""


def write_collection(
    passages_path: Path,
    qrels_path: Path,
    passages: Iterable[Passage],
    judgements: Iterable[tuple[str, str]],
    *,
    window: int | None = None,
    stride: int | None = None,
) -> tuple[int, int]:
    """Write the passages (parquet) and the judgements (TREC); returns the number of each.

    window, stride: as in `windows`; texts stay whole where they are None.

    Raises:
        InputError: for a passage without text, an id given twice or with white space, a judgement
            of no known passage or given twice.
    """
    known: set[str] = set()

    def checked_passages() -> Iterator[tuple[str, str, str]]:
        for name, _, text in passages:
            check_id(name, known)
            if not text.strip():
                raise InputError(f"passage {name} has no text")
            parts = windows(text, window, stride) if window else [text]
            for number, part in enumerate(parts):
                yield f"{name}#{number}" if len(parts) > 1 else name, name, part

    def checked_judgements() -> Iterator[tuple[str, ...]]:
        seen = set()
        for query, passage in judgements:
            if passage not in known:
                raise InputError(f"query {query} is judged for {passage}, which is no passage")
            check_id(f"{query}/{passage}", seen)
            yield query, "0", passage, "1"

    with atomic_path(passages_path) as temporary:  # there with its judgements or not at all
        number = write_parquet(temporary, PASSAGE_COLUMNS, checked_passages())
        return number, write_rows(qrels_path, checked_judgements(), separator=" ")


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
    """What `write_queries` found."""

    written: int
    empty: list[str]
    doubtful: list[str]


def write_queries(
    path: Path,
    doubtful_path: Path,
    queries: Iterable[Query],
    qrels_path: Path,
    is_doubtful: Callable[[str], bool],
) -> Queries:
    """Write (id, text) of the queries, and the ids of those whose text is doubtful.

    A query may be empty in one language because nobody translated it; it is left out and
    reported. Doubtful ones stay: results are given with and without them. Any other difference from
    the judgements is a fault.

    Raises:
        InputError: for an id given twice, a query without a judgement, a judged query that is
            not there.
    """
    judged = {line.split()[0] for _, line in numbered_lines(qrels_path)}
    known: set[str] = set()
    empty: list[str] = []
    doubtful: list[str] = []

    def checked_queries() -> Iterator[Query]:
        for query in queries:
            check_id(query.id, known)
            if not query.text.strip():
                empty.append(query.id)
                continue
            if is_doubtful(query.text):
                doubtful.append(query.id)
            yield query
        if unjudged := known - judged:
            raise InputError(f"queries without a judgement in {qrels_path}: {some(unjudged)}")
        if missing := judged - known:
            raise InputError(f"judged in {qrels_path} but not among the queries: {some(missing)}")

    written = write_rows(path, checked_queries())
    write_rows(doubtful_path, ((query,) for query in doubtful))
    return Queries(written, empty, doubtful)


def check_id(name: str, known: set[str]) -> None:
    """Add an id to the known ones.

    Raises:
        InputError: if it is known already, or cannot stand in a TREC file.
    """
    if len(name.split()) != 1 or any(map(str.isspace, name)):
        raise InputError(f"id {name!r} is empty or has white space")
    if name in known:
        raise InputError(f"id {name} is given twice")
    known.add(name)
