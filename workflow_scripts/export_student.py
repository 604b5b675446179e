"""Copy a student to publish it, with its scores, its bitext and its licences in the model card."""

from pathlib import Path

import yaml

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.cards import limits_section, metadata, picture_section, terms, usage_section
from optical.report.cleaning import read_cleaning
from optical.report.publishing import (
    PICTURE,
    bitext_section,
    judged_section,
    publish,
    scores_section,
    study_section,
    translated_section,
)
from optical.report.tables import read_counts
from optical.runtime.program import run_program


def main(
    *,
    model: Path,
    study: str,
    settings: Path,
    language_table: Path,
    student: str,
    method: str,
    language: str,
    teacher: str,
    cleaning: Path | None = None,
    judged: Path | None = None,
    queries: str | None = None,
    licences: dict[str, str] | None = None,
    picture: Path | None = None,
    output: Path,
) -> None:
    """
    model: folder of the student
    study: name of the study
    settings: study.yaml
    language_table: language_table.csv
    student: its name in the table
    method: its method in the table
    language: the language it reads
    teacher: the study's model of the passages
    cleaning: {language}.cleaning.csv, of a student of bitext
    judged: counts of the judged pairs that it was trained on, in place of bitext (.csv)
    queries: who translated the training queries that it was trained on, in place of bitext
    licences: of the sources of its pairs
    picture: of the scores of all languages (.png)
    output: folder to write
    """
    licences = licences or {}
    made_as = f"student `{student}`, method {method}"
    pairs = []
    if judged:
        pairs.append(judged_section(read_counts(judged), licences))
    elif queries:
        pairs.append(translated_section(queries, licences))
    elif cleaning:
        pairs.append(bitext_section(read_cleaning([cleaning]), licences))
    of_study = yaml.safe_load(settings.read_text(encoding="utf-8"))
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    which = (of_study, languages, student, method, language)
    about = metadata(*which, sources=licences)
    publish(
        model,
        output,
        usage_section(of_study, method, teacher),
        study_section(study, made_as, f"Passages are read by that study's model `{teacher}`."),
        scores_section(languages, student, method, language, of_study["metric"]),
        picture_section(of_study, PICTURE) if picture else "",
        limits_section(*which),
        *pairs,
        settings=settings,
        about=about,
        terms=terms(about.get("base_model"), teacher, licences),
        picture=picture,
    )


if __name__ == "__main__":
    run_program(main)
