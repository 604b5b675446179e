"""Pictures written to files, or in their place the reason why one is left out.

An illustration never stops a study: it comes after days of training, and no table needs it.
"""

import html
import re
import sys
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from optical.report.looks import INK, LOOK
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

LEFT_OUT = "left out: "
"""How the description begins that an SVG file has in place of a picture."""


def draw(make: Callable[[], Figure], *paths: str | Path) -> None:
    """Write the picture that `make` gives, or where it gives none, one that says why.

    The reason is the message of an InputError, where there is nothing to show. Any other error is a
    fault of the drawing, whose traceback goes to the log. One of the system, such as a full disk,
    is raised.
    """
    for path in paths:
        format_of(path)
    try:
        save_figure(make(), *paths)
    except OSError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        if not isinstance(error, InputError):
            traceback.print_exc()
            reason = f"{type(error).__name__}: {reason}"
        print(f"{LEFT_OUT}{reason}", file=sys.stderr)
        with matplotlib.rc_context(LOOK):
            figure = Figure(figsize=(5.5, 0.9))
            said = textwrap.fill(f"{LEFT_OUT}{reason}", 80, max_lines=4, placeholder=" …")
            figure.text(0.02, 0.5, said, va="center", color=INK, parse_math=False)
        save_figure(figure, *paths, description=f"{LEFT_OUT}{reason}")


def save_figure(figure: Figure, *paths: str | Path, description: str | None = None) -> None:
    """Write a picture in the formats of the suffixes, .svg and .png; equal tables, equal bytes.

    description: of the picture, in the SVG file.
    """
    for path in paths:
        form = format_of(path)
        about = {
            "svg": {"Date": None, "Creator": None, "Description": description},
            "png": {"Software": None},
        }[form]
        with atomic_path(path) as temporary, matplotlib.rc_context(LOOK):
            figure.savefig(temporary, format=form, dpi=160, metadata=about)


def format_of(path: str | Path) -> str:
    """The format of a picture's file. Raises InputError for one that is not written."""
    form = Path(path).suffix.removeprefix(".")
    if form not in ("svg", "png"):
        raise InputError(f"{path}: pictures are written as .svg or .png")
    return form


def reason_of(svg: str) -> str:
    """Why a picture is left out, from its SVG file; nothing where it is drawn."""
    found = re.search(rf"<dc:description>{LEFT_OUT}(.*?)</dc:description>", svg, re.DOTALL)
    return html.unescape(found[1]) if found else ""
