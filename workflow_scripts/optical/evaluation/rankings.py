"""Some queries of a test collection, and what runs found for them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from optical.evaluation.scores import is_development
from optical.evaluation.trec import iterate_run
from optical.runtime.errors import InputError


def relevant_passages(qrels: Mapping[str, Mapping[str, int]], level: int) -> dict[str, list[str]]:
    """The relevant passages of each query that has any, the highest grade first."""
    found = {}
    for query, grades in qrels.items():
        names = [passage for passage, grade in grades.items() if grade >= level]
        if names:
            found[query] = sorted(names, key=lambda passage: -grades[passage])
    return found


def choose(
    texts: Mapping[str, Mapping[str, str]],
    relevant: Mapping[str, Sequence[str]],
    development: float,
    number: int,
) -> list[str]:
    """So many of the test queries that every language has, at even distances.

    texts: queries by language. relevant: relevant passages by query. development: the share of the
    queries that settings were chosen on, which are none of them.
    """
    first, *others = texts.values()
    names = [name for name in first if name in relevant and all(name in other for other in others)]
    if development and names:
        names = [
            name
            for name, is_one in zip(
                names, is_development(pd.Series(names), development), strict=True
            )
            if not is_one
        ]
    if not names:
        raise InputError("no query with a relevant passage is there in every language")
    number = min(number, len(names))
    return [names[place * len(names) // number] for place in range(number)]


def ranked(
    run: Path, queries: Sequence[str], relevant: Mapping[str, Sequence[str]], depth: int
) -> dict[str, tuple[int | None, list[str]]]:
    """(rank of the first relevant passage, or None; best passages) of each query in a run."""
    found: dict[str, tuple[int | None, list[str]]] = dict.fromkeys(queries, (None, []))
    for query, results in iterate_run(run, only=queries):
        order = sorted(results, key=lambda passage: (-results[passage], passage))
        good = set(relevant[query])
        ranks = (rank for rank, passage in enumerate(order, start=1) if passage in good)
        found[query] = (next(ranks, None), order[:depth])
    return found
