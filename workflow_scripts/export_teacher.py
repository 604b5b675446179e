"""Copy a teacher to publish it, with its scores in all languages in the model card."""

from pathlib import Path

from optical.evaluation.gap import BASELINE, LANGUAGE_COLUMNS, read_table
from optical.report.publishing import publish, scores_section, study_section
from optical.runtime.program import run_program


def main(
    *,
    model: Path,
    study: str,
    settings: Path,
    language_table: Path,
    student: str,
    output: Path,
) -> None:
    """
    model: folder of the teacher
    study: name of the study
    settings: study.yaml
    language_table: language_table.csv
    student: one that has this teacher
    output: folder to write
    """
    publish(
        model,
        output,
        study_section(study, f"teacher of student `{student}`"),
        scores_section(read_table(language_table, LANGUAGE_COLUMNS), student, BASELINE),
        settings=settings,
    )


if __name__ == "__main__":
    run_program(main)
