"""Means of languages and groups over queries and seeds, and the gaps made of them.

Every measure is an array [points]: its value as measured and around it, of which
`optical.evaluation.resampling` makes intervals and p-values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optical.evaluation.resampling import Bootstrap, bootstrap, interval
from optical.evaluation.scores import NO_STUDENT

PIVOT_GROUP = "pivot"
FLOOR = "bm25"
BASELINE = "zero_shot"
# A 95 % interval with the quantiles of the normal distribution.
STANDARD_ERRORS = 1.96


@dataclass(frozen=True)
class Rows:
    """The rows of the language table of one collection and metric.

    table: their labels, in the order of the study: student, teacher, method, language, group,
        n_queries, n_seeds, and the columns of `_cost_of_index` and `_without_doubtful`.
    bootstrap: means of the rows at its points, [points, rows].
    queries: the mean over the seeds of each query, [rows, queries].
    """

    table: pd.DataFrame
    bootstrap: Bootstrap
    queries: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """Mean of each row, [points, rows], the first point as it was measured."""
        return self.bootstrap.means

    def of(self, **labels: str) -> list[int]:
        """The places of the rows with these labels."""
        chosen = np.ones(len(self.table), dtype=bool)
        for name, label in labels.items():
            chosen &= (self.table[name] == label).to_numpy()
        return np.flatnonzero(chosen).tolist()

    def undefined(self) -> np.ndarray:
        """A measure that has no value, [points]."""
        return np.full(len(self.values), np.nan)

    def mean(self, **labels: str) -> np.ndarray:
        """The mean over the rows with these labels, [points]; NaN without such a row."""
        places = self.of(**labels)
        return self.values[:, places].mean(axis=1) if places else self.undefined()

    def methods(self) -> Iterator[dict[str, Any]]:
        """The labels of each student and method."""
        names = ["student", "teacher", "method"]
        for row in self.table[names].drop_duplicates().itertuples(index=False):
            yield row._asdict()

    def pivot(self, student: str, teacher: str, method: str) -> np.ndarray:
        """The teacher's value on queries in the pivot, or bm25's own, [points]."""
        own = FLOOR if student == NO_STUDENT else BASELINE
        return self.mean(student=student, teacher=teacher, method=own, group=PIVOT_GROUP)

    def denominator(self, measure: np.ndarray) -> np.ndarray:
        """What a ratio is divided by, [points]: NaN where it is not above 0.

        All NaN where the measure is within 1.96 standard errors of 0, which is where its 95 %
        interval includes 0: the ratio then has no bounded interval (Fieller, Journal of the Royal
        Statistical Society B 16, 1954). The quantile is that of the normal distribution also for
        few seeds: a mean score is never below 0, however far the interval of two seeds reaches.
        """
        if not measure[0] > STANDARD_ERRORS * self.bootstrap.standard_error(measure):
            return self.undefined()
        return np.where(measure > 0, measure, np.nan)

    def relative_gap(
        self, student: str, teacher: str, method: str, *, with_mid: bool = False
    ) -> np.ndarray:
        """1 - low / high, [points]; NaN where the high group is 0 or near it.

        with_mid: the high group has the languages of mid too; NaN where there are none.
        """
        labels = {"student": student, "teacher": teacher, "method": method}
        high, low = (self.mean(group=group, **labels) for group in ("high", "low"))
        if with_mid:
            highs, mids = (len(self.of(group=group, **labels)) for group in ("high", "mid"))
            mid = self.mean(group="mid", **labels)
            high = (highs * high + mids * mid) / max(highs + mids, 1)
        return 1 - low / self.denominator(high)

    def gap_difference(self, student: str, teacher: str, method: str) -> np.ndarray:
        """The relative gap minus that of zero_shot, [points]."""
        before = self.relative_gap(student, teacher, BASELINE)
        return self.relative_gap(student, teacher, method) - before

    def gap_closed(self, student: str, teacher: str, method: str) -> np.ndarray:
        """1 - gap / gap of zero_shot, [points]; NaN where zero_shot has none, or hardly one.

        A gap may be below 0, as a mean score may not. So its interval, which is wide for few seeds,
        has to be above 0 too.
        """
        to_close = self.denominator(self.relative_gap(student, teacher, BASELINE))
        if not interval(self.bootstrap.samples(to_close))[0] > 0:
            return self.undefined()
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
    table["group"] = table["language"].map(group_of)
    table["n_queries"] = len(rank)
    table["n_seeds"] = [len(own) for own in seeds_of]
    return Rows(
        table=table.merge(_cost_of_index(scores), on=keys, how="left").merge(
            _without_doubtful(scores), on=keys, how="left"
        ),
        bootstrap=bootstrap(values, seeds_of, resamples),
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


def _first_seen(names: Iterable[str]) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}
