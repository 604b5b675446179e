"""Write the report of a study, and print its gap table."""

import argparse
from pathlib import Path

from optical.files import run_program
from optical.gap import GAP_COLUMNS, LANGUAGE_COLUMNS, read_table
from optical.report import read_cleaning, write_report
from optical.tables import gap_markdown, pivot_name
from optical.terminal import show_gap

MAP_CAPTION = (
    "Each language before and after distillation, with the lexical floor and the teacher's own "
    "value on queries in the passages' language."
)
GAP_CAPTION = "Relative gap between the groups of languages at each size of the encoder."


def main(
    study: str,
    settings: Path,
    language_table: Path,
    gap_table: Path,
    map_picture: Path,
    gap_picture: Path,
    cleaning: list[Path],
    environments: list[Path],
    note: str,
    metric: str,
    output: Path,
) -> None:
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    gap = read_table(gap_table, GAP_COLUMNS)
    write_report(
        output,
        study=study,
        settings=settings.read_text(encoding="utf-8"),
        languages=languages,
        gap=gap,
        pictures={GAP_CAPTION: gap_picture, MAP_CAPTION: map_picture},
        cleaning=read_cleaning(cleaning),
        environments={path.stem: path.read_text(encoding="utf-8") for path in environments},
        note=note,
        metric=metric,
    )
    show_gap(gap_markdown(gap, pivot_name(languages)), output, note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__,
        fromfile_prefix_chars="@",
        epilog="An argument @FILE stands for the arguments in FILE, one a line.",
    )
    parser.add_argument("--study", required=True, help="name of the study")
    parser.add_argument("--settings", type=Path, required=True, help="YAML file of the study")
    parser.add_argument("--language-table", type=Path, required=True, help="language_table.csv")
    parser.add_argument("--gap-table", type=Path, required=True, help="gap_table.csv")
    parser.add_argument("--map-picture", type=Path, required=True, help="map_by_language.svg")
    parser.add_argument("--gap-picture", type=Path, required=True, help="gap_by_size.svg")
    parser.add_argument(
        "--cleaning", type=Path, nargs="*", default=[], help="{language}.cleaning.csv files"
    )
    parser.add_argument(
        "--environments", type=Path, nargs="*", default=[], help="environment files to show"
    )
    parser.add_argument("--note", default="", help="text of the box at the top (none)")
    parser.add_argument("--metric", default="map", help="metric of the answer (map)")
    parser.add_argument("--output", type=Path, required=True, help="report to write (.html)")
    run_program(lambda: main(**vars(parser.parse_args())))
