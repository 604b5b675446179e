"""Pictures of the language table."""

import itertools

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from optical.evaluation.gap import FLOOR, PIVOT_GROUP
from optical.report.figures import drawn, handle, in_order, legend_above, of_students, wrapped
from optical.report.looks import FAINT, GRID, INK, LOOK, Style, styles
from optical.report.tables import metric_name
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

ROW, METHOD_LINE = 0.2, 0.075
"""Inches that a row of languages is high, and of each method in it where there are several."""


def map_figure(languages: pd.DataFrame, metric: str = "map") -> Figure:
    """Draw the metric of each language before and after, a panel per collection and student.

    The methods of a language stand below each other in its row, so that each interval can be seen.
    Each language has a tick at the lexical floor, and each panel a dashed line at the teacher's
    value in the pivot language. Languages stand under their group, in the order of the table.

    Args:
        languages: as `optical.evaluation.gap.language_table` gives it.
        metric: which of its metrics.

    Raises:
        InputError: when no student has that metric.
    """
    table = of_students(languages, metric)
    # A collection may have none of the study's foreign languages.
    collections = {
        name: rows
        for name, part in table.groupby("collection", sort=False)
        if (rows := _rows(part))
    }
    table = table[table["collection"].isin(collections)]
    if table.empty:
        raise InputError("no collection has any of the foreign languages")
    looks = styles(in_order(table["method"]))
    students = list(table["student"].unique())
    height = max(ROW, METHOD_LINE * len(looks) + 0.05)
    places = {name: _places(rows, height) for name, rows in collections.items()}
    heights = [max(borders) for borders in places.values()]
    with matplotlib.rc_context(LOOK):
        figure = Figure(
            figsize=(
                max(5.5, 1.2 + 2.6 * len(students)),
                0.4 + sum(0.9 + height_of_panel for height_of_panel in heights),
            ),
            layout="constrained",
        )
        grid = figure.subplots(
            *(len(collections), len(students)),
            squeeze=False,
            sharey="row",
            sharex=True,
            height_ratios=heights,
        )
        for axes_of_row, (collection, rows) in zip(grid, collections.items(), strict=True):
            for axes, student in zip(axes_of_row, students, strict=True):
                cell = (table["collection"] == collection) & (table["student"] == student)
                _draw_languages(axes, table[cell], rows, places[collection], looks)
                title = student if len(collections) == 1 else f"{collection}\n{student}"
                axes.set_title(wrapped(title), loc="left")
        for axes in grid[-1]:
            axes.set_xlabel(metric_name(metric))
        grid[0, 0].set_xlim(left=0)
        handles = [handle(method, look) for method, look in looks.items()]
        if table["floor"].notna().any():
            handles.append(
                Line2D([], [], color=INK, marker="|", linestyle="", label=f"{FLOOR} (floor)")
            )
        pivot = table.loc[table["group"] == PIVOT_GROUP, "language"]
        if len(pivot):
            label = f"teacher on {pivot.iloc[0]} queries"
            handles.append(Line2D([], [], color=INK, linestyle="--", linewidth=1, label=label))
        legend_above(figure, handles, most=3)
        return drawn(figure)


def _rows(languages: pd.DataFrame) -> list[tuple[str, bool]]:
    """Lines of a panel from the top: (text, whether it is a group's heading)."""
    rows = []
    for group in GROUPS:
        names = languages.loc[languages["group"] == group, "language"].unique()
        if len(names):
            rows += [(group, True), *((name, False) for name in names)]
    return rows


def _places(rows: list[tuple[str, bool]], height: float) -> list[float]:
    """Where the rows of a panel end, in inches from its top; headings are no higher than a word."""
    return list(itertools.accumulate(ROW if heading else height for _, heading in rows))


def _draw_languages(
    axes: Axes,
    cell: pd.DataFrame,
    rows: list[tuple[str, bool]],
    ends: list[float],
    looks: dict[str, Style],
) -> None:
    starts = [0.0, *ends[:-1]]
    middles = [(start + end) / 2 for start, end in zip(starts, ends, strict=True)]
    named = zip(rows, middles, strict=True)
    place = {name: middle for (name, heading), middle in named if not heading}
    foreign = cell[cell["group"] != PIVOT_GROUP]
    half = METHOD_LINE * len(looks) / 2
    floors = foreign.drop_duplicates("language").dropna(subset="floor")
    # Without any row, the places would be no numbers.
    middle = floors["language"].map(place).astype(float)
    reach = max(half, 0.4 * ROW)
    axes.vlines(floors["floor"], middle - reach, middle + reach, color=INK, linewidth=1.2, zorder=2)
    for rank, (method, look) in enumerate(looks.items()):
        part = foreign[foreign["method"] == method]
        places = part["language"].map(place).astype(float) + METHOD_LINE * (rank + 0.5) - half
        axes.hlines(places, part["value_from"], part["value_to"], color=look.color, linewidth=1.2)
        axes.scatter(part["value"], places, s=24, zorder=3, **look.marks())
    for value in cell.loc[cell["group"] == PIVOT_GROUP, "value"].unique():
        axes.axvline(value, color=INK, linestyle="--", linewidth=1, zorder=0)
    for start in starts[1:]:
        axes.axhline(start, color=GRID, linewidth=0.8, zorder=0)
    axes.set_ylim(ends[-1], 0)
    axes.set_yticks(middles, [name for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelbottom=True, color=FAINT)
    # Only the left panel of a row has labels.
    for label, (_, heading) in zip(axes.get_yticklabels(), rows, strict=False):
        label.set_fontweight("bold" if heading else "normal")
    axes.grid(axis="x", color=GRID)
    axes.set_axisbelow(True)
