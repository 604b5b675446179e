"""Contrasts: what one method of a student has more than another, by group and by language."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from optical.evaluation.columns import holm_corrected, measured, with_test
from optical.evaluation.measures import PIVOT_GROUP, Rows
from optical.runtime.errors import InputError

METHOD = "optical"
"""The method that the study is about."""

CONTRAST_COLUMNS = (
    *("collection", "student", "teacher", "method", "against", "metric"),
    *with_test("high", "low", "relative_gap"),
)
LANGUAGE_CONTRAST_COLUMNS = (
    *("collection", "student", "teacher", "method", "against", "language", "group", "metric"),
    *with_test("value"),
)


def contrast_table(rows: Rows, contrasts: Sequence[tuple[str, str]] | None) -> pd.DataFrame:
    """A row for each student and pair of its methods: means of groups and the relative gap.

    contrasts: pairs (method, against); None for optical and each other method.
    """
    found = []
    for own, other in _pairs(rows, contrasts):
        differences = {
            group: rows.mean(group=group, **own) - rows.mean(group=group, **other)
            for group in ("high", "low")
        }
        differences["relative_gap"] = rows.relative_gap(**own) - rows.relative_gap(**other)
        labels = own | {"against": other["method"]}
        found.append(labels | measured(rows, differences, tested=True))
    table = pd.DataFrame(found, columns=CONTRAST_COLUMNS)
    return holm_corrected(table, "high", "low", "relative_gap")


def language_contrast_table(
    rows: Rows, contrasts: Sequence[tuple[str, str]] | None
) -> pd.DataFrame:
    """A row for each student, pair of its methods and language that both read.

    contrasts: as in `contrast_table`.
    """
    found = []
    for own, other in _pairs(rows, contrasts):
        read = rows.table.loc[rows.of(**own), ["language", "group"]]
        for language, group in read.itertuples(index=False):
            if group == PIVOT_GROUP or not rows.of(language=language, **other):
                continue
            ours, theirs = (rows.mean(language=language, **labels) for labels in (own, other))
            labels = own | {"against": other["method"], "language": language, "group": group}
            found.append(labels | measured(rows, {"value": ours - theirs}, tested=True))
    return holm_corrected(pd.DataFrame(found, columns=LANGUAGE_CONTRAST_COLUMNS), "value")


def _pairs(
    rows: Rows, contrasts: Sequence[tuple[str, str]] | None
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The labels of both methods of each contrast, for each student that has both."""
    methods_of: dict[tuple[str, str], list[str]] = {}
    for one in rows.methods():
        methods_of.setdefault((one["student"], one["teacher"]), []).append(one["method"])
    for (student, teacher), methods in methods_of.items():
        pairs = contrasts
        if contrasts is None:
            pairs = [(METHOD, against) for against in methods if against != METHOD]
        for method, against in dict.fromkeys(pairs or ()):
            if {method, against} <= set(methods):
                own: dict[str, Any] = {"student": student, "teacher": teacher, "method": method}
                yield own, own | {"method": against}


def check_contrasts(scores: pd.DataFrame, contrasts: Sequence[tuple[str, str]]) -> None:
    """Raise `InputError` for a contrast of which the scores have no method, or no student both."""
    students = scores.astype({"method": "str", "student": "str"})[["method", "student"]]
    students_of = students.drop_duplicates().groupby("method")["student"].agg(set)
    for method, against in contrasts:
        place = f"contrast {method}:{against}"
        for name in (method, against):
            if name not in students_of:
                known = ", ".join(students_of.index)
                raise InputError(f"{place}: no scores of method {name}, expected one of {known}")
        if method == against:
            raise InputError(f"{place}: a method against itself, expected two methods")
        if not students_of[method] & students_of[against]:
            raise InputError(f"{place}: no student has both, expected methods of one student")
