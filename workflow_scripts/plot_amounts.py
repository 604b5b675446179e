"""Draw the values of languages over how much text there was of each."""

import argparse
from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.figures import save_figure
from optical.report.tables import read_cleaning
from optical.report.training_figures import amounts_figure
from optical.runtime.files import run_program


def main(
    language_table: Path,
    cleaning: list[Path],
    texts: list[str],
    unit: str,
    metric: str,
    output: list[Path],
) -> None:
    counts = read_cleaning(cleaning)
    kept = counts[counts["rule"] == "kept"].groupby("language")["pairs"].sum()
    amounts = {"sentence pairs to distil from": kept.to_dict()}
    read = dict(item.split("=", 1) for item in texts)
    if read:
        numbers = {language: float(number) for language, number in read.items()}
        amounts[unit] = numbers
    figure = amounts_figure(read_table(language_table, LANGUAGE_COLUMNS), amounts, metric)
    save_figure(figure, *output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language-table", type=Path, required=True, help="language_table.csv")
    parser.add_argument(
        "--cleaning", type=Path, nargs="+", required=True, help="{language}.cleaning.csv files"
    )
    parser.add_argument(
        "--texts",
        nargs="*",
        default=[],
        metavar="LANGUAGE=NUMBER",
        help="text of each language that the encoders were pre-trained on, where it is known",
    )
    parser.add_argument("--unit", default="texts", help="what those numbers count (texts)")
    parser.add_argument("--metric", default="map", help="metric to draw (map)")
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="pictures to write: .svg, .png"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
