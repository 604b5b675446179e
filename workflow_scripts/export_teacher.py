"""Copy a teacher to publish it, with its scores in all languages in the model card."""

import argparse
from pathlib import Path

from optical.evaluation.gap import BASELINE, LANGUAGE_COLUMNS, read_table
from optical.report.publishing import publish, scores_section, study_section
from optical.runtime.files import run_program


def main(
    model: Path,
    study: str,
    settings: Path,
    language_table: Path,
    student: str,
    output: Path,
) -> None:
    publish(
        model,
        output,
        study_section(study, f"teacher of student `{student}`"),
        scores_section(read_table(language_table, LANGUAGE_COLUMNS), student, BASELINE),
        settings=settings,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the teacher")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--settings", type=Path, required=True, help="study.yaml")
    parser.add_argument("--language-table", type=Path, required=True, help="language_table.csv")
    parser.add_argument("--student", required=True, help="one that has this teacher")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
