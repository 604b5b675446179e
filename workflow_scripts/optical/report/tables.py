"""The tables of gaps, languages, index and data, for reading."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from optical.evaluation.contrasts import METHOD
from optical.evaluation.gap import BASELINE, FLOOR, NO_STUDENT, PIVOT_GROUP, read_table
from optical.report.numbers import (
    MISSING,
    Form,
    alike,
    between,
    decimal,
    percent,
    points,
    probability,
)
from optical.report.shown_table import ASKED, WIDE, ShownTable, with_notes
from optical.runtime.errors import InputError

INTERVALS = (
    "[ ]: 95 % confidence interval, over resampled queries and, where there are several, seeds."
)

NAMES = {"ndcg_cut": "nDCG", "recall": "R", "map_cut": "MAP", "judged": "Judged"}
"""Of metrics with a depth, before it."""


def metric_name(metric: str) -> str:
    """Name of a metric as it is printed: MAP for trec_eval's map."""
    known = {"map": "MAP", "recip_rank": "MRR", "ndcg": "nDCG", "rankc": "RankC"}
    name, _, depth = metric.rpartition("_")
    if metric in known or not name:
        return known.get(metric, metric)
    return f"{NAMES.get(name, name)}@{depth}"


def pivot_name(languages: pd.DataFrame) -> str:
    """Language of the pivot's rows in a language table; "pivot" where it has none."""
    names = languages.loc[languages["group"] == PIVOT_GROUP, "language"]
    return names.iloc[0] if len(names) else PIVOT_GROUP


def shown_gap_table(gap: pd.DataFrame, pivot: str) -> ShownTable:
    """Gap table for reading; the teacher and the metric have columns only where they vary.

    The floors of each row are left out: they are the rows of bm25.
    """
    columns = {"collection": "Collection", "student": "Student"}
    if (gap["teacher"] != gap["student"]).any():
        columns["teacher"] = "Teacher"
    columns["method"] = "Method"
    if gap["metric"].nunique() > 1:
        columns["metric"] = "Metric"
    numbers: dict[str, tuple[str, Form]] = {
        "pivot": (pivot, decimal),
        "high": ("High", decimal),
        "low": ("Low", decimal),
        "absolute_gap": ("Gap", decimal),
        "relative_gap": ("Relative gap", percent),
        "gap_closed": ("Gap closed", percent),
        "gap_difference": ("Difference", points),
    }
    if gap["relative_gap_with_mid"].notna().any():
        numbers["relative_gap_with_mid"] = ("With mid", percent)
    values = [name for name, (_, show) in numbers.items() if show is decimal]
    rows = [
        [MISSING if row[name] == NO_STUDENT else row[name] for name in columns]
        + alike([(row, name) for name in values], decimal)
        + [between(row, name, show) for name, (_, show) in numbers.items() if name not in values]
        for _, row in gap.iterrows()
    ]
    headings = [*columns.values(), *(heading for heading, _ in numbers.values())]
    ranks = dict.fromkeys(["Collection", pivot, "Gap", "Difference", "With mid"], ASKED)
    # High and Low are what a reader looks at first: a gap may narrow because High fell.
    ranks |= dict.fromkeys(["Teacher", "Gap closed"], WIDE)
    if len(set(gap["student"]) - {NO_STUDENT}) == 1:
        ranks["Student"] = WIDE
    return ShownTable(headings, rows, numeric=len(numbers), ranks=ranks)


def gap_notes(gap: pd.DataFrame, pivot: str) -> str:
    """One paragraph on what the columns of the gap table mean."""
    metrics = " and ".join(metric_name(metric) for metric in gap["metric"].unique())
    floor = (
        " bm25, with the untranslated query, is the floor." if FLOOR in set(gap["method"]) else ""
    )
    mid = (
        " With mid: the relative gap with the languages of mid counted as high."
        if gap["relative_gap_with_mid"].notna().any()
        else ""
    )
    return (
        f"Values are {metrics}. {pivot}: the teacher's own value on queries in {pivot}. High, Low: "
        "means over the languages of a group. Gap: High - Low. Relative gap: 1 - Low / High. "
        "Gap closed: 1 - relative gap / relative gap of zero_shot. Difference: relative gap minus "
        f"that of zero_shot, in percentage points.{mid}{floor} {INTERVALS} {MISSING}: not defined, "
        "or a ratio whose denominator is not significantly above 0."
    )


def shown_language_rows(languages: pd.DataFrame) -> ShownTable:
    """A row for each run: collection, student, method, language, its value and its test."""
    columns = {"collection": "Collection", "student": "Student", "method": "Method"}
    if languages["metric"].nunique() > 1:
        columns["metric"] = "Metric"
    columns |= {"language": "Language", "group": "Group"}
    rows = [
        [MISSING if row[name] == NO_STUDENT else row[name] for name in columns]
        + [f"{row['n_queries']:,}", between(row, "value", decimal)]
        + [between(row, "retention", percent), probability(row["p_holm"])]
        for _, row in languages.iterrows()
    ]
    headings = [*columns.values(), "Queries", "Value", "Retention", "p"]
    ranks = dict.fromkeys(["Collection", "Group", "Queries", "Retention"], WIDE)
    return ShownTable(headings, rows, numeric=4, ranks=ranks)


def language_notes(languages: pd.DataFrame, pivot: str) -> str:
    """One paragraph on what the columns of the rows of languages mean."""
    return (
        f"Retention: share of the teacher's own value on queries in {pivot}. p: p-value of the "
        "difference from zero_shot, by a paired randomisation test over queries, Holm-corrected "
        "over the languages of the method. It does not cover training variance. "
        f"{INTERVALS}"
    )


def shown_language_table(languages: pd.DataFrame) -> ShownTable:
    """One row per language; columns floor and each method.

    Args:
        languages: rows of a language table of one collection, metric and student, and those without
            a student.
    """
    floor = (languages["student"] == NO_STUDENT) & (languages["method"] == FLOOR)
    columns = languages["method"].mask(floor, f"{FLOOR} (floor)")
    names = list(dict.fromkeys(columns))
    rows = []
    for language, own in languages.groupby("language", sort=False):
        values = alike([(row, "value") for _, row in own.iterrows()], decimal)
        cells = dict(zip(columns[own.index], values, strict=True))
        line = own.iloc[0]
        rows.append(
            [language, line["group"], f"{line['n_queries']:,}"]
            + [cells.get(name, MISSING) for name in names]
        )
    ranks = {name: WIDE for name in names if name not in (BASELINE, METHOD)}
    ranks |= {"Group": WIDE, "Queries": ASKED}
    headings = ["Language", "Group", "Queries", *names]
    return ShownTable(headings, rows, numeric=len(names) + 1, ranks=ranks)


def shown_index_table(languages: pd.DataFrame) -> ShownTable:
    """What the approximate index costs each student and method, over the languages' means.

    Args:
        languages: a language table of one metric, of which some rows have an exact value.
    """
    checked = languages[languages["n_exact"] > 0]
    rows = []
    for names, lines in checked.groupby(["collection", "student", "method"], sort=False):
        costs = (lines["exact_value"] - lines["index_value"]).groupby(lines["group"]).mean()
        values = [lines["exact_value"].mean(), lines["index_value"].mean()]
        values += [costs.get(group, float("nan")) for group in ("high", "low")]
        rows.append(
            [*names, f"{lines['n_exact'].sum():,}", *map(decimal, values)]
            + [percent(lines["exact_recall"].mean()), percent(lines["exact_recall"].min())]
        )
    headings = ["Collection", "Student", "Method", "Queries", "Exact", "Index", "Lost, high"]
    ranks = dict.fromkeys(["Collection", "Exact", "Index", "Recall"], WIDE)
    ranks |= dict.fromkeys(["Queries", "Lowest recall"], ASKED)
    headings += ["Lost, low", "Recall", "Lowest recall"]
    return ShownTable(headings, rows, numeric=7, ranks=ranks)


def read_counts(path: str | Path) -> dict[str, int]:
    """Read a file of counts (what, number)."""
    table = read_table(path, (), labels=("what",))
    if list(table.columns) != ["what", "number"]:
        raise InputError(f"{path}: columns {', '.join(table.columns)}; expected what, number")
    return dict(zip(table["what"], table["number"].astype(int), strict=True))


def shown_data_table(sources: Mapping[str, Mapping[str, str]]) -> ShownTable:
    """The data sets of a study: what they are, who may use them, whom to cite."""
    rows = [
        [name, about["title"], about["licence"], about["citation"], about["homepage"]]
        for name, about in sources.items()
    ]
    ranks = dict.fromkeys(["To cite", "Homepage"], WIDE)
    return ShownTable(
        ["Name", "Data set", "Licence", "To cite", "Homepage"], rows, numeric=0, ranks=ranks
    )


def gap_markdown(gap: pd.DataFrame, pivot: str) -> str:
    """Gap table in Markdown, with the notes on its columns under it."""
    return with_notes(shown_gap_table(gap, pivot), gap_notes(gap, pivot))
