"""Copy a teacher to publish it, with its scores in all languages in the model card."""

from pathlib import Path

import yaml

from optical.evaluation.gap import BASELINE, LANGUAGE_COLUMNS, read_table
from optical.report.cards import limits_section, metadata, picture_section, terms
from optical.report.publishing import PICTURE, publish, scores_section, study_section
from optical.runtime.program import run_program


def main(
    *,
    model: Path,
    study: str,
    settings: Path,
    language_table: Path,
    student: str,
    licences: dict[str, str] | None = None,
    picture: Path | None = None,
    output: Path,
) -> None:
    """
    model: folder of the teacher
    study: name of the study
    settings: study.yaml
    language_table: language_table.csv
    student: one that has this teacher
    licences: of the source of its training set
    picture: of the scores of all languages (.png)
    output: folder to write
    """
    of_study = yaml.safe_load(settings.read_text(encoding="utf-8"))
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    which = (of_study, languages, student, BASELINE, None)
    licences = licences or {}
    about = metadata(*which, sources=licences)
    publish(
        model,
        output,
        study_section(study, f"teacher of student `{student}`"),
        scores_section(languages, student, BASELINE, metric=of_study["metric"]),
        picture_section(of_study, PICTURE) if picture else "",
        limits_section(*which),
        settings=settings,
        about=about,
        terms=terms(about.get("base_model"), None, licences),
        picture=picture,
    )


if __name__ == "__main__":
    run_program(main)
