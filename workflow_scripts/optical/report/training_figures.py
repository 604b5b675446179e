"""Pictures of learning: training curves, and values over amounts of text."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator, PercentFormatter

from optical.evaluation.contrasts import METHOD
from optical.evaluation.gap import BASELINE, NO_STUDENT
from optical.report.figures import drawn, legend_above
from optical.report.looks import FAINT, GRID, INK, LOOK, PAPER, styles
from optical.report.tables import metric_name
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

STUDENTS = "students: "
"""How the name of a panel begins whose lines are methods."""

DASHES = ("-", "--", ":", "-.")
"""Of encoders, which have no colour: those are of methods."""

APART = 0.22
"""Share of an axis that the labels of its ticks stand apart, for numbers of many digits."""

LABEL = 0.045
"""Height of a label, as a share of the height of its panel."""


def curves_figure(curves: Mapping[str, Mapping[str, Sequence[pd.DataFrame]]]) -> Figure:
    """Draw the loss of each training as a share of its first, over the examples seen.

    Args:
        curves: by panel and line, the logs of its trainings, with columns examples and loss. A line
            is the mean of its trainings, and a shade from the lowest to the highest. Lines are
            methods in panels that begin with `STUDENTS`, and encoders in others.
    """
    each = {
        panel: {name: shares_of(logs) for name, logs in of_panel.items()}
        for panel, of_panel in curves.items()
    }
    shares = {panel: of_panel for panel, of_panel in each.items() if any(of_panel.values())}
    if not shares:
        raise InputError("no training wrote down a loss")
    columns = min(3, len(shares))
    lines = -(-len(shares) // columns)
    looks = _looks_of_lines(shares)
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 2.7 * columns), 0.1 + 2.4 * lines), layout="constrained")
        grid = figure.subplots(lines, columns, squeeze=False).flatten()
        for axes, (panel, of_panel) in zip(grid, shares.items(), strict=False):
            for name, own in of_panel.items():
                if not own:
                    continue
                look = looks[panel.startswith(STUDENTS), name]
                loss = pd.concat(own, axis=1)
                # Where trainings wrote at other examples, there is no line of all of them.
                loss = loss if (whole := loss.dropna()).empty else whole
                axes.plot(loss.index, loss.mean(axis=1), linewidth=1.4, **look)
                ends = loss.min(axis=1), loss.max(axis=1)
                axes.fill_between(loss.index, *ends, color=look["color"], alpha=0.2, lw=0)
            axes.set_title(panel, loc="left")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            few = axes.get_ylim()[0] > 0.12  # more numbers than these would lie on each other
            axes.yaxis.set_minor_formatter(
                PercentFormatter(1, decimals=0) if few else NullFormatter()
            )
            axes.tick_params(axis="both", which="both", color=FAINT, labelsize=7)
            axes.grid(color=GRID)
        for axes in grid[len(shares) :]:
            axes.set_visible(False)
        for axes in grid[max(0, len(shares) - columns) : len(shares)]:
            axes.set_xlabel("examples")
        figure.supylabel("loss, share of the first", fontsize=9)
        handles = [Line2D([], [], label=name, **look) for (_, name), look in looks.items()]
        legend_above(figure, handles, most=6)
        return drawn(figure)


def _looks_of_lines(
    panels: Mapping[str, Mapping[str, Sequence[pd.Series]]],
) -> dict[tuple[bool, str], dict[str, Any]]:
    """Colour and dashes of each line, by whether it is a method, and by its name."""
    lines = list(
        dict.fromkeys(
            (panel.startswith(STUDENTS), name)
            for panel, of_panel in panels.items()
            for name, own in of_panel.items()
            if own
        )
    )
    methods = styles(name for is_method, name in lines if is_method)
    encoders = [name for is_method, name in lines if not is_method]
    looks: dict[tuple[bool, str], dict[str, Any]] = {}
    for is_method, name in lines:
        if is_method:
            own = methods[name]
            look = {"color": own.color, "linestyle": "--" if own.hollow else "-"}
        else:
            dashes = DASHES[encoders.index(name) % len(DASHES)]
            look = {"color": INK, "linestyle": dashes}
        looks[is_method, name] = look
    return looks


def shares_of(logs: Sequence[pd.DataFrame]) -> list[pd.Series]:
    """Of each training, by examples, the losses as shares of the first.

    A loss that is not finite and above 0 has no place on the scale; a training without any is left
    out.
    """
    found = []
    for log in logs:
        loss = log.drop_duplicates("examples", keep="last").set_index("examples")["loss"]
        loss = loss[np.isfinite(loss) & (loss > 0)]
        if len(loss):
            found.append(loss / loss.iloc[0])
    return found


def amounts_figure(
    languages: pd.DataFrame, amounts: Mapping[str, Mapping[str, float]], metric: str = "map"
) -> Figure:
    """Draw the metric of each language over how much text there was of it.

    Args:
        languages: as `optical.evaluation.gap.compare` gives them; the first student of the first
            collection is drawn, with zero_shot and optical, or without that its last method.
        amounts: by the name of what is counted, the amount of each language. Where all languages
            have as much as each other, there is nothing to see, and no panel.
        metric: which of the metrics.

    Raises:
        InputError: where no two languages have a value, and amounts that differ.
    """
    table = languages[(languages["metric"] == metric) & (languages["student"] != NO_STUDENT)]
    table = table[table["group"].isin(GROUPS)]
    if table.empty:
        raise InputError(f"no student has the metric {metric} in a foreign language")
    # On a scale of ratios there is no place for none.
    amounts = {
        counted: {name: amount for name, amount in of_language.items() if amount > 0}
        for counted, of_language in amounts.items()
    }
    for name in ("collection", "student"):
        table = table[table[name] == table[name].iloc[0]]
    drawn_languages = list(table["language"].unique())
    amounts = {
        counted: {name: known[name] for name in drawn_languages if name in known}
        for counted, known in amounts.items()
    }
    if not any(amounts.values()):
        raise InputError("it is not known how much text there was of any language")
    amounts = {counted: known for counted, known in amounts.items() if len(set(known.values())) > 1}
    if not amounts:
        raise InputError("there was as much text of each language as of the others")
    methods = list(table["method"].unique())
    last = METHOD if METHOD in methods else methods[-1]
    shown = styles(name for name in dict.fromkeys([BASELINE, last]) if name in methods)
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 3.4 * len(amounts)), 2.9), layout="constrained")
        grid = figure.subplots(1, len(amounts), squeeze=False, sharey=True).flatten()
        for axes, (counted, of_language) in zip(grid, amounts.items(), strict=True):
            for method, look in shown.items():
                part = table[table["method"] == method]
                part = part[part["language"].isin(of_language)]
                x = part["language"].map(of_language)
                axes.scatter(x, part["value"], s=24, label=method, zorder=2, **look.marks())
            # Languages with as much text as each other stand over one place.
            known = table[table["language"].isin(of_language)]
            for amount, rows in known.groupby(known["language"].map(of_language)):
                axes.annotate(
                    ", ".join(rows["language"].unique()),
                    (amount, rows["value"].max()),
                    xytext=(0, 5),
                    textcoords="offset points",
                    ha="center",
                    fontsize=7,
                )
            if max(of_language.values()) > 4 * min(of_language.values()):
                axes.set_xscale("log")
            axes.set_xlabel(counted)
            axes.margins(0.12)
            plain_ticks(axes, of_language.values())
            axes.set_ylim(bottom=0)
            axes.grid(color=GRID)
            axes.set_axisbelow(True)
        grid[0].set_ylabel(metric_name(metric))
        handles = [
            Line2D([], [], label=name, **look.line(joined=False)) for name, look in shown.items()
        ]
        legend_above(figure, handles, most=4)
        return drawn(figure)


def plain_ticks(axes: Axes, amounts: Iterable[float]) -> None:
    """Label the x axis with amounts that there are, as plain numbers.

    The smallest and the largest come first, then others that have room between those.
    """
    first, *others = sorted(set(amounts))
    scale = np.log if axes.get_xscale() == "log" else float
    left, right = map(scale, axes.get_xlim())
    ticks = [first]
    for amount in [*others[-1:], *others[:-1]]:
        apart = min(abs(scale(amount) - scale(tick)) for tick in ticks)
        if apart >= APART * (right - left):
            ticks.append(amount)
    axes.set_xticks(ticks, [f"{tick:,.0f}" if tick >= 10 else f"{tick:.3g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def pairs_figure(
    languages: pd.DataFrame,
    pairs: Mapping[str, int | None],
    kept: Mapping[str, int],
    metric: str = "map",
) -> Figure:
    """Draw learning curves: the metric over how many sentence pairs were distilled from.

    Args:
        languages: as `optical.evaluation.gap.compare` gives them; a panel for each collection, a
            line for each language of the first student, in full for those of the high group and
            dashed for others.
        pairs: of each method at most how many, None for all; methods that differ in nothing else.
        kept: pairs of each language's bitext.
        metric: which of the metrics.

    Raises:
        InputError: where none of the methods has a value, no language any pairs, or all have the
            same number of them.
    """
    table = languages[(languages["metric"] == metric) & languages["method"].isin(pairs)]
    table = table[table["language"].map(lambda language: kept.get(language, 0) > 0)]
    if table.empty:
        raise InputError("no method and language of which the number of pairs is known")
    table = table[table["student"] == table["student"].iloc[0]]
    most = {method: math.inf if number is None else number for method, number in pairs.items()}
    table = table.assign(
        pairs=[
            min(most[method], kept[language])
            for method, language in zip(table["method"], table["language"], strict=True)
        ]
    )
    if table["pairs"].nunique() == 1:
        raise InputError("all students were distilled from as many pairs as each other")
    collections = list(table.groupby("collection", sort=False))
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 3.2 * len(collections)), 3.1), layout="constrained")
        grid = figure.subplots(1, len(collections), squeeze=False, sharey=True).flatten()
        for axes, (collection, rows) in zip(grid, collections, strict=True):
            _draw_curves(axes, rows)
            axes.set_title(collection, loc="left")
            axes.set_xscale("log")
            axes.set_xlabel("sentence pairs to distil from")
            plain_ticks(axes, rows["pairs"])
            axes.grid(color=GRID)
            axes.set_axisbelow(True)
        highest = max(table["value_to"].max(), table["value"].max())
        grid[0].set_ylim(0, 1.05 * highest if highest > 0 else 1.0)
        for axes, (_, rows) in zip(grid, collections, strict=True):
            _name_curves(axes, rows)
        grid[0].set_ylabel(metric_name(metric))
        present = [group for group in GROUPS if group in set(table["group"])]
        handles = [Line2D([], [], label=group, **_look_of_group(group)) for group in present]
        legend_above(figure, handles, most=6)
        return drawn(figure)


def _look_of_group(group: str) -> dict[str, Any]:
    high = group == "high"
    return {
        "color": INK,
        "marker": "o",
        "markerfacecolor": INK if high else PAPER,
        "linestyle": "-" if high else "--",
    }


def _draw_curves(axes: Axes, rows: pd.DataFrame) -> None:
    for language, own in rows.sort_values("pairs").groupby("language", sort=False):
        look = _look_of_group(own["group"].iloc[0])
        axes.vlines(own["pairs"], own["value_from"], own["value_to"], color=FAINT, linewidth=1)
        axes.plot(own["pairs"], own["value"], markersize=4, label=language, **look)


def _name_curves(axes: Axes, rows: pd.DataFrame) -> None:
    """The name of each language beside the end of its line; names that would meet are moved up."""
    rows = rows[np.isfinite(rows["value"])]
    last = rows.sort_values("pairs").drop_duplicates("language", keep="last")
    least = LABEL * (axes.get_ylim()[1] - axes.get_ylim()[0])
    for pairs, of_place in last.sort_values("value").groupby("pairs"):
        free = -math.inf
        for language, value in zip(of_place["language"], of_place["value"], strict=True):
            height = max(value, free)
            free = height + least
            axes.annotate(
                language,
                (pairs, height),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                annotation_clip=False,
            )
