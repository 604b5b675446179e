"""Pictures of transport plans, before and after distillation."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from optical.report.figures import drawn
from optical.report.looks import FAINT, INK, LOOK
from optical.runtime.errors import InputError

READABLE = 60
"""Tokens of a sentence that a picture has room for."""


def plans_figure(pairs: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the transport plans of sentence pairs, before and after distillation, as heat maps.

    Args:
        pairs: of each the `language`, the `sentences` (foreign, pivot), the tokens `source` [n] and
            `target` [m], the `masses` of these as training used them ([n] and [m]), and the plans
            [n, m] by their title, in `plans`. A cell is the share of what the token of most mass
            gives away. Where tokens differ in mass, each has its own beside it, as a share of its
            sentence. Of longer sentences the first `READABLE` tokens are shown.

    Raises:
        InputError: where no pair has tokens on both sides.
    """
    pairs = [pair for pair in pairs if pair["source"] and pair["target"]]
    if not pairs:
        raise InputError("no sentence pair to align")
    columns = max(len(pair["plans"]) for pair in pairs)
    heights = [max(6, min(READABLE, len(pair["source"]))) for pair in pairs]
    width = max(min(READABLE, len(pair["target"])) for pair in pairs)
    panel = 1.1 + 0.2 * width
    with matplotlib.rc_context(LOOK):
        figure = Figure(
            figsize=(max(5.5, columns * panel), 1.8 * len(pairs) + 0.2 * sum(heights)),
            layout="constrained",
        )
        letters = max(24, int(11 * figure.get_figwidth() / columns) - 8)
        grid = figure.subplots(len(pairs), columns, squeeze=False, height_ratios=heights)
        for axes_of_pair, pair in zip(grid, pairs, strict=True):
            source, target = (
                labels(pair[side], mass)
                for side, mass in zip(("source", "target"), pair["masses"], strict=True)
            )
            heading = f"{headline(pair, letters)}\n"
            for axes, (title, plan) in zip(axes_of_pair, pair["plans"].items(), strict=True):
                # A token without a counterpart keeps its mass: its row is empty.
                shares = plan / (plan.sum(axis=1).max() or 1.0)
                shares = shares[:READABLE, :READABLE]
                image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
                cut = max(plan.shape) > READABLE
                shown = f"{title}, the first {READABLE} tokens" if cut else title
                axes.set_title(f"{heading}{shown}", loc="left", parse_math=False)
                heading = ""
                axes.set_xticks(np.arange(len(target)), target, rotation=90, parse_math=False)
                axes.set_yticks(np.arange(len(source)), source, parse_math=False)
                axes.tick_params(length=0, labelsize=7, labelcolor=INK)
        bar = figure.colorbar(image, ax=grid, shrink=0.5, pad=0.01)
        bar.ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        bar.ax.tick_params(labelsize=7, color=FAINT)
        return drawn(figure)


def headline(pair: Mapping[str, Any], letters: int) -> str:
    """The language and the two sentences of a pair, in lines of so many letters, at most two each.

    What is said of the masses stands behind them.
    """
    foreign, pivot = pair["sentences"]
    alike = all(np.ptp(mass) == 0 for mass in pair["masses"])
    said = "tokens weigh the same" if alike else "behind a token: its share of the mass"
    lines = [f"{pair['language']}: {foreign}", f"→ {pivot}", f"({said})"]
    return "\n".join(
        textwrap.fill(line, letters, max_lines=2, placeholder=" …", break_long_words=True)
        for line in lines
    )


def labels(tokens: Sequence[str], masses: Sequence[float]) -> list[str]:
    """The tokens that are shown, with their share of the mass where it is not the same for all."""
    total = sum(masses)
    alike = np.ptp(masses) == 0 or not total
    texts = [
        token if alike else f"{token} {100 * mass / total:.0f}%"
        for token, mass in zip(tokens, masses, strict=True)
    ]
    return texts[:READABLE]
