"""Pictures of the language table and the gap table."""

import textwrap
from collections.abc import Iterable, Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from optical.evaluation.gap import BASELINE, FLOOR, NO_STUDENT, PIVOT_GROUP
from optical.report.looks import FAINT, GRID, INK, LOOK, Style, styles
from optical.report.numbers import MISSING
from optical.report.tables import metric_name
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

LEGEND_LINE = 0.2
"""Inches that a line of a legend is high."""


def map_figure(languages: pd.DataFrame, metric: str = "map") -> Figure:
    """Draw the metric of each language before and after, a panel per collection and student.

    Each language has a line from zero_shot to the other methods, a tick at the lexical floor, and
    each panel a dashed line at the teacher's value in the pivot language. Languages stand under
    their group, in the order of the table.

    Args:
        languages: as `optical.evaluation.gap.language_table` gives it.
        metric: which of its metrics.

    Raises:
        InputError: when no student has that metric.
    """
    table = _of_students(languages, metric)
    # A collection may have none of the study's foreign languages.
    collections = {
        name: rows
        for name, part in table.groupby("collection", sort=False)
        if (rows := _rows(part))
    }
    table = table[table["collection"].isin(collections)]
    if table.empty:
        raise InputError("no collection has any of the foreign languages")
    looks = styles(_in_order(table["method"]))
    students = list(table["student"].unique())
    heights = [len(rows) for rows in collections.values()]
    with matplotlib.rc_context(LOOK):
        figure = Figure(
            figsize=(
                max(5.5, 1.2 + 2.6 * len(students)),
                0.4 + sum(0.9 + 0.2 * n for n in heights),
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
                _draw_languages(axes, table[cell], rows, looks)
                title = student if len(collections) == 1 else f"{collection}\n{student}"
                axes.set_title(_wrapped(title), loc="left")
        for axes in grid[-1]:
            axes.set_xlabel(metric_name(metric))
        grid[0, 0].set_xlim(left=0)
        handles = [_handle(method, look) for method, look in looks.items()]
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


def _draw_languages(
    axes: Axes, cell: pd.DataFrame, rows: list[tuple[str, bool]], looks: dict[str, Style]
) -> None:
    place = {name: at for at, (name, heading) in enumerate(rows) if not heading}
    foreign = cell[cell["group"] != PIVOT_GROUP]
    # The line joins the methods' values, so that its length is what a method changed.
    for language, values in foreign.groupby("language", sort=False)["value"]:
        axes.hlines(place[language], values.min(), values.max(), color=FAINT, linewidth=2, zorder=1)
    floors = foreign.drop_duplicates("language").dropna(subset="floor")
    axes.scatter(
        floors["floor"], floors["language"].map(place), marker="|", s=60, color=INK, zorder=2
    )
    for method, look in looks.items():
        part = foreign[foreign["method"] == method]
        places = part["language"].map(place)
        axes.hlines(places, part["value_from"], part["value_to"], color=look.color, linewidth=1.2)
        axes.scatter(
            part["value"],
            part["language"].map(place),
            s=30,
            zorder=3,
            **look.marks(),
        )
    for value in cell.loc[cell["group"] == PIVOT_GROUP, "value"].unique():
        axes.axvline(value, color=INK, linestyle="--", linewidth=1, zorder=0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelbottom=True, color=FAINT)
    # Only the left panel of a row has labels.
    for label, (_, heading) in zip(axes.get_yticklabels(), rows, strict=False):
        label.set_fontweight("bold" if heading else "normal")
    axes.grid(axis="x", color=GRID)
    axes.set_axisbelow(True)


ASIDE, MOST_ASIDE = 0.09, 0.72
"""How far apart methods stand, and the most for all of a student. Two students stand 1 apart."""

MEASURES = {
    "relative_gap": "relative gap, 1 - low / high",
    "gap_closed": "share of zero_shot's gap that is closed",
}


def gap_figure(gap: pd.DataFrame, metric: str = "map", measure: str = "relative_gap") -> Figure:
    """Draw a measure of each method over the students, with its interval, a panel per collection.

    Where a measure is not defined, a dash stands at 0. An interval that reaches further than half
    of the gap beyond all values is cut at the edge.

    Args:
        gap: as `optical.evaluation.gap.compare` gives it, students in the order of their size.
        metric: which of its metrics.
        measure: one of `MEASURES`.

    Raises:
        InputError: when no student has that metric.
    """
    table = _of_students(gap, metric)
    if measure == "gap_closed":
        table = table[table["method"] != BASELINE]
        if table.empty:
            raise InputError("no method was trained that could close a gap")
    looks = styles(_in_order(table["method"]))
    students = list(table["student"].unique())
    collections = list(table["collection"].unique())
    columns = min(3, len(collections))
    lines = -(-len(collections) // columns)
    panel = max(2.8, max(0.8, 0.17 * len(looks)) * len(students))
    with matplotlib.rc_context(LOOK):
        figure = Figure(
            figsize=(max(5.5, 0.8 + panel * columns), 0.2 + 2.8 * lines), layout="constrained"
        )
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True).flatten()
        for axes, collection in zip(grid, collections, strict=False):
            part = table[table["collection"] == collection]
            _draw_gaps(axes, part, students, looks, measure)
            axes.set_title(_wrapped(collection), loc="left")
        for axes in grid[len(collections) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_ylabel(MEASURES[measure])
        if len(students) > 1:
            for axes in grid[max(0, len(collections) - columns) : len(collections)]:
                axes.set_xlabel("student, by size of its encoder")
        lowest, highest = _limits(table, measure)
        room = 0.05 * (highest - lowest)
        grid[0].set_ylim(lowest - (room if lowest < 0 else 0), highest + room)
        handles = [_handle(method, look, line=True) for method, look in looks.items()]
        legend_above(figure, handles, most=4)
        return drawn(figure)


def _draw_gaps(
    axes: Axes, part: pd.DataFrame, students: list[str], looks: dict[str, Style], measure: str
) -> None:
    gaps, starts, ends = (
        part.pivot(index="method", columns="student", values=f"{measure}{end}").reindex(
            index=list(looks), columns=students
        )
        for end in ("", "_from", "_to")
    )
    # A line goes through sizes: the first student of each teacher. Another student of it has an
    # encoder of another size than its teacher, and stands beside that line.
    firsts = set(part.drop_duplicates("student").drop_duplicates("teacher")["student"])
    through = [place for place, student in enumerate(students) if student in firsts]
    beside = [place for place in range(len(students)) if place not in through]
    for rank, (method, look) in enumerate(looks.items()):
        values, color = gaps.loc[method], look.color
        # Side by side, or their intervals would lie on each other.
        aside = min(ASIDE, MOST_ASIDE / len(looks)) * (rank - (len(looks) - 1) / 2)
        line = look.line() | {"clip_on": False}
        axes.plot([place + aside for place in through], values.iloc[through], **line)
        if beside:
            places = [place + aside for place in beside]
            axes.plot(places, values.iloc[beside], **line | {"linestyle": "none"})
        places = [place + aside for place in range(len(students))]
        axes.vlines(places, starts.loc[method], ends.loc[method], color=color, linewidth=1.2)
        undefined = part.loc[(part["method"] == method) & part[measure].isna(), "student"]
        for place in map(students.index, undefined):
            axes.text(place + aside, 0, MISSING, color=color, ha="center", va="bottom")
    if gaps.isna().all(axis=None):
        text = {
            "relative_gap": "no gap: a group has no language",
            "gap_closed": "zero_shot has no significant gap to close",
        }[measure]
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", wrap=True)
    names = [textwrap.fill(name, 12) for name in students]
    axes.set_xticks(range(len(students)), names)
    axes.set_xlim(-0.4, len(students) - 0.6)
    axes.tick_params(labelleft=True, labelbottom=True, color=FAINT)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y", color=GRID)
    axes.axhline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set_axisbelow(True)


def _limits(table: pd.DataFrame, measure: str) -> tuple[float, float]:
    """The ends of the axis: the intervals, but no further than half a gap beyond all values."""
    values = table[measure]
    # min and max of Python leave a NaN behind that comes second: there may be no value at all.
    lowest, highest = min(0.0, values.min()), max(0.1, values.max())
    starts = table[f"{measure}_from"].clip(lower=lowest - 0.5)
    ends = table[f"{measure}_to"].clip(upper=highest + 0.5)
    return min(lowest, starts.min()), max(highest, ends.max())


def _in_order(methods: pd.Series) -> list[str]:
    """The methods in the order of the table, zero_shot first."""
    return sorted(dict.fromkeys(methods), key=lambda name: name != BASELINE)


def _of_students(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Rows of one metric that belong to a student: bm25 has none, it is drawn as the floor."""
    chosen = table[(table["metric"] == metric) & (table["student"] != NO_STUDENT)]
    if chosen.empty:
        known = ", ".join(table["metric"].unique())
        raise InputError(f"no student has the metric {metric}, the table has {known}")
    return chosen


def _handle(method: str, style: Style, line: bool = False) -> Line2D:
    return Line2D([], [], label=method, **style.line(joined=line))


def legend_above(figure: Figure, handles: Sequence[Line2D], most: int) -> None:
    """Put a legend above the panels, and make the figure higher by as much as it takes."""
    columns = legend_columns(figure, [str(handle.get_label()) for handle in handles], most)
    lines = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + LEGEND_LINE * lines)
    figure.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False)


def legend_columns(figure: Figure, labels: Iterable[str], most: int) -> int:
    """How many columns of a legend fit beside each other: a letter takes a twelfth of an inch."""
    widest = 0.6 + max(map(len, labels)) / 12
    return max(1, min(most, int(figure.get_figwidth() / widest)))


def _wrapped(title: str) -> str:
    return "\n".join(textwrap.fill(line, 30) for line in title.split("\n"))


def drawn(figure: Figure) -> Figure:
    """Lay the figure out now: its look is a context that ends before it is saved."""
    figure.draw_without_rendering()
    return figure
