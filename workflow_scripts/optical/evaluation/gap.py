"""The gap between high- and low-resource languages, from per-query scores, with its uncertainty.

With MAP(l) of language l, and m_H and m_L the means of the two groups over their languages:

- absolute gap: m_H - m_L
- relative gap: 1 - m_L / m_H
- retention: MAP(l) / MAP of the teacher on queries in the pivot
- gap closed by a method: 1 - gap(method) / gap(zero_shot), both of them *relative* gaps, of the
  same collection, student and metric
- scaling effect: the relative gap of a larger student minus that of a smaller one; with three sizes
  and more also its slope per doubling of the encoder's parameters, embeddings left out
- difference in differences: the gap that a method closes at the larger size minus at the smaller
- contrast of two methods: the one's value or gap minus the other's, for the same student

Every language weighs the same in its group, whatever its number of queries. A column x has its 95 %
interval beside it, x_from to x_to: percentiles over 10,000 resamples of the queries, and seeds,
which are the same for all rows of a collection (`optical.evaluation.resampling`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from optical.evaluation.resampling import (
    RESAMPLES,
    bootstrap_means,
    holm,
    interval,
    randomisation_test,
)
from optical.evaluation.scores import NO_STUDENT, check_comparable, check_names
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

PIVOT_GROUP = "pivot"
FLOOR = "bm25"
BASELINE = "zero_shot"
METHOD = "optical"
"""The method that the study is about."""


def with_interval(*names: str) -> tuple[str, ...]:
    """Names of columns, each followed by the columns of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_from", "_to"))


LANGUAGE_COLUMNS = (
    *("collection", "student", "teacher", "method", "language", "group", "metric", "n_queries"),
    *(*with_interval("value"), "p", "p_holm", *with_interval("retention"), "floor"),
    *("n_exact", "index_value", "exact_value", "exact_recall", "n_doubtful", "clear_value"),
)
GAP_COLUMNS = (
    *("collection", "student", "teacher", "method", "metric"),
    *with_interval("pivot", "high", "low", "absolute_gap", "relative_gap", "gap_closed"),
    *with_interval("relative_gap_with_mid"),
    *("floor_pivot", "floor_high", "floor_low"),
)
SIZE_COLUMNS = (
    *("collection", "method", "metric", "smaller", "larger"),
    *with_interval("scaling_effect", "difference_in_differences", "slope_per_doubling"),
)
CONTRAST_COLUMNS = (
    *("collection", "student", "teacher", "method", "against", "metric"),
    *with_interval("high", "low", "relative_gap"),
)


class Tables(NamedTuple):
    """What the scores say: `LANGUAGE_COLUMNS`, `GAP_COLUMNS` and so on."""

    language: pd.DataFrame
    gap: pd.DataFrame
    size: pd.DataFrame
    contrast: pd.DataFrame


COLUMNS = Tables(LANGUAGE_COLUMNS, GAP_COLUMNS, SIZE_COLUMNS, CONTRAST_COLUMNS)


def compare(
    scores: pd.DataFrame,
    groups: Mapping[str, Sequence[str]],
    pivot: str,
    students: Sequence[str],
    *,
    parameters: Mapping[str, int] | None = None,
    resamples: int = RESAMPLES,
) -> Tables:
    """Compare languages, groups and sizes.

    Args:
        scores: `SCORE_COLUMNS`, one row per query of each TREC run.
        groups: languages of each of `GROUPS`; languages without any score are ignored.
        pivot: the passages' language. It stands in no group: no student is trained for it.
        students: names in the order of the study, that is of their size.
        parameters: of the encoder of a student, embeddings left out; sizes without them have no
            slope.
        resamples: how often queries are drawn again.

    Returns:
        Four tables, by collection and metric, in the order of the scores, and in each by student,
        method and language, in the order of the study.

        Languages: `value` is the mean over the queries of a seed, then over the seeds; `p` that of
        a randomisation test against zero_shot (without a student: against bm25), and `p_holm` the
        same corrected over the languages
        of the method. `floor` is the value of bm25; `group` is `pivot` for the pivot. Of an
        approximate index `n_exact` counts the queries that were searched exactly too, over which
        `index_value` and `exact_value` are the means of either search, and `exact_recall` that of
        the share of the best passages which the index found. `n_doubtful` counts the queries that
        may not be in the language, and `clear_value` is the mean over the others.

        Gap: `pivot` is the teacher's own value on queries in the pivot language, also for trained
        methods, which have no pivot run (bm25: its own). `gap_closed` compares with zero_shot of
        the same student; it is NaN where zero_shot has no positive gap to close. Gaps are NaN where
        a group has no language, the relative gap also where the high group is 0.
        `relative_gap_with_mid` has the languages of mid in the high group, NaN without any.

        Sizes: a row for every two sizes, which are the first students of their teachers; the slope
        stands in the row of the smallest and the largest of three and more.

        Contrasts: optical minus each other method of its students.

    Raises:
        InputError: where methods or students could not be compared: other languages, queries or
            seeds than their neighbours, a language in no group or two, an unknown student.
    """
    group_of = _group_of(groups, pivot)
    check_names(scores, group_of, students)
    check_comparable(scores, pivot)
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in Tables._fields}
    for (collection, metric), part in scores.groupby(
        ["collection", "metric"], sort=False, observed=True
    ):
        rows = measure(part, group_of, students, resamples)
        for name, table in (
            ("language", language_table(rows)),
            ("gap", gap_table(rows)),
            ("size", size_table(rows, parameters or {})),
            ("contrast", contrast_table(rows)),
        ):
            tables[name].append(table.assign(collection=collection, metric=metric))
    return Tables(
        *(
            pd.concat(tables[name], ignore_index=True)[list(columns)]
            for name, columns in zip(Tables._fields, COLUMNS, strict=True)
        )
    )


@dataclass(frozen=True)
class Rows:
    """The rows of the language table of one collection and metric.

    table: their labels, in the order of the study: student, teacher, method, language, group,
        n_queries, and the columns of `_cost_of_index` and `_without_doubtful`.
    values: mean of each row, [1 + resamples, rows], the first row as it was measured.
    queries: the mean over the seeds of each query, [rows, queries].
    """

    table: pd.DataFrame
    values: np.ndarray
    queries: np.ndarray

    def of(self, **labels: str) -> list[int]:
        """The places of the rows with these labels."""
        chosen = np.ones(len(self.table), dtype=bool)
        for name, label in labels.items():
            chosen &= (self.table[name] == label).to_numpy()
        return np.flatnonzero(chosen).tolist()

    def mean(self, **labels: str) -> np.ndarray:
        """The mean over the rows with these labels, [1 + resamples]; NaN without such a row."""
        places = self.of(**labels)
        if not places:
            return np.full(len(self.values), np.nan)
        return self.values[:, places].mean(axis=1)

    def methods(self) -> Iterator[dict[str, Any]]:
        """The labels of each student and method."""
        names = ["student", "teacher", "method"]
        for row in self.table[names].drop_duplicates().itertuples(index=False):
            yield row._asdict()

    def pivot(self, student: str, teacher: str, method: str) -> np.ndarray:
        """The teacher's value on queries in the pivot, or bm25's own, [1 + resamples]."""
        own = FLOOR if student == NO_STUDENT else BASELINE
        return self.mean(student=student, teacher=teacher, method=own, group=PIVOT_GROUP)

    def relative_gap(
        self, student: str, teacher: str, method: str, *, with_mid: bool = False
    ) -> np.ndarray:
        """1 - low / high, [1 + resamples]; NaN where the high group is 0.

        with_mid: the high group has the languages of mid too; NaN where there are none.
        """
        labels = {"student": student, "teacher": teacher, "method": method}
        high, low = (self.mean(group=group, **labels) for group in ("high", "low"))
        if with_mid:
            highs, mids = (len(self.of(group=group, **labels)) for group in ("high", "mid"))
            mid = self.mean(group="mid", **labels)
            high = (highs * high + mids * mid) / max(highs + mids, 1)
        return 1 - low / np.where(high > 0, high, np.nan)

    def gap_closed(self, student: str, teacher: str, method: str) -> np.ndarray:
        """1 - gap / gap of zero_shot, [1 + resamples]; NaN where zero_shot has none."""
        to_close = self.relative_gap(student, teacher, BASELINE)
        to_close = np.where(to_close > 0, to_close, np.nan)
        return 1 - self.relative_gap(student, teacher, method) / to_close


def measure(
    scores: pd.DataFrame, group_of: Mapping[str, str], students: Sequence[str], resamples: int
) -> Rows:
    """The means of the rows of one collection and metric."""
    keys = ["student", "teacher", "method", "language"]
    # Codes in place of names, of which there are millions.
    place = scores.groupby([*keys, "seed"], sort=False, observed=True).ngroup().to_numpy()
    seeds = scores[[*keys, "seed"]].drop_duplicates().astype(dict.fromkeys(keys, "str"))
    names = scores["query_id"].astype("category").cat.remove_unused_categories()
    rank = np.argsort(np.argsort(names.cat.categories.astype("str")))
    values = np.empty((len(seeds), len(rank)))
    values[place, rank[names.cat.codes]] = scores["value"].to_numpy(dtype=np.float64)

    orders = {
        "student": {name: rank for rank, name in enumerate([NO_STUDENT, *students])},
        "method": _first_seen([FLOOR, BASELINE, *seeds["method"]]),
        "language": {language: rank for rank, language in enumerate(group_of)},
    }
    table = (
        seeds[keys]
        .drop_duplicates()
        .sort_values(list(orders), key=lambda column: column.map(orders[column.name]))
    )
    table = table.reset_index(drop=True)
    of_row = seeds.reset_index(drop=True).sort_values("seed").groupby(keys, sort=False).groups
    seeds_of = [list(of_row[tuple(row)]) for row in table.itertuples(index=False)]
    measured = np.array([values[own].mean(axis=1).mean() for own in seeds_of])
    table["group"] = table["language"].map(group_of)
    table["n_queries"] = len(rank)
    return Rows(
        table=table.merge(_cost_of_index(scores), on=keys, how="left").merge(
            _without_doubtful(scores), on=keys, how="left"
        ),
        values=np.vstack([measured, bootstrap_means(values, seeds_of, resamples)]),
        queries=np.stack([values[own].mean(axis=0) for own in seeds_of]),
    )


def _cost_of_index(scores: pd.DataFrame) -> pd.DataFrame:
    """Of each row, what exact search makes of the queries that were searched exactly too."""
    keys = ["student", "teacher", "method", "language"]
    checked = scores["exact_value"].notna()
    rows = scores.assign(
        query_id=scores["query_id"].where(checked), value=scores["value"].where(checked)
    )
    table = rows.groupby(keys, observed=True).agg(
        n_exact=("query_id", "nunique"),
        index_value=("value", "mean"),
        exact_value=("exact_value", "mean"),
        exact_recall=("exact_recall", "mean"),
    )
    return table.reset_index().astype(dict.fromkeys(keys, "str"))


def _without_doubtful(scores: pd.DataFrame) -> pd.DataFrame:
    """Of each row, how many queries may not be in the language, and the mean over the others."""
    keys = ["student", "teacher", "method", "language"]
    clear = ~scores["doubtful"].to_numpy(dtype=bool)
    rows = scores.assign(
        query_id=scores["query_id"].mask(clear), value=scores["value"].where(clear)
    )
    table = rows.groupby(keys, observed=True).agg(
        n_doubtful=("query_id", "nunique"), clear_value=("value", "mean")
    )
    return table.reset_index().astype(dict.fromkeys(keys, "str"))


def language_table(rows: Rows) -> pd.DataFrame:
    """The language table of a collection and metric, see `compare`."""
    table = rows.table.copy()
    floor = table.index[table["method"] == FLOOR]
    floor = dict(zip(table["language"][floor], rows.values[0, floor], strict=True))
    table["floor"] = [floor.get(language, np.nan) for language in table["language"]]
    retention = np.full(rows.values.shape, np.nan)
    families = []
    for labels in rows.methods():
        places = rows.of(**labels)
        pivot = rows.pivot(**labels)
        retention[:, places] = rows.values[:, places] / np.where(pivot > 0, pivot, np.nan)[:, None]
        if labels["method"] not in (FLOOR, BASELINE):
            own = FLOOR if labels["student"] == NO_STUDENT else BASELINE
            before = rows.of(**labels | {"method": own})
            of_language = dict(zip(table["language"][before], before, strict=True))
            families.append({at: of_language[table["language"][at]] for at in places})
    table["p"] = table["p_holm"] = np.nan
    pairs = {after: before for family in families for after, before in family.items()}
    if pairs:
        differences = rows.queries[list(pairs)] - rows.queries[list(pairs.values())]
        table.loc[list(pairs), "p"] = randomisation_test(differences)
    for family in families:
        table.loc[list(family), "p_holm"] = holm(table.loc[list(family), "p"].to_numpy())
    _add(table, "value", rows.values)
    _add(table, "retention", retention)
    return table


def gap_table(rows: Rows) -> pd.DataFrame:
    """A row for each student and method of a collection and metric, see `compare`."""
    found = []
    for labels in rows.methods():
        high, low = (rows.mean(group=group, **labels) for group in ("high", "low"))
        measures = {
            "pivot": rows.pivot(**labels),
            "high": high,
            "low": low,
            "absolute_gap": high - low,
            "relative_gap": rows.relative_gap(**labels),
            "gap_closed": rows.gap_closed(**labels),
            "relative_gap_with_mid": rows.relative_gap(**labels, with_mid=True),
        }
        floors = {
            f"floor_{group}": rows.mean(method=FLOOR, group=group)[0]
            for group in (PIVOT_GROUP, "high", "low")
        }
        row = labels | _measured(measures) | floors
        if labels["method"] == BASELINE:  # it closes nothing of its own gap, by definition
            row["gap_closed_from"] = row["gap_closed_to"] = float("nan")
        found.append(row)
    return pd.DataFrame(found)


def size_table(rows: Rows, parameters: Mapping[str, int]) -> pd.DataFrame:
    """A row for each method and two sizes of a collection and metric, see `compare`."""
    labels = [labels for labels in rows.methods() if labels["student"] != NO_STUDENT]
    # Another student of a teacher has an encoder of another size than its teacher.
    firsts = {one["teacher"]: one["student"] for one in reversed(labels)}
    found = []
    for method in dict.fromkeys(one["method"] for one in labels):
        of_size = [
            one
            for one in labels
            if one["method"] == method and firsts[one["teacher"]] == one["student"]
        ]
        gaps = [rows.relative_gap(**one) for one in of_size]
        closed = [rows.gap_closed(**one) for one in of_size]
        for small, large in combinations(range(len(of_size)), 2):
            row = {"method": method}
            row["smaller"], row["larger"] = of_size[small]["student"], of_size[large]["student"]
            differences = {
                "scaling_effect": gaps[large] - gaps[small],
                "difference_in_differences": closed[large] - closed[small],
            }
            if method == BASELINE:  # it closes nothing at any size
                differences["difference_in_differences"] = np.full(len(gaps[0]), np.nan)
            ends = (small, large) == (0, len(of_size) - 1)
            known = [parameters.get(one["student"]) for one in of_size]
            slope = np.full(len(gaps[0]), np.nan)
            if ends and len(of_size) > 2 and all(known):
                doublings = np.log2(np.array(known, dtype=np.float64))
                doublings -= doublings.mean()
                slope = doublings @ np.stack(gaps) / (doublings @ doublings)
            found.append(row | _measured(differences | {"slope_per_doubling": slope}))
    return pd.DataFrame(found, columns=SIZE_COLUMNS)


def contrast_table(rows: Rows) -> pd.DataFrame:
    """A row for each student that has optical and each other method of it, see `compare`."""
    found = []
    for labels in rows.methods():
        own = labels | {"method": METHOD}
        if labels["method"] == METHOD or not rows.of(**own):
            continue
        row = own | {"against": labels["method"]}
        differences = {
            group: rows.mean(group=group, **own) - rows.mean(group=group, **labels)
            for group in ("high", "low")
        }
        differences["relative_gap"] = rows.relative_gap(**own) - rows.relative_gap(**labels)
        found.append(row | _measured(differences))
    return pd.DataFrame(found, columns=CONTRAST_COLUMNS)


def _measured(measures: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Columns of measures, [1 + resamples] each, with their intervals."""
    row = {}
    for name, values in measures.items():
        row[name] = values[0]
        row[f"{name}_from"], row[f"{name}_to"] = interval(values[1:])
    return row


def _add(table: pd.DataFrame, name: str, values: np.ndarray) -> None:
    """Add the column of a measure, [1 + resamples, rows], and those of its interval."""
    table[name] = values[0]
    bounds = [interval(of_row) for of_row in values[1:].T]
    table[f"{name}_from"], table[f"{name}_to"] = zip(*bounds, strict=True)


def read_table(path: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table of this module back from CSV; `columns` are those it has to have.

    Only an empty cell is a missing number: "nan" is a language (Min Nan) like any other.
    """
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}")
    return table


def _group_of(groups: Mapping[str, Sequence[str]], pivot: str) -> dict[str, str]:
    """Group of each language, in the order of the tables: pivot, high, mid, low."""
    unknown = set(groups) - set(GROUPS)
    if unknown:
        raise InputError(f"group {min(unknown)!r}: expected one of {', '.join(GROUPS)}")
    group_of = {pivot: PIVOT_GROUP}
    for group in GROUPS:
        for language in groups.get(group, ()):
            if language in group_of:
                raise InputError(
                    f"language {language} is in group {group} and already {group_of[language]}"
                )
            group_of[language] = group
    return group_of


def _first_seen(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}
