"""Numbers as people read them, with the digits that their confidence interval supports."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

MISSING = "–"
"""Shown where there is no number."""

SUPPORTED = 0.5
"""The last digit of a number is worth at most this share of half of its interval's width."""


@dataclass(frozen=True)
class Form:
    """How a kind of number is shown.

    Attributes:
        most: decimals where nothing is known of the interval, and at most.
        least: decimals at least.
        scale: factor before it is shown: 100 for a share as a percentage.
        sign: whether a plus stands before what is not below 0.
        unit: what stands behind it.
    """

    most: int
    least: int = 0
    scale: float = 1.0
    sign: bool = False
    unit: str = ""

    def __call__(self, value: float, decimals: int | None = None) -> str:
        """The text of a number; no minus before a zero."""
        if pd.isna(value):
            return MISSING
        decimals = self.most if decimals is None else decimals
        rounded = round(self.scale * value, decimals) + 0.0
        sign = "+" if self.sign else ""
        return minus(f"{rounded:{sign}.{decimals}f}{self.unit}")

    def supported(self, start: float, end: float) -> int:
        """The decimals that an interval supports; the most where there is none."""
        half = self.scale * (end - start) / 2
        if not 0 < half < math.inf:
            return self.most
        return min(self.most, max(self.least, -math.floor(math.log10(SUPPORTED * half))))


decimal = Form(most=3, least=2)
"""As MAP is usually given."""

signed = Form(most=3, least=2, sign=True)
"""A difference of values."""

points = Form(most=1, scale=100, sign=True)
"""A difference of shares in percentage points."""

percent = Form(most=1, scale=100, unit="%")
"""A share as a percentage."""


def minus(number: str) -> str:
    """A number with the sign for minus, which is wider than a hyphen and never breaks a line."""
    return number.replace("-", "−")


def rounded(row: Mapping[str, float], name: str, show: Form) -> str:
    """A measure with the digits that its interval supports, without the interval."""
    return show(row[name], show.supported(row[f"{name}_from"], row[f"{name}_to"]))


def alike(measures: Iterable[tuple[Mapping[str, float], str]], show: Form) -> list[str]:
    """Measures, each (row, name), with the decimals that all of their intervals support.

    Numbers that are compared have the same number of decimals, or 0.05 would seem another value
    than 0.054.
    """
    measures = list(measures)
    decimals = min(show.supported(row[f"{name}_from"], row[f"{name}_to"]) for row, name in measures)
    return [show(row[name], decimals) for row, name in measures]


def between(row: Mapping[str, float], name: str, show: Form) -> str:
    """A measure with its interval, as `0.31 [0.29, 0.33]`; without one where there is none."""
    start, end = row[f"{name}_from"], row[f"{name}_to"]
    decimals = show.supported(start, end)
    ends = [show(value, decimals).removesuffix("%") for value in (start, end)]
    return show(row[name], decimals) + (f" [{', '.join(ends)}]" if MISSING not in ends else "")


def probability(p: float) -> str:
    """A p-value with three decimals."""
    return MISSING if pd.isna(p) else "<0.001" if p < 0.001 else f"{p:.3f}"
