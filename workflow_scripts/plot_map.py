"""Draw the metric of each language before and after, for each student."""

import argparse
from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.figures import map_figure, save_figure
from optical.runtime.files import run_program


def main(language_table: Path, metric: str, output: list[Path]) -> None:
    figure = map_figure(read_table(language_table, LANGUAGE_COLUMNS), metric)
    save_figure(figure, *output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language-table", type=Path, required=True, help="language_table.csv")
    parser.add_argument("--metric", default="map", help="metric to draw (map)")
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="pictures to write: .svg, .png"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
