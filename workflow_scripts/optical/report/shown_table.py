"""Tables whose cells are text, as Markdown, LaTeX and HTML."""

import html
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from optical.report.numbers import MISSING

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


WIDE, ASKED = "wide", "asked"
"""Ranks of columns, and the classes of their cells."""


@dataclass(frozen=True)
class ShownTable:
    """A table whose cells are already text.

    Attributes:
        headings: one a column.
        rows: as many cells each as there are headings.
        numeric: how many columns, counted from the right, hold numbers and are aligned right.
        ranks: of the headings that a page may fold away: `WIDE` on a narrow screen, `ASKED` until
            the reader asks for all columns. Others are always shown.
    """

    headings: list[str]
    rows: list[list[str]]
    numeric: int
    ranks: Mapping[str, str] = field(default_factory=dict)

    def is_numeric(self, position: int) -> bool:
        """Whether the column at `position` holds numbers."""
        return position >= len(self.headings) - self.numeric


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
    """An HTML table, cells escaped; numbers have the class `number`, columns that fold their rank,
    and a table that has any of these the class `folds`.
    """
    ranks = [table.ranks.get(heading, "") for heading in table.headings]
    kinds = [
        " ".join(filter(None, ["number" * table.is_numeric(at), rank]))
        for at, rank in enumerate(ranks)
    ]

    def line(cells: list[str], tag: str) -> str:
        start = [f'{tag} class="{kind}"' if kind else tag for kind in kinds]
        text = [f"<{at}>{_cell(cell)}</{tag}>" for at, cell in zip(start, cells, strict=True)]
        return f"<tr>{''.join(text)}</tr>"

    kind = ' class="folds"' * any(ranks)
    body = "\n".join(line(row, "td") for row in table.rows)
    head = line(table.headings, "th")
    return f"<table{kind}>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"


def _cell(text: str) -> str:
    """A cell's HTML; an interval behind a number stays in one line, a name may break after "_"."""
    text = re.sub(r"(?<=\w)_(?=\w)", "_<wbr>", html.escape(text))
    return re.sub(r" (\[[^\[\]]*\])$", r' <span class="interval">\1</span>', text)


def page(title: str, table: ShownTable, notes: str) -> str:
    """HTML page of a table alone."""
    return PAGE.format(title=html.escape(title), table=to_html(table), notes=html.escape(notes))


def with_notes(table: ShownTable, notes: str) -> str:
    """A table in Markdown, with the notes on its columns under it."""
    return f"{to_markdown(table)}\n{textwrap.fill(notes, 100)}\n"
