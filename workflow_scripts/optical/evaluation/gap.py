"""The gap between high- and low-resource languages, from per-query scores, with its uncertainty.

With MAP(l) of language l, and m_H and m_L the means of the two groups over their languages:

- absolute gap: m_H - m_L
- relative gap: 1 - m_L / m_H
- retention: MAP(l) / MAP of the teacher on queries in the pivot
- gap difference of a method: its relative gap minus that of zero_shot, of the same collection,
  student and metric
- gap closed by a method: 1 - gap(method) / gap(zero_shot), both of them *relative* gaps
- scaling effect: the relative gap of a larger student minus that of a smaller one; for three sizes
  or more also the slope per doubling of the encoder's parameters without embeddings
- difference in differences: the gap that a method closes at the larger size minus at the smaller
- contrast of two methods: the one's value or gap minus the other's, for the same student

Every language weighs the same in its group, whatever its number of queries. A ratio whose
denominator is near 0 is NaN (`optical.evaluation.measures.Rows.denominator`).

A column x has its 95 % confidence interval beside it, x_from to x_to. It comes from 10,000
resamples of the queries and from the variance of the seeds (`optical.evaluation.resampling`). The
resamples are the same for all rows of a collection. Differences also have p-values: x_p, two-sided,
of the same distribution, and x_p_holm, Holm-corrected over all rows of the table for the same
measure, collection and metric.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from optical.evaluation.columns import holm_corrected, measured, with_interval, with_test
from optical.evaluation.contrasts import (
    CONTRAST_COLUMNS,
    LANGUAGE_CONTRAST_COLUMNS,
    check_contrasts,
    contrast_table,
    language_contrast_table,
)
from optical.evaluation.measures import BASELINE, FLOOR, PIVOT_GROUP, Rows, measure
from optical.evaluation.resampling import RESAMPLES, holm, interval, randomisation_test
from optical.evaluation.scores import NO_STUDENT, check_comparable, check_names
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

LANGUAGE_COLUMNS = (
    *("collection", "student", "teacher", "method", "language", "group", "metric", "n_queries"),
    *(*with_interval("value"), "p", "p_holm", *with_interval("retention"), "floor"),
    *("n_exact", "index_value", "exact_value", "exact_recall", "n_doubtful", "clear_value"),
)
GAP_COLUMNS = (
    *("collection", "student", "teacher", "method", "metric"),
    *with_interval("pivot", "high", "low", "absolute_gap", "relative_gap", "gap_closed"),
    *with_test("gap_difference", "high_difference"),
    *with_interval("relative_gap_with_mid"),
    *("floor_pivot", "floor_high", "floor_low"),
)
LABELS = (
    *("collection", "student", "teacher", "method", "against", "language", "group", "metric"),
    *("smaller", "larger"),
)
"""The columns of all tables that are names."""

SIZE_COLUMNS = (
    *("collection", "method", "metric", "smaller", "larger", "teacher_seeds"),
    *with_test("scaling_effect", "difference_in_differences", "slope_per_doubling"),
)


class Tables(NamedTuple):
    """What the scores say: `LANGUAGE_COLUMNS`, `GAP_COLUMNS` and so on."""

    language: pd.DataFrame
    gap: pd.DataFrame
    size: pd.DataFrame
    contrast: pd.DataFrame
    language_contrast: pd.DataFrame


COLUMNS = Tables(
    LANGUAGE_COLUMNS, GAP_COLUMNS, SIZE_COLUMNS, CONTRAST_COLUMNS, LANGUAGE_CONTRAST_COLUMNS
)


def compare(
    scores: pd.DataFrame,
    groups: Mapping[str, Sequence[str]],
    pivot: str,
    students: Sequence[str],
    *,
    parameters: Mapping[str, int] | None = None,
    contrasts: Sequence[tuple[str, str]] | None = None,
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
        contrasts: pairs (method, against). None: optical against each other method.
        resamples: how often queries are drawn again.

    Returns:
        Five tables, by collection and metric, in the order of the scores, and in each by student,
        method and language, in the order of the study.

        Languages: `value` is the mean over the queries of a seed, then over the seeds. `p` is the
        p-value of a randomisation test against zero_shot (without a student: against bm25), and
        `p_holm` is corrected over the languages of the method. `floor` is the value of bm25.
        `group` is `pivot` for the pivot. For an approximate index, `n_exact` counts the queries
        that were also searched exactly. `index_value` and `exact_value` are the means of both
        searches over them, and `exact_recall` is the mean share of the best passages that the
        index found.
        `n_doubtful` counts the queries that may not be in the language, and `clear_value` is the
        mean over the others.

        Gap: `pivot` is the teacher's own value on queries in the pivot language, also for trained
        methods, which have no pivot run (bm25: its own). `gap_difference`, `gap_closed` and
        `high_difference`, which is that of the high group, compare with zero_shot of the same
        student. Gaps are NaN where a group has no language. The relative gap is also NaN where the
        high group is near 0, and `gap_closed` where the gap of zero_shot is near 0 or negative.
        `relative_gap_with_mid` has the languages of mid in the high group, NaN without any.

        Sizes: a row for every two sizes, which are the first students of their teachers. The slope
        is in the row of the smallest and the largest of three or more. `teacher_seeds` is the
        number of seeds of the teachers, those of zero_shot: with one, intervals and p-values do not
        cover the variance of training teachers and encoders.

        Contrasts: method minus against, a row for each of `contrasts` and each student that has
        both; of each language in a table of its own.

    Raises:
        InputError: where methods or students could not be compared: other languages, queries or
            seeds than their neighbours, a language in no group or two, an unknown student, a
            contrast of a method with itself, of an unknown one, or of two that no student has.
    """
    group_of = _group_of(groups, pivot)
    check_names(scores, group_of, students)
    check_comparable(scores, pivot)
    check_contrasts(scores, contrasts or ())
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in Tables._fields}
    for (collection, metric), part in scores.groupby(
        ["collection", "metric"], sort=False, observed=True
    ):
        rows = measure(part, group_of, students, resamples)
        for name, table in (
            ("language", language_table(rows)),
            ("gap", gap_table(rows)),
            ("size", size_table(rows, parameters or {})),
            ("contrast", contrast_table(rows, contrasts)),
            ("language_contrast", language_contrast_table(rows, contrasts)),
        ):
            tables[name].append(table.assign(collection=collection, metric=metric))
    return Tables(
        *(
            pd.concat(tables[name], ignore_index=True)[list(columns)]
            for name, columns in zip(Tables._fields, COLUMNS, strict=True)
        )
    )


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
        retention[:, places] = rows.values[:, places] / rows.denominator(pivot)[:, None]
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
    _add(rows, table, "value", rows.values)
    _add(rows, table, "retention", retention)
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
        differences = {
            "gap_difference": rows.gap_difference(**labels),
            "high_difference": high - rows.mean(group="high", **labels | {"method": BASELINE}),
        }
        floors = {
            f"floor_{group}": rows.mean(method=FLOOR, group=group)[0]
            for group in (PIVOT_GROUP, "high", "low")
        }
        row = labels | measured(rows, measures) | measured(rows, differences, tested=True) | floors
        if labels["method"] == BASELINE:  # it closes nothing of its own gap, by definition
            own = with_test("gap_closed", "gap_difference", "high_difference")
            row |= {name: np.nan for name in own if name.endswith(("_from", "_to", "_p"))}
        found.append(row)
    return holm_corrected(pd.DataFrame(found), "gap_difference", "high_difference")


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
        known = all(parameters.get(one["student"]) for one in of_size)
        if known:
            of_size.sort(key=lambda one: parameters[one["student"]])  # whatever the study's order
        gaps = [rows.relative_gap(**one) for one in of_size]
        closed = [rows.gap_closed(**one) for one in of_size]
        for small, large in combinations(range(len(of_size)), 2):
            row = {"method": method}
            row["smaller"], row["larger"] = of_size[small]["student"], of_size[large]["student"]
            row["teacher_seeds"] = _teacher_seeds(rows, row["smaller"], row["larger"])
            differences = {
                "scaling_effect": gaps[large] - gaps[small],
                "difference_in_differences": closed[large] - closed[small],
            }
            if method == BASELINE:  # it closes nothing at any size
                differences["difference_in_differences"] = rows.undefined()
            ends = (small, large) == (0, len(of_size) - 1)
            slope = rows.undefined()
            if ends and len(of_size) > 2 and known:
                sizes = [parameters[one["student"]] for one in of_size]
                doublings = np.log2(np.array(sizes, dtype=np.float64))
                doublings -= doublings.mean()
                slope = doublings @ np.stack(gaps) / (doublings @ doublings)
            found.append(
                row | measured(rows, differences | {"slope_per_doubling": slope}, tested=True)
            )
    measures = ("scaling_effect", "difference_in_differences", "slope_per_doubling")
    return holm_corrected(pd.DataFrame(found, columns=SIZE_COLUMNS), *measures)


def _teacher_seeds(rows: Rows, *students: str) -> int:
    """The least number of seeds of the teachers of these students: zero_shot is the teacher."""
    own = [place for name in students for place in rows.of(student=name, method=BASELINE)]
    return int(rows.table["n_seeds"].iloc[own].min()) if own else 1


def _add(rows: Rows, table: pd.DataFrame, name: str, values: np.ndarray) -> None:
    """Add the column of a measure, [points, rows], and those of its interval."""
    table[name] = values[0]
    bounds = [interval(rows.bootstrap.samples(of_row)) for of_row in values.T]
    table[f"{name}_from"], table[f"{name}_to"] = zip(*bounds, strict=True)


def read_table(
    path: str | Path, columns: Sequence[str], labels: Sequence[str] = LABELS
) -> pd.DataFrame:
    """Read a table from CSV: `columns` are those it has to have, `labels` those that are names.

    Only an empty cell is a missing number: "nan" is a language (Min Nan) like any other. A name
    stays text where it is of digits alone, and an empty one is empty text.
    """
    table = pd.read_csv(
        path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(labels, "str")
    )
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}")
    return table.fillna(dict.fromkeys(labels, ""))


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
