"""The first screen of a report: one sentence of the answer, and one small table."""

from collections.abc import Callable

import pandas as pd

from optical.evaluation.contrasts import METHOD
from optical.evaluation.gap import BASELINE, NO_STUDENT
from optical.report.numbers import MISSING, between, percent, points, rounded
from optical.report.shown_table import WIDE, ShownTable
from optical.report.verdict import judged, lower_level

FIRST_ROWS = 6
"""Rows of the small table that are not folded."""

GAP = "relative gap between high- and low-resource languages"
BY = {"optical": "Distillation by optimal transport"}
"""A method as the subject of a sentence, where its name says little."""


def trained_rows(gap: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows that the answer is about, of students that have both a relative gap and a baseline.

    They are those of optical, or of every method of a study without it. The columns `before`, the
    relative gap of zero_shot, its interval, `before_from` and `before_to`, are added.

    gap: as `optical.evaluation.gap.compare` gives it.
    """
    table = gap[(gap["metric"] == metric) & (gap["student"] != NO_STUDENT)]
    key = ["collection", "student", "teacher"]
    before = table[table["method"] == BASELINE]
    trained = table[table["method"] != BASELINE]
    if METHOD in set(trained["method"]):
        trained = trained[trained["method"] == METHOD]
    names = {f"relative_gap{end}": f"before{end}" for end in ("", "_from", "_to")}
    merged = trained.merge(before[[*key, *names]].rename(columns=names), on=key)
    return merged[merged["relative_gap"].notna() & merged["before"].notna()]


def headline(gap: pd.DataFrame, metric: str) -> str:
    """The answer of a study in one sentence.

    One comparison is told with its numbers, several are counted by what is significant of them.
    """
    rows = trained_rows(gap, metric)
    if rows.empty:
        return without_training(gap, metric)
    methods = rows["method"].unique()
    subject = BY.get(methods[0], methods[0]) if len(methods) == 1 else "Training"
    if len(rows) == 1:
        return of_one(rows.iloc[0], subject)
    found = [
        judged(row, "gap_difference", "wider", "narrower", "same") for _, row in rows.iterrows()
    ]
    if set(found) == {"same"}:
        return f"{subject} makes no significant difference to the {GAP} in {len(rows)} comparisons."
    narrower = rows[[of_row == "narrower" for of_row in found]]
    parts = [f"significantly narrows the {GAP} in {len(narrower)} of {len(rows)} comparisons"]
    if wider := found.count("wider"):
        parts.append(f"widens it in {wider}")
    if same := found.count("same"):
        parts.append(f"makes no significant difference in {same}")
    share = closed_shares(narrower)
    *first, last = parts
    return f"{subject} {', '.join(first)}{' and ' if first else ''}{last}{share}."


def closed_shares(narrower: pd.DataFrame) -> str:
    """How much of the gap is closed in those comparisons in which it is significantly narrower."""
    known = narrower[narrower["gap_closed"].notna()].sort_values("gap_closed")
    if known.empty:
        return ""
    least, most = (rounded(known.iloc[at], "gap_closed", percent) for at in (0, -1))
    shares = least if least == most else f"between {least} and {most}"
    fallen = sum(bool(lower_level(row)) for _, row in narrower.iterrows())
    level = f", but high-resource languages score significantly lower in {fallen} of these"
    return f"; where it narrows, {shares} of the gap is closed{level if fallen else ''}"


def of_one(row: pd.Series, subject: str) -> str:
    """The sentence on the one collection and student of a study."""
    change = judged(
        row,
        "gap_difference",
        rises="significantly widens",
        falls="significantly narrows",
        same="does not significantly change",
    )
    gaps = (
        f"from {rounded(row, 'before', percent)} to {rounded(row, 'relative_gap', percent)}, by "
        f"{between(row, 'gap_difference', points)} points"
    )
    about = f"the {GAP} of {row['collection']} with {row['student']}"
    level = judged(row, "gap_difference", rises="", falls=lower_level(row), same="")
    return f"{subject} {change} {about}, {gaps}{level}."


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
