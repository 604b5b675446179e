"""Per-query scores of all TREC runs of a study, read and checked to be comparable."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from optical.runtime.errors import InputError

NO_STUDENT = "none"
"""Student and teacher of a method without a trained encoder."""

SCORE_COLUMNS = (
    *("study", "student", "teacher", "method", "language"),
    *("collection", "seed", "query_id", "metric", "value", "exact_value", "exact_recall"),
    "doubtful",
)
ROW = ["collection", "student", "teacher", "method", "language", "metric"]
NUMBERS = ("seed", "value", "exact_value", "exact_recall", "doubtful")


def read_scores(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read per-query score files (`SCORE_COLUMNS`) of one study into one table.

    Names are kept as categories: there are few of them, and millions of rows.

    Raises:
        InputError: for a file without those columns, no file at all, or files of several studies.
    """
    names = [column for column in SCORE_COLUMNS if column not in NUMBERS]
    tables = []
    for path in paths:
        missing = set(SCORE_COLUMNS) - set(pq.read_schema(path).names)
        if missing:
            raise InputError(f"{path}: no column {', '.join(sorted(missing))}")
        tables.append(pq.read_table(path, columns=list(SCORE_COLUMNS), read_dictionary=names))
    if not tables:
        raise InputError("no score file was given")
    scores = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries().to_pandas()
    studies = sorted(scores["study"].unique())
    if len(studies) > 1:
        raise InputError(f"scores of several studies in one table: {', '.join(studies)}")
    return scores


def common_queries(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of the queries that each collection has in every one of its languages.

    A query that nobody translated into one language would make that one's mean another's.

    Raises:
        InputError: for a collection without such a query.
    """
    keys = ("collection", "language", "query_id")
    columns = [scores[key].astype("category").cat for key in keys]
    collection, language, query = (column.codes.to_numpy(np.int64) for column in columns)
    # Whole numbers in place of names, of which there are millions.
    queries = collection * len(columns[2].categories) + query
    named, of_query = np.unique(queries, return_inverse=True)
    pairs = np.unique(of_query * len(columns[1].categories) + language)
    spoken = np.bincount(pairs // len(columns[1].categories), minlength=len(named))
    of_collection = np.zeros(len(named), np.int64)
    of_collection[of_query] = collection
    languages = np.unique(collection * len(columns[1].categories) + language)
    number = np.bincount(languages // len(columns[1].categories))
    common = spoken == number[of_collection]
    for code in np.setdiff1d(of_collection, of_collection[common]):
        own = scores[collection == code].groupby("language", observed=True)["query_id"].nunique()
        of_each = ", ".join(f"{number} in {name}" for name, number in own.sort_values().items())
        raise InputError(
            f"{columns[0].categories[code]}: no query is there in every language, of {of_each}; "
            "expected some in common: leave a language out of the study, or the collection"
        )
    return scores[common[of_query]]


def is_development(query_ids: pd.Series, share: float) -> pd.Series:
    """Whether each query is one of those for development, by a hash of its id.

    So it is in every language, method and version of a collection, whatever else there is.
    """
    names = query_ids.astype("category")
    hashes = [
        int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8]) / 2**64
        for name in names.cat.categories
    ]
    return pd.Series(np.array(hashes)[names.cat.codes] < share, index=query_ids.index)


def check_names(scores: pd.DataFrame, languages: Iterable[str], students: Sequence[str]) -> None:
    """Raise `InputError` for scores of a language or student that the study does not have."""
    ungrouped = set(scores["language"].unique()) - set(languages)
    if ungrouped:
        raise InputError(f"in no group: language {', '.join(sorted(ungrouped))}")
    scored = set(scores["student"].unique()) - {NO_STUDENT}
    if scored != set(students):
        raise InputError(
            f"scores are of the students {', '.join(sorted(scored)) or NO_STUDENT}, "
            f"expected {', '.join(students) or NO_STUDENT}"
        )


def check_comparable(scores: pd.DataFrame, pivot: str) -> None:
    """Raise `InputError` unless runs are over the same languages, queries and seeds."""
    repeated = scores.duplicated([*ROW, "seed", "query_id"])
    if repeated.any():
        row = scores[repeated].iloc[0]
        raise InputError(f"query {row['query_id']} is scored twice in {_name(row[ROW])}")

    queries = scores.groupby([*ROW, "seed"], observed=True)["query_id"].agg(frozenset).reset_index()
    _check_same(queries, ["collection", "metric"], "query_id", "query")

    seeds = queries[queries["language"] != pivot].groupby(ROW, observed=True)["seed"].agg(frozenset)
    seeds = seeds.reset_index()
    _check_same(seeds, ["collection", "student", "teacher", "method", "metric"], "seed", "seed")

    method = [column for column in ROW if column != "language"]
    languages = seeds.groupby(method, observed=True)["language"].agg(frozenset).reset_index()
    _check_same(languages, ["collection", "metric"], "language", "language")


def _check_same(table: pd.DataFrame, place: list[str], column: str, thing: str) -> None:
    """Raise `InputError` when the sets in `column` differ between rows of the same `place`."""
    first = table.groupby(place, observed=True)[column].transform("first")
    for position, (found, expected) in enumerate(zip(table[column], first, strict=True)):
        if found != expected:
            row = table.iloc[position]
            same = (table[place] == row[place]).all(axis="columns")
            other = table[same].iloc[0]
            names = [name for name in ROW if name in table.columns and name != column]
            example = min(found ^ expected)
            raise InputError(
                f"not comparable: {thing} {example} is in only one of "
                f"{_name(other[names])} and {_name(row[names])} "
                f"({len(expected)} and {len(found)} in all)"
            )


def _name(row: pd.Series) -> str:
    return "/".join(str(value) for value in row)
