"""Copy a student to publish it, with its scores, its bitext and its licences in the model card."""

from pathlib import Path

import pandas as pd

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.publishing import (
    bitext_section,
    judged_section,
    publish,
    scores_section,
    study_section,
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
    licences: dict[str, str] | None = None,
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
    licences: of the sources of its pairs
    output: folder to write
    """
    made_as = f"student `{student}`, method {method}"
    pairs = []
    if judged:
        pairs.append(judged_section(read_counts(judged), licences or {}))
    elif cleaning:
        pairs.append(bitext_section(pd.read_csv(cleaning), licences or {}))
    publish(
        model,
        output,
        study_section(study, made_as, f"Passages are read by that study's model `{teacher}`."),
        scores_section(read_table(language_table, LANGUAGE_COLUMNS), student, method, language),
        *pairs,
        settings=settings,
    )


if __name__ == "__main__":
    run_program(main)
