"""The files of a test collection, as later steps read them, checked against each other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from optical.corpora.ids import Ids, as_id
from optical.corpora.lines import numbered_lines
from optical.corpora.records import Passage, Query
from optical.corpora.rows import some, write_parquet, write_rows
from optical.corpora.text import Place, is_empty
from optical.corpora.words import countable
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

PASSAGE_COLUMNS = ["passage_id", "judged_id", "text"]
"""A passage's own id, and the id that judgements and runs know its text by. They differ for the
windows of a long text, which stand together."""


class Written(NamedTuple):
    """What `write_collection` wrote, and the passages without text, a blank line by its place."""

    passages: int
    judgements: int
    empty: list[str]


def write_collection(
    passages_path: Path,
    qrels_path: Path,
    passages: Iterable[Passage],
    judgements: Iterable[tuple[str, str]],
    *,
    window: int | None = None,
    stride: int | None = None,
) -> Written:
    """Write the passages (parquet) and the judgements (TREC).

    Passages without text are left out and counted. window, stride: as in `windows`; texts stay
    whole where they are None.

    Raises:
        InputError: for an id given twice or with white space, a judgement of no known passage or
            given twice, and for a relevant passage without text.
    """
    known = Ids()
    empty: dict[str, Place | None] = {}

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
        seen = set()
        for query, passage in judgements:
            if passage not in known:
                raise InputError(f"query {query} is judged for {passage}, which is no passage")
            if passage in empty:
                begin = f"{empty[passage]}: " if empty[passage] else ""
                raise InputError(
                    f"{begin}passage {passage} has no text, but is relevant to query {query}; "
                    "expected a text, or no such judgement"
                )
            if (query, passage) in seen:
                raise InputError(f"query {query} is judged twice for {passage}")
            seen.add((as_id(query), passage))
            yield query, "0", passage, "1"

    with atomic_path(passages_path) as temporary:  # there with its judgements or not at all
        number = write_parquet(temporary, PASSAGE_COLUMNS, checked_passages())
        judged = write_rows(qrels_path, checked_judgements(), separator=" ")
        return Written(number, judged, list(empty))


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
    """What `write_queries` found; `empty` has a blank line by its place."""

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
    known = Ids()
    empty: list[str] = []
    doubtful: list[str] = []

    def checked_queries() -> Iterator[tuple[str, str]]:
        for query in queries:
            if query.id or query.text:
                known.add(as_id(query.id, query.place), query.place)
            if is_empty(query.text):
                empty.append(query.id or str(query.place))
                continue
            if is_doubtful(query.text):
                doubtful.append(query.id)
            yield query.id, query.text
        if unjudged := known.names.keys() - judged:
            raise InputError(f"queries without a judgement in {qrels_path}: {some(unjudged)}")
        if missing := judged - known.names.keys():
            raise InputError(f"judged in {qrels_path} but not among the queries: {some(missing)}")

    written = write_rows(path, checked_queries())
    write_rows(doubtful_path, ((query,) for query in doubtful))
    return Queries(written, empty, doubtful)
