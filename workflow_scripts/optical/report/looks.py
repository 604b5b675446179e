"""The look of every picture: colours for light and dark paper, and a colour and mark by method.

A method looks the same in every picture of every study, as its look is chosen by its name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from matplotlib.markers import MarkerStyle

COLOURS = {
    "amber": ("#B36B00", "#E69F00"),
    "blue": ("#0072B2", "#56B4E9"),
    "green": ("#007A5A", "#2FC79A"),
    "purple": ("#A3478F", "#DA8FC6"),
    "vermilion": ("#C44A00", "#FF8A4C"),
    "olive": ("#6F7A00", "#C3CC4A"),
    "brown": ("#7A5230", "#C9A27C"),
    "indigo": ("#5B4FC7", "#A79BFF"),
    "crimson": ("#B3123F", "#FF7A93"),
    "grey": ("#6B6B6B", "#B0B0B0"),
}
"""Of marks and lines, on light and on dark paper, with the contrast of 3 that WCAG 2 asks for."""

PAPER, INK, FAINT, GRID = "#FFFFFF", "#333333", "#BBBBBB", "#EEEEEE"
NEUTRAL = {
    "picture-paper": (PAPER, "#181818"),
    "picture-ink": (INK, "#E6E6E6"),
    "picture-faint": (FAINT, "#5C5C5C"),
    "picture-grid": (GRID, "#2E2E2E"),
}
"""Of what is behind and beside them."""

LOOK = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: equal pictures on every machine
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "svg.hashsalt": "optical",
    "svg.fonttype": "path",  # outlines: no letter depends on the reader's fonts
}


@dataclass(frozen=True)
class Style:
    """How a method is drawn. hollow: marks are outlines and lines are dashed."""

    color: str
    marker: str
    hollow: bool = False

    def line(self, joined: bool = True) -> dict[str, Any]:
        """Arguments of `Axes.plot`. joined: whether a line goes through the marks."""
        joining = "--" if self.hollow else "-"
        return {
            "color": self.color,
            "marker": self.marker,
            "markersize": 6,
            "markerfacecolor": PAPER if self.hollow else self.color,
            "markeredgecolor": self.color,
            "linestyle": joining if joined else "none",
        }

    def marks(self) -> dict[str, Any]:
        """Arguments of `Axes.scatter`."""
        face, edge = (PAPER, self.color) if self.hollow else (self.color, PAPER)
        return {
            "facecolor": face,
            "edgecolor": edge,
            "linewidth": 1.2 if self.hollow else 0.5,
            "marker": self.marker,
        }


METHODS = {
    "zero_shot": Style(COLOURS["amber"][0], "o"),
    "optical": Style(COLOURS["blue"][0], "D"),
    "greedy": Style(COLOURS["green"][0], "s"),
    "sentence": Style(COLOURS["purple"][0], "^"),
    "translate_query": Style(COLOURS["vermilion"][0], "v"),
    "translate_train": Style(COLOURS["olive"][0], "P"),
    "wikiclir": Style(COLOURS["brown"][0], "X"),
    "bm25": Style(COLOURS["grey"][0], "h"),
    "bm25_translated": Style(COLOURS["grey"][0], "p"),
}
"""Filled marks."""

VARIANTS = [
    Style(color, marker, hollow=True)
    for marker in ("o", "s", "D", "^", "v", "p", "h", "<", ">", "P", "X", "d", "*")
    for color, _ in COLOURS.values()
    if (color, marker) not in {(own.color, own.marker) for own in METHODS.values()}
]
"""Hollow marks, which a variant takes one of by its name. The colours that can be told apart are
few, so a variant may have that of a method, and never its mark too."""


def styles(methods: Iterable[str]) -> dict[str, Style]:
    """The style of each method, in the order given; no two of at most 121 variants look alike.

    A variant's style is chosen by a checksum of its name. Where two names of a study come to the
    same, the later one in the alphabet takes the next that is free.
    """
    names = list(dict.fromkeys(methods))
    found = {name: METHODS[name] for name in names if name in METHODS}
    taken: set[int] = set()
    for name in sorted(set(names) - set(METHODS)):
        place = crc32(name.encode()) % len(VARIANTS)
        while place in taken and len(taken) < len(VARIANTS):
            place = (place + 1) % len(VARIANTS)
        taken.add(place)
        found[name] = VARIANTS[place]
    return {name: found[name] for name in names}


COMMANDS = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
"""Of SVG, by the codes of a matplotlib path: to move, line, curves of two kinds, close."""


def outline(marker: str) -> str:
    """The path of a mark, about 20 units wide around (0, 0), as SVG writes it."""
    mark = MarkerStyle(marker)
    path = mark.get_path().transformed(mark.get_transform())
    parts = []
    for numbers, code in path.iter_segments():
        command = COMMANDS[int(code)]
        places = [] if command == "Z" else 20 * numbers.reshape(-1, 2) * (1, -1)  # y points down
        parts.append(command + " ".join(f"{x + 0.0:.1f} {y + 0.0:.1f}" for x, y in places))
    return "".join(parts)


def variables(dark: bool) -> str:
    """Declarations of the CSS variables that `themed` names."""
    pairs = (COLOURS | NEUTRAL).items()
    return "; ".join(f"--{name}: {both[dark]}" for name, both in pairs)


def themed(svg: str) -> str:
    """An SVG text whose colours are CSS variables of the page around it.

    A colour that is none of this module's stays as it is.
    """
    known = {light.lower(): name for name, (light, _) in (COLOURS | NEUTRAL).items()}
    names = "|".join(known)
    return re.sub(
        rf"(?<=: )({names})\b",
        lambda found: f"var(--{known[found[0].lower()]})",
        svg,
        flags=re.IGNORECASE,
    )
