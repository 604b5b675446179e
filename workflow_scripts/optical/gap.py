"""The gap between high- and low-resource languages, from per-query scores.

With MAP(l) of language l, and m_H and m_L the means of the two groups over their languages:

- absolute gap: m_H - m_L
- relative gap: 1 - m_L / m_H
- gap closed by a method: 1 - gap(method) / gap(zero_shot), both of them *relative* gaps, of the
  same collection, student and metric

Every language weighs the same in its group, whatever its number of queries.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

GROUPS = ("high", "mid", "low")
"""Resource groups. `mid` is shown and enters neither mean."""

PIVOT_GROUP = "pivot"
FLOOR = "bm25"
BASELINE = "zero_shot"
NO_STUDENT = "none"
"""Student and teacher of a method without a trained encoder."""

SCORE_COLUMNS = (
    *("study", "student", "teacher", "method", "language"),
    *("collection", "seed", "query_id", "metric", "value", "exact_value", "exact_recall"),
)
LANGUAGE_COLUMNS = (
    *("collection", "student", "teacher", "method", "language"),
    *("group", "metric", "n_queries", "value", "floor"),
    *("n_exact", "index_value", "exact_value", "exact_recall"),
)
GAP_COLUMNS = (
    *("collection", "student", "teacher", "method", "metric", "pivot", "high", "low"),
    *("absolute_gap", "relative_gap", "gap_closed", "floor_pivot", "floor_high", "floor_low"),
)
RUN = ["collection", "student", "teacher", "method", "language", "metric"]
NUMBERS = ("seed", "value", "exact_value", "exact_recall")


def read_scores(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read per-query score files (`SCORE_COLUMNS`) of one study into one table.

    Names are kept as categories: there are few of them, and millions of rows.

    Raises:
        ValueError: for a file without those columns, no file at all, or files of several studies.
    """
    names = [column for column in SCORE_COLUMNS if column not in NUMBERS]
    tables = []
    for path in paths:
        missing = set(SCORE_COLUMNS) - set(pq.read_schema(path).names)
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))}")
        tables.append(pq.read_table(path, columns=list(SCORE_COLUMNS), read_dictionary=names))
    if not tables:
        raise ValueError("no score file was given")
    scores = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries().to_pandas()
    studies = sorted(scores["study"].unique())
    if len(studies) > 1:
        raise ValueError(f"scores of several studies in one table: {', '.join(studies)}")
    return scores


def read_table(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table of this module back from CSV; `columns` are those it has to have.

    Only an empty cell is a missing number: "nan" is a language (Min Nan) like any other.
    """
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}")
    return table


def language_table(
    scores: pd.DataFrame,
    groups: Mapping[str, Sequence[str]],
    pivot: str,
    students: Sequence[str],
) -> pd.DataFrame:
    """Mean of each language: over the queries of a seed, then over the seeds.

    Args:
        scores: `SCORE_COLUMNS`, one row per query of each run.
        groups: languages of each of `GROUPS`; languages without any score are ignored.
        pivot: the passages' language. It stands in no group: no student is trained for it.
        students: names in the order of the study, that is of their size.

    Returns:
        `LANGUAGE_COLUMNS`: a row per collection, student, method, language and metric. `floor` is
        the value of bm25 there, NaN without such a run; `group` is `pivot` for the pivot. Of an
        approximate index `n_exact` counts the queries that were searched exactly too, over which
        `index_value` and `exact_value` are the means of either search, and `exact_recall` that of
        the share of the best passages which the index found.

    Raises:
        ValueError: where methods or students could not be compared: other languages, queries or
            seeds than their neighbours, a language in no group or two, an unknown student.
    """
    group_of = _group_of(groups, pivot)
    _check_names(scores, group_of, students)
    _check_comparable(scores, pivot)

    seeds = scores.groupby([*RUN, "seed"], observed=True)["value"].agg(["mean", "size"])
    runs = seeds.reset_index().groupby(RUN, observed=True)
    table = runs.agg(value=("mean", "mean"), n_queries=("size", "first")).reset_index()
    table = table.merge(_cost_of_index(scores), on=RUN, how="left")
    table["n_exact"] = table["n_exact"].fillna(0).astype(int)
    table = table.astype(dict.fromkeys(RUN, "str"))
    table["group"] = table["language"].map(group_of)

    place = ["collection", "language", "metric"]
    floor = table.loc[table["method"] == FLOOR, [*place, "value"]]
    table = table.merge(floor.rename(columns={"value": "floor"}), on=place, how="left")

    order = {
        "collection": _first_seen(scores["collection"]),
        "metric": _first_seen(scores["metric"]),
        "student": {name: rank for rank, name in enumerate([NO_STUDENT, *students])},
        "method": _first_seen([FLOOR, BASELINE, *scores["method"].unique()]),
        "language": {language: rank for rank, language in enumerate(group_of)},
    }
    table = table.sort_values(list(order), key=lambda column: column.map(order[column.name]))
    return table[list(LANGUAGE_COLUMNS)].reset_index(drop=True)


def _cost_of_index(scores: pd.DataFrame) -> pd.DataFrame:
    """Of each run, what exact search makes of the queries that were searched exactly too."""
    runs = scores[scores["exact_value"].notna()].groupby(RUN, observed=True)
    return runs.agg(
        n_exact=("query_id", "nunique"),
        index_value=("value", "mean"),
        exact_value=("exact_value", "mean"),
        exact_recall=("exact_recall", "mean"),
    ).reset_index()


def gap_table(languages: pd.DataFrame, pivot: str) -> pd.DataFrame:
    """Compare the groups of languages, one row per collection, student, method and metric.

    Args:
        languages: as `language_table` gives it.
        pivot: the passages' language.

    Returns:
        `GAP_COLUMNS`, in the order of `languages`. `pivot` is the teacher's own value on queries
        in the pivot language, also for trained methods, which have no pivot run (bm25: its own).
        `high` and `low` are means over the languages the collection has. `gap_closed` compares
        relative gaps with zero_shot's; it is NaN where zero_shot has no positive gap to close.
        Gaps are NaN where a group has no language, `relative_gap` also where `high` is 0.
    """
    rows = []
    for key, rows_of_method in languages.groupby(
        ["collection", "student", "teacher", "metric", "method"], sort=False
    ):
        collection, student, teacher, metric, method = key
        means = rows_of_method.groupby("group")[["value", "floor"]].mean()
        means = means.reindex([PIVOT_GROUP, "high", "low"])
        high, low = means.loc["high", "value"], means.loc["low", "value"]
        rows.append(
            {
                "collection": collection,
                "student": student,
                "teacher": teacher,
                "method": method,
                "metric": metric,
                "pivot": means.loc[PIVOT_GROUP, "value"],
                "high": high,
                "low": low,
                "absolute_gap": high - low,
                "relative_gap": 1 - low / high if high > 0 else float("nan"),
                "floor_pivot": means.loc[PIVOT_GROUP, "floor"],
                "floor_high": means.loc["high", "floor"],
                "floor_low": means.loc["low", "floor"],
            }
        )
    table = pd.DataFrame(rows)

    key = ["collection", "student", "teacher", "metric"]
    baseline = table.loc[
        table["method"] == BASELINE, [*key, "pivot", "relative_gap", "floor_pivot"]
    ]
    table = table.merge(baseline, on=key, how="left", suffixes=("", "_baseline"))
    for column in ("pivot", "floor_pivot"):
        table[column] = table[column].fillna(table[f"{column}_baseline"])
    to_close = table["relative_gap_baseline"]
    table["gap_closed"] = 1 - table["relative_gap"] / to_close.where(to_close > 0)
    return table[list(GAP_COLUMNS)]


def _group_of(groups: Mapping[str, Sequence[str]], pivot: str) -> dict[str, str]:
    """Group of each language, in the order of the tables: pivot, high, mid, low."""
    unknown = set(groups) - set(GROUPS)
    if unknown:
        raise ValueError(f"group {min(unknown)!r}: expected one of {', '.join(GROUPS)}")
    group_of = {pivot: PIVOT_GROUP}
    for group in GROUPS:
        for language in groups.get(group, ()):
            if language in group_of:
                raise ValueError(
                    f"language {language} is in group {group} and already {group_of[language]}"
                )
            group_of[language] = group
    return group_of


def _check_names(scores: pd.DataFrame, groups: Iterable[str], students: Sequence[str]) -> None:
    ungrouped = set(scores["language"].unique()) - set(groups)
    if ungrouped:
        raise ValueError(f"in no group: language {', '.join(sorted(ungrouped))}")
    scored = set(scores["student"].unique()) - {NO_STUDENT}
    if scored != set(students):
        raise ValueError(
            f"scores are of the students {', '.join(sorted(scored)) or NO_STUDENT}, "
            f"expected {', '.join(students) or NO_STUDENT}"
        )


def _check_comparable(scores: pd.DataFrame, pivot: str) -> None:
    """Means are compared only over the same languages, queries and seeds."""
    repeated = scores.duplicated([*RUN, "seed", "query_id"])
    if repeated.any():
        row = scores[repeated].iloc[0]
        raise ValueError(f"query {row['query_id']} is scored twice in {_name(row[RUN])}")

    queries = scores.groupby([*RUN, "seed"], observed=True)["query_id"].agg(frozenset).reset_index()
    _check_same(queries, ["collection", "language", "metric"], "query_id", "query")

    seeds = queries[queries["language"] != pivot].groupby(RUN, observed=True)["seed"].agg(frozenset)
    seeds = seeds.reset_index()
    _check_same(seeds, ["collection", "student", "teacher", "method", "metric"], "seed", "seed")

    method = [column for column in RUN if column != "language"]
    languages = seeds.groupby(method, observed=True)["language"].agg(frozenset).reset_index()
    _check_same(languages, ["collection", "metric"], "language", "language")


def _check_same(table: pd.DataFrame, place: list[str], column: str, thing: str) -> None:
    """Raise `ValueError` when the sets in `column` differ between rows of the same `place`."""
    first = table.groupby(place, observed=True)[column].transform("first")
    for position, (found, expected) in enumerate(zip(table[column], first, strict=True)):
        if found != expected:
            row = table.iloc[position]
            same = (table[place] == row[place]).all(axis="columns")
            other = table[same].iloc[0]
            names = [name for name in RUN if name in table.columns and name != column]
            example = min(found ^ expected)
            raise ValueError(
                f"not comparable: {thing} {example} is in only one of "
                f"{_name(other[names])} and {_name(row[names])} "
                f"({len(expected)} and {len(found)} in all)"
            )


def _name(row: pd.Series) -> str:
    return "/".join(str(value) for value in row)


def _first_seen(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}
