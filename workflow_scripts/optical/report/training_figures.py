"""Pictures of learning: training curves, values over amounts of text, transport plans."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from optical.evaluation.gap import NO_STUDENT
from optical.report.figures import FAINT, INK, LOOK, drawn, style
from optical.report.tables import metric_name
from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS

READABLE = 60
"""Tokens of a sentence that a picture of plans has room for."""


def curves_figure(curves: Mapping[str, Mapping[str, Sequence[pd.DataFrame]]]) -> Figure:
    """Draw the loss of each training as a share of its first, over the examples seen.

    Args:
        curves: by panel and line, the logs of its trainings, with columns examples and loss. A line
            is the mean of its trainings, and a shade from the lowest to the highest.
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
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 2.7 * columns), 0.3 + 2.4 * lines), layout="constrained")
        grid = figure.subplots(lines, columns, squeeze=False).flatten()
        for axes, (panel, of_panel) in zip(grid, shares.items(), strict=False):
            for at, (name, own) in enumerate(of_panel.items()):
                if not own:
                    continue
                color, _ = style(at)
                loss = pd.concat(own, axis=1)
                # Where trainings wrote at other examples, there is no line of all of them.
                loss = loss if (whole := loss.dropna()).empty else whole
                axes.plot(loss.index, loss.mean(axis=1), color=color, label=name, linewidth=1.4)
                axes.fill_between(
                    loss.index, loss.min(axis=1), loss.max(axis=1), color=color, alpha=0.2, lw=0
                )
            axes.set_title(panel, loc="left")
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
            few = axes.get_ylim()[0] > 0.12  # more numbers than these would lie on each other
            axes.yaxis.set_minor_formatter(
                PercentFormatter(1, decimals=0) if few else NullFormatter()
            )
            axes.tick_params(axis="both", which="both", color=FAINT, labelsize=7)
            axes.grid(color="#EEEEEE")
            axes.legend(frameon=False, fontsize=7)
        for axes in grid[len(shares) :]:
            axes.set_visible(False)
        for axes in grid[max(0, len(shares) - columns) : len(shares)]:
            axes.set_xlabel("examples")
        figure.supylabel("loss, share of the first", fontsize=9)
        return drawn(figure)


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
            collection is drawn, with its first and its last method.
        amounts: by the name of what is counted, the amount of each language.
        metric: which of the metrics.

    Raises:
        InputError: where no language has both a value and an amount.
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
    languages = set(table["language"])
    amounts = {counted: known for counted, known in amounts.items() if languages & known.keys()}
    if not amounts:
        raise InputError("it is not known how much text there was of any language")
    methods = list(table["method"].unique())
    shown = {name: style(at) for at, name in enumerate(dict.fromkeys([methods[0], methods[-1]]))}
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 3.4 * len(amounts)), 3.2), layout="constrained")
        grid = figure.subplots(1, len(amounts), squeeze=False, sharey=True).flatten()
        for axes, (counted, of_language) in zip(grid, amounts.items(), strict=True):
            for method, (color, marker) in shown.items():
                part = table[(table["method"] == method)]
                part = part[part["language"].isin(of_language)]
                x = part["language"].map(of_language)
                axes.scatter(
                    *(x, part["value"]), color=color, marker=marker, s=24, label=method, zorder=2
                )
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
            axes.set_ylim(bottom=0)
            axes.grid(color="#EEEEEE")
            axes.set_axisbelow(True)
        grid[0].set_ylabel(metric_name(metric))
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False)
        return drawn(figure)


def pairs_figure(
    languages: pd.DataFrame,
    pairs: Mapping[str, int | None],
    kept: Mapping[str, int],
    metric: str = "map",
) -> Figure:
    """Draw learning curves: the metric over how many sentence pairs were distilled from.

    Args:
        languages: as `optical.evaluation.gap.compare` gives them; a panel for each collection, a
            line for each language of the first student.
        pairs: of each method at most how many, None for all; methods that differ in nothing else.
        kept: pairs of each language's bitext.
        metric: which of the metrics.

    Raises:
        InputError: where none of the methods has a value, or no language any pairs.
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
    collections = list(table.groupby("collection", sort=False))
    names = list(table["language"].unique())
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(max(5.5, 3.2 * len(collections)), 3.4), layout="constrained")
        grid = figure.subplots(1, len(collections), squeeze=False, sharey=True).flatten()
        for axes, (collection, rows) in zip(grid, collections, strict=True):
            for language, own in rows.sort_values("pairs").groupby("language", sort=False):
                at = names.index(language)
                color, marker = style(at)
                line = {"color": color, "marker": marker, "markersize": 5, "label": language}
                low = rows["group"][own.index[0]] == "low"
                axes.plot(own["pairs"], own["value"], linestyle="--" if low else "-", **line)
                axes.vlines(own["pairs"], own["value_from"], own["value_to"], color=color)
            axes.set_title(collection, loc="left")
            axes.set_xscale("log")
            axes.set_xlabel("sentence pairs to distil from")
            axes.set_ylim(bottom=0)
            axes.grid(color="#EEEEEE")
            axes.set_axisbelow(True)
        grid[0].set_ylabel(metric_name(metric))
        shown = {
            label: handle
            for axes in grid
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            shown.values(), shown.keys(), loc="outside upper left", ncols=6, frameon=False
        )
        return drawn(figure)


def plans_figure(pairs: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the transport plans of sentence pairs, before and after distillation, as heat maps.

    Args:
        pairs: of each the tokens `source` [n] and `target` [m], and the plans [n, m] by their
            title, in `plans`. A cell is the share of a whole token's mass. Of longer sentences the
            first `READABLE` tokens are shown.

    Raises:
        InputError: where no pair has tokens on both sides.
    """
    pairs = [pair for pair in pairs if pair["source"] and pair["target"]]
    if not pairs:
        raise InputError("no sentence pair to align")
    columns = max(len(pair["plans"]) for pair in pairs)
    heights = [max(6, min(READABLE, len(pair["source"]))) for pair in pairs]
    width = max(min(READABLE, len(pair["target"])) for pair in pairs)
    with matplotlib.rc_context(LOOK):
        figure = Figure(
            figsize=(
                max(5.5, columns * (1.1 + 0.2 * width)),
                0.9 * len(pairs) + 0.2 * sum(heights),
            ),
            layout="constrained",
        )
        grid = figure.subplots(len(pairs), columns, squeeze=False, height_ratios=heights)
        for axes_of_pair, pair in zip(grid, pairs, strict=True):
            for axes, (title, plan) in zip(axes_of_pair, pair["plans"].items(), strict=True):
                # A token without a counterpart keeps its mass: its row is empty.
                shares = plan / (plan.sum(axis=1).max() or 1.0)
                shares = shares[:READABLE, :READABLE]
                image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
                cut = max(plan.shape) > READABLE
                axes.set_title(
                    f"{title}, the first {READABLE} tokens" if cut else title, loc="left"
                )
                source, target = pair["source"][:READABLE], pair["target"][:READABLE]
                axes.set_xticks(np.arange(len(target)), target, rotation=90)
                axes.set_yticks(np.arange(len(source)), source)
                axes.tick_params(length=0, labelsize=7, labelcolor=INK)
        bar = figure.colorbar(image, ax=grid, shrink=0.5, pad=0.01)
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bar.ax.tick_params(labelsize=7, color=FAINT)
        return drawn(figure)
