"""Pictures of the gap table, and what pictures of results have in common."""

import textwrap
from collections.abc import Iterable, Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from optical.evaluation.gap import BASELINE, NO_STUDENT
from optical.report.looks import FAINT, GRID, LOOK, Style, styles
from optical.report.numbers import MISSING
from optical.runtime.errors import InputError

LEGEND_LINE = 0.2
"""Inches that a line of a legend is high."""

ASIDE, MOST_ASIDE = 0.09, 0.72
"""How far apart methods stand, and the most for all of a student. Two students stand 1 apart."""

MEASURES = {
    "relative_gap": "relative gap, 1 - low / high",
    "gap_closed": "share of zero_shot's gap that is closed",
}

REACH = {"relative_gap": (-1.0, 1.0), "gap_closed": (-1.0, 2.0)}
"""How far an axis goes at most. A ratio of two small values can be tens of times 1. It says nothing
then, and would press all others flat.
"""

NOTHING = {
    "relative_gap": "no gap: a group has no language, or no score",
    "gap_closed": "zero_shot has no significant gap to close",
}
"""Why a measure is nowhere defined."""


def no_gap(table: pd.DataFrame) -> bool:
    """Whether no row has a gap, so that nothing of it can be closed."""
    return bool(table["relative_gap"].isna().all())


def gap_figure(gap: pd.DataFrame, metric: str = "map", measure: str = "relative_gap") -> Figure:
    """Draw a measure of each method over the students, with its interval, a panel per collection.

    Where a measure is not defined, a dash stands at 0. What lies beyond `REACH` stands at the edge,
    and so does the end of an interval that reaches further than half of the gap beyond all values.
    An arrow says so.

    Args:
        gap: as `optical.evaluation.gap.compare` gives it, students in the order of their size.
        metric: which of its metrics.
        measure: one of `MEASURES`.

    Raises:
        InputError: when no student has that metric, or no method a share that it closes.
    """
    table = of_students(gap, metric)
    if measure == "gap_closed":
        table = table[table["method"] != BASELINE]
        if table.empty:
            raise InputError("no method was trained that could close a gap")
        if table[measure].isna().all():
            raise InputError(NOTHING["relative_gap" if no_gap(table) else measure])
    looks = styles(in_order(table["method"]))
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
        lowest, highest = _limits(table, measure)
        room = 0.05 * (highest - lowest)
        grid[0].set_ylim(lowest - (room if lowest < 0 else 0), highest + room)
        for axes, collection in zip(grid, collections, strict=False):
            part = table[table["collection"] == collection]
            _draw_gaps(axes, part, students, looks, measure)
            axes.set_title(wrapped(collection), loc="left")
        for axes in grid[len(collections) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_ylabel(MEASURES[measure])
        if len(students) > 1:
            for axes in grid[max(0, len(collections) - columns) : len(collections)]:
                axes.set_xlabel("student, by size of its encoder")
        handles = [handle(method, look, line=True) for method, look in looks.items()]
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
    shown = gaps.clip(*axes.get_ylim())
    for rank, (method, look) in enumerate(looks.items()):
        values, color = shown.loc[method], look.color
        # Side by side, or their intervals would lie on each other.
        aside = min(ASIDE, MOST_ASIDE / len(looks)) * (rank - (len(looks) - 1) / 2)
        line = look.line() | {"clip_on": False}
        axes.plot([place + aside for place in through], values.iloc[through], **line)
        if beside:
            places = [place + aside for place in beside]
            axes.plot(places, values.iloc[beside], **line | {"linestyle": "none"})
        places = [place + aside for place in range(len(students))]
        axes.vlines(places, starts.loc[method], ends.loc[method], color=color, linewidth=1.2)
        _mark_cuts(axes, places, starts.loc[method], ends.loc[method], color)
        undefined = part.loc[(part["method"] == method) & part[measure].isna(), "student"]
        for place in map(students.index, undefined):
            axes.text(place + aside, 0, MISSING, color=color, ha="center", va="bottom")
    if gaps.isna().all(axis=None):
        text = NOTHING["relative_gap" if no_gap(part) else measure]
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", wrap=True)
    names = [textwrap.fill(name, 12) for name in students]
    axes.set_xticks(range(len(students)), names)
    axes.set_xlim(-0.4, len(students) - 0.6)
    axes.tick_params(labelleft=True, labelbottom=True, color=FAINT)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y", color=GRID)
    axes.axhline(0, color=FAINT, linewidth=1, zorder=0)
    axes.set_axisbelow(True)


def _mark_cuts(
    axes: Axes, places: Sequence[float], starts: pd.Series, ends: pd.Series, color: str
) -> None:
    """An arrow where an interval goes on beyond the axis."""
    bottom, top = axes.get_ylim()
    arrow = {"arrowstyle": "->", "color": color, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    for place, start, end in zip(places, starts, ends, strict=True):
        cuts = ([(bottom, 9)] if start < bottom else []) + ([(top, -9)] if end > top else [])
        for edge, inwards in cuts:
            axes.annotate(
                "",
                (place, edge),
                xytext=(0, inwards),
                textcoords="offset points",
                arrowprops=arrow,
                annotation_clip=False,
            )


def _limits(table: pd.DataFrame, measure: str) -> tuple[float, float]:
    """The ends of the axis: the intervals, but no further than half a gap beyond all values, and no
    further than `REACH`.
    """
    values = table[measure].clip(*REACH[measure])
    # min and max of Python leave a NaN behind that comes second: there may be no value at all.
    lowest, highest = min(0.0, values.min()), max(0.1, values.max())
    starts = table[f"{measure}_from"].clip(lower=lowest - 0.5)
    ends = table[f"{measure}_to"].clip(upper=highest + 0.5)
    least, most = REACH[measure]
    return max(least, min(lowest, starts.min())), min(most, max(highest, ends.max()))


def in_order(methods: pd.Series) -> list[str]:
    """The methods in the order of the table, zero_shot first."""
    return sorted(dict.fromkeys(methods), key=lambda name: name != BASELINE)


def of_students(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Rows of one metric that belong to a student: bm25 has none, it is drawn as the floor."""
    chosen = table[(table["metric"] == metric) & (table["student"] != NO_STUDENT)]
    if chosen.empty:
        known = ", ".join(table["metric"].unique())
        raise InputError(f"no student has the metric {metric}, the table has {known}")
    return chosen


def handle(method: str, style: Style, line: bool = False) -> Line2D:
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


def wrapped(title: str) -> str:
    return "\n".join(textwrap.fill(line, 30) for line in title.split("\n"))


def drawn(figure: Figure) -> Figure:
    """Lay the figure out now: its look is a context that ends before it is saved."""
    figure.draw_without_rendering()
    return figure
