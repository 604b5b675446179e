"""Copy a student to publish it, with its scores, its bitext and its licences in the model card."""

import argparse
from pathlib import Path

import pandas as pd

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.publishing import bitext_section, publish, scores_section, study_section
from optical.runtime.files import run_program


def main(
    model: Path,
    study: str,
    settings: Path,
    language_table: Path,
    student: str,
    method: str,
    language: str,
    teacher: str,
    cleaning: Path,
    licences: list[tuple[str, str]],
    output: Path,
) -> None:
    made_as = f"student `{student}`, method {method}"
    publish(
        model,
        output,
        study_section(study, made_as, f"Passages are read by that study's model `{teacher}`."),
        scores_section(read_table(language_table, LANGUAGE_COLUMNS), student, method, language),
        bitext_section(pd.read_csv(cleaning), dict(licences)),
        settings=settings,
    )


def name_and_licence(text: str) -> tuple[str, str]:
    """Read NAME=LICENCE."""
    name, _, licence = text.partition("=")
    if not (name and licence):
        raise ValueError(f"{text!r} is not NAME=LICENCE")
    return name, licence


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the student")
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--settings", type=Path, required=True, help="study.yaml")
    parser.add_argument("--language-table", type=Path, required=True, help="language_table.csv")
    parser.add_argument("--student", required=True, help="its name in the table")
    parser.add_argument("--method", required=True, help="its method in the table")
    parser.add_argument("--language", required=True, help="the language it reads")
    parser.add_argument("--teacher", required=True, help="the study's model of the passages")
    parser.add_argument("--cleaning", type=Path, required=True, help="{language}.cleaning.csv")
    parser.add_argument(
        "--licences",
        type=name_and_licence,
        nargs="+",
        required=True,
        metavar="NAME=LICENCE",
        help="of the sources of its bitext",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
