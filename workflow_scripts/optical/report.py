"""The report of a study: one HTML file that needs nothing beside it."""

import contextlib
import importlib.metadata
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from optical.files import atomic_path
from optical.gap import BASELINE, NO_STUDENT
from optical.tables import (
    ShownTable,
    decimal,
    gap_notes,
    metric_name,
    percent,
    pivot_name,
    shown_cleaning_table,
    shown_gap_table,
    shown_index_table,
    shown_language_table,
    to_html,
)

TEMPLATE = "report.html.j2"
METHOD = "optical"
CONTROLS = {"greedy": "tokens paired off greedily", "sentence": "sentences as one vector each"}
"""The method that the study is about, and what it is held against: how else to compare pairs."""

LARGEST_LOSS = 0.005
"""What an approximate index may cost a language before the report warns of it."""

PACKAGES = ("numpy", "pandas", "pytrec-eval-terrier", "bm25s", "matplotlib", "Jinja2", "snakemake")
"""Shown with their versions where they are installed; nothing of them is imported."""


def write_report(
    output: str | Path,
    *,
    study: str,
    settings: str,
    languages: pd.DataFrame,
    gap: pd.DataFrame,
    pictures: Mapping[str, str | Path],
    cleaning: pd.DataFrame,
    environments: Mapping[str, str] | None = None,
    note: str = "",
    metric: str = "map",
) -> None:
    """Write the report.

    Args:
        output: HTML file.
        study: its name.
        settings: text of its YAML file, shown as it is.
        languages: language table.
        gap: gap table.
        pictures: caption of each SVG file, which is put into the page.
        cleaning: as `read_cleaning` gives it; may be empty.
        environments: text of each environment file by its name.
        note: shown in a box at the top, such as that the data is constructed; nothing when empty.
        metric: the metric that the answer and the language tables are of.
    """
    pivot = pivot_name(languages)
    of_metric = languages[languages["metric"] == metric]
    if of_metric.empty:
        raise ValueError(f"the language table has no metric {metric}")
    page = _template().render(
        study=study,
        note=note,
        metric=metric_name(metric),
        pivot=pivot,
        answers=answers(gap, metric),
        transport_gains=transport_gains(gap, metric),
        has_floor=bool(languages["floor"].notna().any()),
        gap_table=_html(shown_gap_table(gap, pivot)),
        gap_notes=gap_notes(gap, pivot),
        pictures=[
            (Markup(inline_svg(Path(path).read_text(encoding="utf-8"), f"picture{number}")), text)
            for number, (text, path) in enumerate(pictures.items(), start=1)
        ],
        index_table=_html(shown_index_table(of_metric)) if of_metric["n_exact"].any() else "",
        index_losses=index_losses(of_metric),
        language_tables={
            collection: _html(shown_language_table(rows))
            for collection, rows in of_metric.groupby("collection", sort=False)
        },
        cleaning_table=_html(shown_cleaning_table(cleaning)) if len(cleaning) else "",
        groups={
            group: list(rows["language"].unique())
            for group, rows in languages.groupby("group", sort=False)
        },
        settings=settings,
        environments=environments or {},
        versions=versions(),
    )
    with atomic_path(output) as temporary:
        temporary.write_text(page, encoding="utf-8")


def answers(gap: pd.DataFrame, metric: str) -> dict[str, list[dict[str, str]]]:
    """Say what became of the gap: for each collection, a line per student and trained method.

    Returns:
        Lines by collection. A line is shown text: student, method, the relative gap `before` and
        `after`, the `change` in words, and `high_before`, `high_after`, `low_before`, `low_after`:
        a gap may also narrow because the high group fell. A collection without a relative gap,
        because a group has no language there, has no line.
    """
    table = gap[(gap["metric"] == metric) & (gap["student"] != NO_STUDENT)]
    key = ["collection", "student", "teacher"]
    before = table[table["method"] == BASELINE]
    pairs = table[table["method"] != BASELINE].merge(before, on=key, suffixes=("_after", "_before"))
    lines: dict[str, list[dict[str, str]]] = {name: [] for name in pairs["collection"]}
    for _, row in pairs.dropna(subset=["relative_gap_before", "relative_gap_after"]).iterrows():
        line = {"student": row["student"], "method": row["method_after"]}
        line["before"] = percent(row["relative_gap_before"])
        line["after"] = percent(row["relative_gap_after"])
        line["change"] = _change(row["gap_closed_after"])
        for name in ("high_before", "high_after", "low_before", "low_after"):
            line[name] = decimal(row[name])
        lines[row["collection"]].append(line)
    return lines


def transport_gains(gap: pd.DataFrame, metric: str) -> dict[str, list[dict[str, str]]]:
    """Say what the transport is worth: optical beside its controls, where a student has both.

    Returns:
        Lines by collection, one for each student and control. A line is shown text: student,
        control, what the control does (`alignment`), and for the groups `high` and `low` the values
        of optical and the control and their difference.
    """
    table = gap[gap["metric"] == metric].set_index(["collection", "student", "method"])
    lines: dict[str, list[dict[str, str]]] = {}
    for (collection, student, method), optical in table.iterrows():
        if method != METHOD:
            continue
        for control, alignment in CONTROLS.items():
            if (collection, student, control) not in table.index:
                continue
            other = table.loc[(collection, student, control)]
            line = {"student": student, "control": control, "alignment": alignment}
            for group in ("high", "low"):
                difference = optical[group] - other[group]
                line[group] = (
                    f"{decimal(optical[group])} and {decimal(other[group])}, "
                    f"{'+' if difference >= 0 else '−'}{decimal(abs(difference))}"
                )
            lines.setdefault(collection, []).append(line)
    return lines


def index_losses(languages: pd.DataFrame) -> list[str]:
    """Runs that lose more than `LARGEST_LOSS` by an approximate index: "student, method, language
    of collection: exact value and the index's", the largest loss first.

    languages: a language table of one metric.
    """
    loss = languages["exact_value"] - languages["index_value"]
    large = languages.assign(loss=loss)[loss > LARGEST_LOSS].sort_values("loss", ascending=False)
    return [
        f"{row['student']}, {row['method']}, {row['language']} of {row['collection']}: "
        f"{decimal(row['exact_value'])} exactly, {decimal(row['index_value'])} with the index"
        for _, row in large.iterrows()
    ]


def _change(closed: float) -> str:
    if pd.isna(closed):
        return "there was none to close"
    return (
        f"{percent(closed)} of it closed" if closed >= 0 else f"wider by {percent(-closed)} of it"
    )


def inline_svg(svg: str, prefix: str) -> str:
    """Make an SVG file a part of a page: no prolog, no metadata, ids of its own.

    Raises:
        ValueError: when the text holds no <svg> element.
    """
    start = svg.find("<svg")
    if start < 0:
        raise ValueError("the picture is not SVG: no <svg> element in it")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[start:], flags=re.DOTALL)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)


def read_cleaning(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read {language}.cleaning.csv files (origin, rule, pairs): the same with a language column."""
    tables = []
    for path in map(Path, paths):
        table = pd.read_csv(path, keep_default_na=False)
        missing = {"origin", "rule", "pairs"} - set(table.columns)
        if missing:
            raise ValueError(f"{path}: no column {', '.join(sorted(missing))}")
        table.insert(0, "language", path.name.partition(".")[0])
        tables.append(table)
    empty = pd.DataFrame(columns=["language", "origin", "rule", "pairs"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Version of Python and of those packages that are installed, without importing them."""
    found = {"Python": platform.python_version()}
    for name in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _html(table: ShownTable) -> Markup:
    return Markup(to_html(table))


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE)
