"""Tables of numbers as people read them: Markdown, LaTeX, HTML."""

import html
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optical.evaluation.gap import FLOOR, NO_STUDENT, PIVOT_GROUP
from optical.runtime.errors import InputError

MISSING = "–"
"""Shown where there is no number."""

INTERVALS = (
    "[ ]: 95 % confidence interval, over resampled queries and, where there are several, seeds."
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem;
  max-width: 62rem }}
div {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .7rem; border-bottom: 1px solid #ddd; text-align: left }}
.number {{ text-align: right }}
</style>
</head>
<body>
<div>
{table}</div>
<p>{notes}</p>
</body>
</html>
"""


@dataclass(frozen=True)
class ShownTable:
    """A table whose cells are already text.

    Attributes:
        headings: one a column.
        rows: as many cells each as there are headings.
        numeric: how many columns, counted from the right, hold numbers and are aligned right.
    """

    headings: list[str]
    rows: list[list[str]]
    numeric: int

    def is_numeric(self, position: int) -> bool:
        """Whether the column at `position` holds numbers."""
        return position >= len(self.headings) - self.numeric


NAMES = {"ndcg_cut": "nDCG", "recall": "R", "map_cut": "MAP", "judged": "Judged"}
"""Of metrics with a depth, before it."""


def metric_name(metric: str) -> str:
    """Name of a metric as it is printed: MAP for trec_eval's map."""
    known = {"map": "MAP", "recip_rank": "MRR", "ndcg": "nDCG", "rankc": "RankC"}
    name, _, depth = metric.rpartition("_")
    if metric in known or not name:
        return known.get(metric, metric)
    return f"{NAMES.get(name, name)}@{depth}"


def minus(number: str) -> str:
    """A number with the sign for minus, which is wider than a hyphen and never breaks a line."""
    return number.replace("-", "−")


def decimal(value: float) -> str:
    """Three decimals, as MAP is usually given; no minus before a zero."""
    return MISSING if pd.isna(value) else minus(f"{round(value, 3) + 0.0:.3f}")


def signed(value: float) -> str:
    """A difference of values with its sign and three decimals."""
    return MISSING if pd.isna(value) else minus(f"{value:+.3f}")


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return MISSING if pd.isna(value) else minus(f"{100 * value:+.1f}")


def percent(value: float) -> str:
    """A share as a percentage with one decimal; no minus before a zero."""
    return MISSING if pd.isna(value) else minus(f"{round(100 * value, 1) + 0.0:.1f}%")


def between(row: Mapping[str, float], name: str, show: Callable[[float], str]) -> str:
    """A measure with its interval, as `0.312 [0.290, 0.334]`; without one where there is none."""
    ends = [show(row[f"{name}{end}"]).removesuffix("%") for end in ("_from", "_to")]
    return show(row[name]) + (f" [{', '.join(ends)}]" if MISSING not in ends else "")


def probability(p: float) -> str:
    """A value of p with three decimals."""
    return MISSING if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


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
    numbers = {
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
    rows = [
        [MISSING if row[name] == NO_STUDENT else row[name] for name in columns]
        + [
            show(row[name]) if show is decimal else between(row, name, show)
            for name, (_, show) in numbers.items()
        ]
        for _, row in gap.iterrows()
    ]
    headings = [*columns.values(), *(heading for heading, _ in numbers.values())]
    return ShownTable(headings, rows, numeric=len(numbers))


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
    headings = [*columns.values(), "Queries", "Value", "Of the pivot's", "p"]
    return ShownTable(headings, rows, numeric=4)


def language_notes(languages: pd.DataFrame, pivot: str) -> str:
    """One paragraph on what the columns of the rows of languages mean."""
    return (
        f"Of the pivot's: share of the teacher's own value on queries in {pivot}. p: that the "
        "method is no different from zero_shot, by a paired randomisation test over queries, which "
        "does not cover training variance, Holm-corrected over the languages of the method. "
        f"{INTERVALS}"
    )


def shown_language_table(languages: pd.DataFrame) -> ShownTable:
    """One row per language; columns floor and each student and method.

    Args:
        languages: a language table of one collection and one metric.
    """
    lines = languages.drop_duplicates("language").set_index("language")
    floor = languages.loc[languages["method"] == FLOOR].set_index("language")["value"]
    columns = {f"{FLOOR} (floor)": floor} if len(floor) else {}
    trained = languages[languages["method"] != FLOOR]
    for (student, method), rows in trained.groupby(["student", "method"], sort=False):
        heading = method if student == NO_STUDENT else f"{student} {method}"
        columns[heading] = rows.set_index("language")["value"]
    rows = [
        [language, line["group"], f"{line['n_queries']:,}"]
        + [decimal(column.get(language, float("nan"))) for column in columns.values()]
        for language, line in lines.iterrows()
    ]
    return ShownTable(["Language", "Group", "Queries", *columns], rows, numeric=len(columns) + 1)


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
    return ShownTable([*headings, "Lost, low", "Recall", "Lowest recall"], rows, numeric=7)


def read_counts(path: str | Path) -> dict[str, int]:
    """Read a file of counts (what, number)."""
    table = pd.read_csv(path, keep_default_na=False)
    if list(table.columns) != ["what", "number"]:
        raise InputError(f"{path}: columns {', '.join(table.columns)}; expected what, number")
    return dict(zip(table["what"], table["number"].astype(int), strict=True))


def shown_data_table(sources: Mapping[str, Mapping[str, str]]) -> ShownTable:
    """The data sets of a study: what they are, who may use them, whom to cite."""
    rows = [
        [name, about["title"], about["licence"], about["citation"], about["homepage"]]
        for name, about in sources.items()
    ]
    return ShownTable(["Name", "Data set", "Licence", "To cite", "At home"], rows, numeric=0)


def to_markdown(table: ShownTable) -> str:
    """Markdown with aligned columns, readable as it stands in a terminal."""
    lines = [table.headings, *table.rows]
    widths = [max(3, *(len(line[at]) for line in lines)) for at in range(len(table.headings))]
    rule = [
        "-" * (width - 1) + ":" if table.is_numeric(at) else "-" * width
        for at, width in enumerate(widths)
    ]
    text = []
    for line in [table.headings, rule, *table.rows]:
        cells = [
            cell.rjust(width) if table.is_numeric(at) else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(f"| {' | '.join(cells)} |")
    return "\n".join(text) + "\n"


def to_latex(table: ShownTable) -> str:
    """A LaTeX tabular for a paper; needs the package booktabs."""
    alignment = "".join(
        "r" if table.is_numeric(position) else "l" for position in range(len(table.headings))
    )
    lines = [" & ".join(map(_latex, line)) + r" \\" for line in [table.headings, *table.rows]]
    head, *body = lines
    frame = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", head, r"\midrule"]
    return "\n".join([*frame, *body, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex(text: str) -> str:
    text = re.sub(r"([&%$#_{}])", r"\\\1", text.replace("\\", "/"))
    return text.replace(MISSING, "--").replace("−", "$-$")


def to_html(table: ShownTable) -> str:
    """An HTML table, cells escaped; numbers have the class `number`."""

    def line(cells: list[str], tag: str) -> str:
        start = [tag + ' class="number"' * table.is_numeric(at) for at in range(len(cells))]
        text = [f"<{at}>{html.escape(cell)}</{tag}>" for at, cell in zip(start, cells, strict=True)]
        return f"<tr>{''.join(text)}</tr>"

    body = "\n".join(line(row, "td") for row in table.rows)
    head = line(table.headings, "th")
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"


def page(title: str, table: ShownTable, notes: str) -> str:
    """HTML page of a table alone."""
    return PAGE.format(title=html.escape(title), table=to_html(table), notes=html.escape(notes))


def with_notes(table: ShownTable, notes: str) -> str:
    """A table in Markdown, with the notes on its columns under it."""
    return f"{to_markdown(table)}\n{textwrap.fill(notes, 100)}\n"


def gap_markdown(gap: pd.DataFrame, pivot: str) -> str:
    """Gap table in Markdown, with the notes on its columns under it."""
    return with_notes(shown_gap_table(gap, pivot), gap_notes(gap, pivot))
