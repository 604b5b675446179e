"""Runs and judgements in the formats of TREC."""

import gzip
import io
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from optical.corpora.lines import intact, lines_of, without_last_blank
from optical.corpora.qrels import judged_once
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

Results = Mapping[str, float]
"""Passage ids of one query with their scores, in any order."""

MAXIMUM_DEPTH = 2**24
"""Whole numbers up to here are distinct in float32, in which trec_eval reads scores."""


def write_run(path: str | Path, rankings: Iterable[tuple[str, Results]], tag: str) -> int:
    """Write a gzipped TREC run from (query id, results) pairs, one query in memory at a time.

    Passages are ordered by falling score, then by passage id. The written score of rank r of n is
    n + 1 - r: trec_eval reads float32, in which two near-equal scores would become a tie that it
    breaks by passage id. Equal rankings give equal bytes.

    Returns the number of queries with at least one result.

    Raises:
        InputError: for a query met twice, a score that is not a number, an id with white space,
            or more than `MAXIMUM_DEPTH` results.
    """
    seen = set()
    written = 0
    with _gzip_text_writer(path) as file:
        for query, results in rankings:
            if query in seen:
                raise InputError(f"{path}: query {query} has two rankings")
            seen.add(query)
            written += bool(results)
            file.writelines(_run_lines(query, results, tag))
    return written


def without_query(query: str, results: Results, depth: int) -> dict[str, float]:
    """The results without the passage that is the query itself, by its id; the first `depth`.

    results: one more than `depth`, best first.
    """
    others = ((name, score) for name, score in results.items() if name != query)
    return dict(islice(others, depth))


def _run_lines(query: str, results: Results, tag: str) -> Iterator[str]:
    if len(results) > MAXIMUM_DEPTH:
        raise InputError(f"query {query} has {len(results)} results, at most {MAXIMUM_DEPTH}")
    for name in (query, tag, *results):
        if len(name.split()) != 1:
            raise InputError(
                f"query {query}: {name!r} cannot stand in a run, no white space in ids"
            )
    if any(math.isnan(score) for score in results.values()):
        raise InputError(f"query {query} has a score that is not a number")
    ranking = sorted(results, key=lambda passage: (-results[passage], passage))
    for rank, passage in enumerate(ranking, start=1):
        yield f"{query} Q0 {passage} {rank} {len(ranking) + 1 - rank} {tag}\n"


@contextmanager
def _gzip_text_writer(path: str | Path) -> Iterator[io.TextIOWrapper]:
    """Text into a gzip file without name and time in its header, so equal text is equal bytes."""
    with (
        atomic_path(path) as temporary,
        open(temporary, "wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as file,
    ):
        yield file


def iterate_run(
    path: str | Path, only: Collection[str] | None = None
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield (query id, {passage id: score}) of a gzipped TREC run, one query at a time.

    only: the queries to yield. Lines of others are skipped unchecked, five times as fast.

    Raises:
        InputError: names file and line of a malformed line, of a passage given twice for a query,
            and of a query whose lines are not together.
    """
    seen = set()
    query, results = None, {}
    for number, (line_query, _, passage, _, score, _) in _run_fields(path, only):
        if line_query != query:
            if query is not None:
                yield query, results
            if line_query in seen:
                raise InputError(f"{path}:{number}: the lines of query {line_query} are scattered")
            seen.add(line_query)
            query, results = line_query, {}
        if passage in results:
            raise InputError(f"{path}:{number}: passage {passage} twice for query {query}")
        results[passage] = _score(score, path, number)
    if query is not None:
        yield query, results


def read_qrels(path: str | Path) -> dict[str, dict[str, int]]:
    """Read TREC judgements: {query id: {passage id: relevance}}.

    Raises:
        InputError: names file and line of a malformed line and of a pair judged twice; also when
            the file holds no judgement.
    """
    qrels: dict[str, dict[str, int]] = {}
    for query, passage, grade in judged_once(Path(path), 4):
        qrels.setdefault(query, {})[passage] = grade
    return qrels


def _run_fields(path: str | Path, only: Collection[str] | None) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, the six fields) of a run; blank lines at its end are none."""
    with intact(path), gzip.open(path, "rt", encoding="utf-8") as file:
        if only is None:
            lines = without_last_blank(lines_of(file, path))
        else:
            begin = tuple(f"{query}{space}" for query in only for space in " \t")
            lines = (
                (number, line) for number, line in enumerate(file, 1) if line.startswith(begin)
            )
        for number, line in lines:
            fields = line.split()
            if len(fields) != 6:
                found = f"{len(fields)}: {line[:60]!r}"
                raise InputError(f"{path}:{number}: expected 6 fields, got {found}")
            yield number, fields


def _score(text: str, path: str | Path, line: int) -> float:
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if math.isnan(score):
        raise InputError(f"{path}:{line}: score {text!r} is not a number")
    return score
