"""A trained model for use elsewhere: its folder, with what the study says of it in its card."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optical.evaluation.gap import BASELINE
from optical.report.cards import TERMS, with_metadata
from optical.report.numbers import MISSING, decimal
from optical.report.shown_table import ShownTable, to_markdown
from optical.report.tables import metric_name
from optical.runtime.files import atomic_path, link_or_copy

PICTURE = "scores.png"
"""Name of the picture beside a card."""


def publish(
    model: Path,
    output: Path,
    *sections: str,
    settings: Path,
    about: Mapping[str, Any] | None = None,
    terms: str = "",
    picture: Path | None = None,
) -> None:
    """Copy a model's folder, append sections to its README.md, and put the study's settings in.

    The weights are linked, where the file system can: they take no room twice.

    about: metadata for the hub, added to that of the card. terms: text of the file of its licence,
    which the metadata names. picture: to put beside the card.
    """
    with atomic_path(output) as temporary:
        shutil.copytree(
            model,
            temporary,
            copy_function=link_or_copy,
            ignore=shutil.ignore_patterns(".snakemake_timestamp", "README.md"),
        )
        card = (model / "README.md").read_text(encoding="utf-8")
        card = with_metadata("\n".join([card, *sections]), about or {})
        (temporary / "README.md").write_text(card, encoding="utf-8")
        if terms:
            (temporary / TERMS).write_text(terms, encoding="utf-8")
        if picture:
            shutil.copyfile(picture, temporary / PICTURE)
        shutil.copy(settings, temporary / "study.yaml")


def scores_section(
    languages: pd.DataFrame,
    student: str,
    method: str,
    language: str | None = None,
    metric: str = "map",
) -> str:
    """What a student scored, beside its teacher without distillation and the lexical floor.

    languages: the study's language table. language: the one the student reads; None for all that a
    teacher was tried on.
    """
    rows = languages[(languages["student"] == student) & (languages["metric"] == metric)]
    if language is not None:
        rows = rows[rows["language"] == language]
    keys = ["collection", "language"]
    values = {
        name: rows[rows["method"] == name].set_index(keys)["value"]
        for name in dict.fromkeys([method, BASELINE])
    }
    lines = [
        [row["collection"], row["language"], f"{row['n_queries']:,}"]
        + [decimal(column.get((row["collection"], row["language"]))) for column in values.values()]
        + [decimal(row["floor"])]
        for _, row in rows[rows["method"] == method].iterrows()
    ]
    headings = ["Collection", "Language", "Queries", *values, "bm25, untranslated"]
    table = ShownTable(headings, lines, numeric=len(values) + 2)
    return (
        f"## Scores\n\n{metric_name(metric)}, mean over the study's seeds.\n\n{to_markdown(table)}"
    )


def bitext_section(cleaning: pd.DataFrame, licences: Mapping[str, str]) -> str:
    """The bitext of a language: sentence pairs and licence of each source.

    cleaning: columns origin, rule, pairs.
    """
    kept = cleaning[cleaning["rule"] == "kept"].set_index("origin")["pairs"]
    rows = [
        [name, licence, f"{kept[name]:,}" if name in kept else MISSING]
        for name, licence in licences.items()
    ]
    table = ShownTable(["Source", "Licence", "Pairs"], rows, numeric=1)
    return f"## Bitext\n\n{to_markdown(table)}"


def judged_section(counts: Mapping[str, int], licences: Mapping[str, str]) -> str:
    """The judged pairs that a student was fine-tuned on, and the licence of their source.

    counts: `pairs`, among others.
    """
    rows = [[name, licence, f"{counts['pairs']:,}"] for name, licence in licences.items()]
    table = ShownTable(["Source", "Licence", "Pairs"], rows, numeric=1)
    return f"## Judged pairs\n\n{to_markdown(table)}"


def translated_section(translator: str, licences: Mapping[str, str]) -> str:
    """The translated training queries that a student was fine-tuned on, and what they come from.

    translator: who translated them, in words.
    """
    table = ShownTable(["Source", "Licence"], [list(row) for row in licences.items()], numeric=2)
    text = f"It was fine-tuned on the queries of the training set, {translator}."
    return f"## Training queries\n\n{text}\n\n{to_markdown(table)}"


def study_section(study: str, made_as: str, more: str = "") -> str:
    """Which study made the model, and as what."""
    text = f"Made by the study `{study}` as {made_as}; its settings: `study.yaml`. {more}"
    return f"## Study\n\n{text.strip()}\n"
