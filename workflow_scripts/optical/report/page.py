"""The report of a study: one HTML file that needs nothing beside it."""

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from markupsafe import Markup

from optical.evaluation.gap import NO_STUDENT, Tables
from optical.report import reviewers, summary, verdict
from optical.report.cleaning import (
    bias_warnings,
    removed_shares,
    shown_cleaning_table,
    shown_removed_tables,
    shown_shares_table,
)
from optical.report.collections import described_collections
from optical.report.costs import shown_cost_table
from optical.report.differences import (
    contrast_notes,
    shown_contrast_table,
    shown_language_contrast_table,
    shown_size_table,
    size_notes,
)
from optical.report.looks import themed, variables
from optical.report.pictures import reason_of
from optical.report.shown_table import ShownTable, to_html
from optical.report.tables import (
    gap_notes,
    language_notes,
    metric_name,
    pivot_name,
    shown_data_table,
    shown_gap_table,
    shown_index_table,
    shown_language_rows,
    shown_language_table,
)
from optical.report.templates import template
from optical.report.translations import shown_translation_table
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

TEMPLATE = "report.html.j2"

FIRST_PICTURE = "gap_by_size"
"""Name of the file of the picture on the first screen."""

BESIDE = 550
"""Points that a picture is wide at most to stand beside the first table. A wider one is of several
collections, and its letters would be too small there.
"""


def write_report(
    output: str | Path,
    *,
    study: str,
    settings: str,
    tables: Tables,
    costs: pd.DataFrame,
    pictures: Mapping[str, str | Path],
    collections: pd.DataFrame,
    levels: Mapping[str, int] | None = None,
    cleaning: pd.DataFrame,
    removed: pd.DataFrame,
    translations: pd.DataFrame,
    training: Mapping[str, int],
    queries: str = "",
    pairs: str = "",
    sources: Mapping[str, Mapping[str, str]] | None = None,
    environments: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    note: str = "",
    metric: str = "map",
) -> None:
    """Write the report.

    Args:
        output: HTML file.
        study: its name.
        settings: text of its YAML file, shown as it is.
        tables: as `optical.evaluation.gap.compare` gives them.
        costs: as `optical.report.costs.cost_table` gives them.
        pictures: caption of each SVG file, which is put into the page.
        collections: as `read_collections` gives them; may be empty.
        levels: the least relevant grade of each collection where that is not 1.
        cleaning: as `read_cleaning` gives it; may be empty.
        removed: as `read_removed` gives it; may be empty.
        translations: as `read_translation_scores` gives them; may be empty.
        training: what the teachers' training set has, and what was left out of it: how many.
        queries: who translated the training queries of translate_train, by language; may be empty.
        pairs: what wikiclir is trained on, by language; may be empty.
        sources: title, licence, citation and homepage of each data set that was downloaded.
        environments: text of each environment file by its name.
        provenance: as `optical.runtime.provenance.provenance` gives it.
        note: shown in a box at the top, such as that the data is constructed; nothing when empty.
        metric: the metric that the answer and the language tables are of.
    """
    languages, gap = tables.language, tables.gap
    pivot = pivot_name(languages)
    of_metric = languages[languages["metric"] == metric]
    if of_metric.empty:
        raise InputError(f"the language table has no metric {metric}")
    others = gap[gap["metric"] != metric]
    shown_settings = yaml.safe_load(settings) or {}
    size, contrast, language_contrast = (
        table[table["metric"] == metric]
        for table in (tables.size, tables.contrast, tables.language_contrast)
    )
    scored = of_metric.groupby("collection", sort=False)["n_queries"].max().to_dict()
    described = described_collections(
        collections,
        scored=scored,
        levels=levels or {},
        metrics=shown_settings.get("metrics", ()),
    )
    groups = {
        group: list(rows["language"].unique())
        for group, rows in languages.groupby("group", sort=False)
    }
    group_of = {language: group for group, names in groups.items() for language in names}
    shares = removed_shares(cleaning, group_of)
    first, further = pictures_of(pictures)
    page = template(TEMPLATE).render(
        study=study,
        light=variables(dark=False),
        dark=variables(dark=True),
        title=title_of(gap),
        headline=summary.headline(gap, metric),
        summary_tables=[_html(table) for table in summary.shown_summary_tables(gap, metric)],
        first_picture=first,
        stacked=bool(first) and width_of(first[0]) > BESIDE,
        questions=reviewers.answers(shown_settings, tables, metric, training, cleaning),
        note=note,
        metric=metric_name(metric),
        pivot=pivot,
        warnings=[
            *(f"{name}: {doubt}" for name, (_, doubts) in described.items() for doubt in doubts),
            *verdict.warnings(of_metric, provenance["seeds"] if provenance else ()),
            *bias_warnings(shares),
        ],
        collections=described,
        answers=verdict.answers(gap, metric),
        sizes=verdict.sizes(tables.size, metric),
        transport_gains=verdict.gains(tables.contrast, metric, verdict.CONTROLS),
        rival_gains=verdict.gains(tables.contrast, metric, verdict.RIVALS),
        ablation_tables={
            ", ".join(map(str, names)): _html(shown_contrast_table(rows, labels=()))
            for names, rows in verdict.ablated(contrast).groupby(
                ["collection", "student"], sort=False
            )
        },
        contrast_table=_html(shown_contrast_table(contrast)) if len(contrast) else "",
        contrast_notes=contrast_notes(),
        language_contrast_table=(
            _html(shown_language_contrast_table(language_contrast))
            if len(language_contrast)
            else ""
        ),
        has_floor=bool(languages["floor"].notna().any()),
        gap_tables={
            collection: _html(shown_gap_table(rows, pivot))
            for collection, rows in gap[gap["metric"] == metric].groupby("collection", sort=False)
        },
        gap_notes=gap_notes(gap[gap["metric"] == metric], pivot),
        other_metrics=_html(shown_gap_table(others, pivot)) if len(others) else "",
        size_table=_html(shown_size_table(size)) if size["scaling_effect"].notna().any() else "",
        size_notes=size_notes(size),
        language_rows=_html(shown_language_rows(of_metric)),
        language_notes=language_notes(of_metric, pivot),
        pictures=further,
        index_table=_html(shown_index_table(of_metric)) if of_metric["n_exact"].any() else "",
        language_tables={
            collection: language_tables_of(rows)
            for collection, rows in of_metric.groupby("collection", sort=False)
        },
        cost_table=_html(shown_cost_table(costs)),
        cleaning_table=_html(shown_cleaning_table(cleaning)) if len(cleaning) else "",
        shares_table=_html(shown_shares_table(shares)) if len(shares) else "",
        removed_tables={
            rule: _html(table) for rule, table in shown_removed_tables(removed).items()
        },
        translation_table=(
            _html(shown_translation_table(translations)) if len(translations) else ""
        ),
        training=training_lines(training, shown_settings),
        queries=queries,
        pairs=pairs,
        data_table=_html(shown_data_table(sources)) if sources else "",
        groups=groups,
        settings=settings,
        environments=environments or {},
        provenance=provenance,
    )
    with atomic_path(output) as temporary:
        temporary.write_text(page, encoding="utf-8")


def title_of(gap: pd.DataFrame) -> str:
    """The heading of the page: by the sizes of encoders where there are several."""
    students = set(gap["student"]) - {NO_STUDENT}
    if len(students) > 1:
        return "How the gap between languages changes as the encoder grows"
    return "The gap between languages, and what distillation does about it"


def training_lines(training: Mapping[str, int], settings: Mapping[str, Any]) -> list[str]:
    """What the teachers' training set has, a line each.

    Negatives that BM25 finds are in no file of the training set, so their number is none of its
    counts.
    """
    wanted = settings.get("teacher", {}).get("negatives", 0)
    mined = wanted and settings.get("training_set", {}).get("negatives") == "bm25"
    lines = []
    for what, number in training.items():
        line = f"{number:,} {what}"
        if what == "negatives" and mined:
            line = f"negatives: mined by BM25, of which a teacher reads {wanted} for each query"
        lines.append(line)
    return lines


Picture = tuple[Markup, str, str]
"""SVG within the page, caption, why it is left out; one of the first and last is empty."""


def pictures_of(pictures: Mapping[str, str | Path]) -> tuple[Picture | None, list[Picture]]:
    """The picture of the first screen, where there is one, and the others."""
    first: Picture | None = None
    others: list[Picture] = []
    for number, (caption, path) in enumerate(pictures.items(), start=1):
        svg = Path(path).read_text(encoding="utf-8")
        shown = shown_picture(svg, f"picture{number}", caption)
        if Path(path).stem == FIRST_PICTURE:
            first = shown
        else:
            others.append(shown)
    return first, others


def language_tables_of(languages: pd.DataFrame) -> dict[str, Markup]:
    """A table for each student of a collection; one for a study without students."""
    names = [name for name in languages["student"].unique() if name != NO_STUDENT]
    return {
        student: _html(
            shown_language_table(languages[languages["student"].isin([NO_STUDENT, student])])
        )
        for student in names or [NO_STUDENT]
    }


def shown_picture(svg: str, prefix: str, caption: str) -> Picture:
    """A picture as the page shows it."""
    reason = reason_of(svg)
    return Markup("" if reason else inline_svg(svg, prefix, caption)), caption, reason


def width_of(picture: Markup) -> float:
    """The natural width of a picture in points; 0 where it is not known."""
    found = re.search(r"--natural: ([\d.]+)pt", picture)
    return float(found[1]) if found else 0.0


def inline_svg(svg: str, prefix: str, name: str) -> str:
    """Make an SVG file a part of a page: no prolog, no metadata, ids and colours of the page.

    Its width is a variable, --natural, for the page to say how small it may become.

    name: what a screen reader says in its place.

    Raises:
        InputError: when the text holds no <svg> element.
    """
    start = svg.find("<svg")
    if start < 0:
        raise InputError("the picture is not SVG: no <svg> element in it")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[start:], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    about = f'role="img" aria-label="{html.escape(name)}"'
    if width := re.match(r'<svg\b[^>]*?\bwidth="([\d.]+pt)"', svg):
        about += f' style="--natural: {width[1]}"'
    return themed(svg.replace("<svg", f"<svg {about}", 1))


def _html(table: ShownTable) -> Markup:
    return Markup(to_html(table))
