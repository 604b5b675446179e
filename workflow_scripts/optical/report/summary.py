"""The first screen of a report: one sentence of the answer, and one small table."""

from collections.abc import Callable
from operator import gt, lt

import numpy as np
import pandas as pd

from optical.evaluation.contrasts import METHOD
from optical.evaluation.gap import BASELINE, NO_STUDENT
from optical.report.numbers import MISSING, alike, between, decimal, percent, points, rounded
from optical.report.shown_table import WIDE, ShownTable
from optical.report.tables import metric_name
from optical.report.verdict import judged, lower_level

FIRST_ROWS = 6
"""Rows of the small table that are not folded."""

GAP = "relative gap between high- and low-resource languages"
BY = {"optical": "Distillation by optimal transport"}
"""A method as the subject of a sentence, where its name says little."""


def trained_rows(gap: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows that the answer is about, of students that have both a relative gap and a baseline.

    They are those of optical, or of every method of a study without it. The relative gap of
    zero_shot is added as `before`, its high and low group as `high_before` and `low_before`, each
    with the ends of its interval, such as `before_from` and `before_to`.

    gap: as `optical.evaluation.gap.compare` gives it.
    """
    table = gap[(gap["metric"] == metric) & (gap["student"] != NO_STUDENT)]
    key = ["collection", "student", "teacher"]
    before = table[table["method"] == BASELINE]
    trained = table[table["method"] != BASELINE]
    if METHOD in set(trained["method"]):
        trained = trained[trained["method"] == METHOD]
    added = {"relative_gap": "before", "high": "high_before", "low": "low_before"}
    ends = ("", "_from", "_to")
    names = {f"{name}{end}": f"{new}{end}" for name, new in added.items() for end in ends}
    merged = trained.merge(before[[*key, *names]].rename(columns=names), on=key)
    return merged[merged["relative_gap"].notna() & merged["before"].notna()]


def headline(gap: pd.DataFrame, metric: str) -> str:
    """The answer of a study in one sentence.

    One comparison is told with its numbers, several are counted by what is significant of them.
    """
    rows = trained_rows(gap, metric)
    if rows.empty:
        return without_training(gap, metric)
    name = metric_name(metric)
    methods = rows["method"].unique()
    subject = BY.get(methods[0], methods[0]) if len(methods) == 1 else "Training"
    if len(rows) == 1:
        return of_one(rows.iloc[0], subject, name)
    found = [
        judged(row, "gap_difference", "wider", "narrower", "same") for _, row in rows.iterrows()
    ]
    if set(found) == {"same"}:
        text = f"{subject} makes no significant difference to the {GAP} in {len(rows)} comparisons"
        number = in_both(rows, gt)
        return f"{text}{f'; {name} rises in both groups in {number} of these' if number else ''}."
    narrower = rows[[of_row == "narrower" for of_row in found]]
    if len(narrower) and in_both(rows, lt) == len(rows):
        return (
            f"{subject} lowers {name} in both groups in all {len(rows)} comparisons, so that a "
            f"narrower {GAP} is no gain."
        )
    parts = [f"significantly narrows the {GAP} in {len(narrower)} of {len(rows)} comparisons"]
    wider = rows[[of_row == "wider" for of_row in found]]
    if len(wider):
        parts.append(f"widens it in {len(wider)}")
    if same := found.count("same"):
        parts.append(f"makes no significant difference in {same}")
    share = closed_shares(narrower, name)
    *first, last = parts
    number = in_both(wider, gt)
    rises = f"; where it widens, {name} rises in both groups in {number} of {len(wider)}"
    last = f"{last}{share}{rises if number else ''}"
    return f"{subject} {', '.join(first)}{' and ' if first else ''}{last}."


def in_both(rows: pd.DataFrame, compare: Callable[[pd.Series, pd.Series], pd.Series]) -> int:
    """In how many comparisons the metric rises (`gt`) or falls (`lt`) in both groups."""
    high, low = (compare(rows[group], rows[f"{group}_before"]) for group in ("high", "low"))
    return int((high & low).sum())


def closed_shares(narrower: pd.DataFrame, metric: str) -> str:
    """How much of the gap is closed in those comparisons in which it is significantly narrower.

    metric: its name.
    """
    known = narrower[narrower["gap_closed"].notna()].sort_values("gap_closed")
    if known.empty:
        return ""
    least, most = (rounded(known.iloc[at], "gap_closed", percent) for at in (0, -1))
    shares = least if least == most else f"between {least} and {most}"
    level = ""
    if both := in_both(narrower, lt):
        level = f", but {metric} falls in both groups in {both} of these"
    elif fallen := sum(bool(lower_level(row)) for _, row in narrower.iterrows()):
        level = f", but high-resource languages score significantly lower in {fallen} of these"
    return f"; where it narrows, {shares} of the gap is closed{level}"


def of_one(row: pd.Series, subject: str, metric: str) -> str:
    """The sentence on the one collection and student of a study. metric: its name.

    A gap may widen although both groups rise, so the sentence says what the metric does in each.
    """
    change = judged(
        row,
        "gap_difference",
        rises="significantly widens",
        falls="significantly narrows",
        same="does not significantly change",
    )
    about = f"the {GAP} on the collection {row['collection']}, with student {row['student']}"
    first, last = rounded(row, "before", percent), rounded(row, "relative_gap", percent)
    if pd.isna(row["gap_closed"]):
        first += " (not significantly above 0)"
    by = f"{between(row, 'gap_difference', points)} points"
    told = f"from {first} to {last}, by {by}"
    told = judged(
        row,
        "gap_difference",
        rises=told,
        falls=f"{told}{lower_level(row)}",
        same=f"it is {first} before and {last} after, and the difference of {by} may be chance",
    )
    return f"{subject} {change} {about}: {told}, while {both_groups(row, metric)}."


def both_groups(row: pd.Series, metric: str) -> str:
    """What the metric does in the high and in the low group."""
    pairs = [("high_before", "high"), ("low_before", "low")]
    texts = alike([(row, name) for pair in pairs for name in pair], decimal)
    high, low = (f"from {texts[at]} to {texts[at + 1]}" for at in (0, 2))
    changes = {np.sign(row[after] - row[before]) for before, after in pairs}
    verb = "rises" if changes == {1} else "falls" if changes == {-1} else "goes"
    return f"{metric} {verb} {high} in high-resource languages and {low} in low-resource ones"


def without_training(gap: pd.DataFrame, metric: str) -> str:
    """The sentence of a study that trained no student, or that has no relative gap."""
    table = gap[(gap["metric"] == metric) & (gap["method"] == BASELINE)]
    known = table[table["relative_gap"].notna()].sort_values("relative_gap")
    if known.empty:
        return f"There is no {GAP} to report: a group has no language here, or scores 0."
    least, most = (rounded(known.iloc[at], "relative_gap", percent) for at in (0, -1))
    size = least if least == most else f"between {least} and {most}"
    return f"Without any distillation, the {GAP} is {size}."


def shown_summary_tables(gap: pd.DataFrame, metric: str) -> list[ShownTable]:
    """The relative gap before and after, and what is closed of it: the first rows, and the others.

    Columns that are alike in all rows are left out. There is no table without any row.
    """
    rows = trained_rows(gap, metric)
    columns: dict[str, Callable[[pd.Series], str]] = {
        "Gap before": lambda row: rounded(row, "before", percent),
        "Gap after": lambda row: rounded(row, "relative_gap", percent),
        "Closed": lambda row: between(row, "gap_closed", percent),
        "Significant": lambda row: judged(row, "gap_difference", "wider", "narrower", MISSING),
    }
    labels = [name for name in ("collection", "method") if rows[name].nunique() > 1]
    labels.insert(labels[:1] == ["collection"], "student")
    cells = [
        [*map(str, row[labels]), *(show(row) for show in columns.values())]
        for _, row in rows.iterrows()
    ]
    headings = [*(label.capitalize() for label in labels), *columns]
    parts = [cells[:FIRST_ROWS], cells[FIRST_ROWS:]]
    ranks = {"Significant": WIDE}
    return [ShownTable(headings, part, len(columns), ranks) for part in parts if part]
