"""Draw the gap of each method over the students, or how much of it is closed."""

import argparse
from pathlib import Path

from optical.evaluation.gap import GAP_COLUMNS, read_table
from optical.report.figures import MEASURES, gap_figure, save_figure
from optical.runtime.files import run_program


def main(gap_table: Path, metric: str, measure: str, output: list[Path]) -> None:
    figure = gap_figure(read_table(gap_table, GAP_COLUMNS), metric, measure)
    save_figure(figure, *output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gap-table", type=Path, required=True, help="gap_table.csv")
    parser.add_argument("--metric", default="map", help="metric to draw (map)")
    parser.add_argument(
        "--measure", choices=MEASURES, default="relative_gap", help="what to draw (relative_gap)"
    )
    parser.add_argument(
        "--output", type=Path, nargs="+", required=True, help="pictures to write: .svg, .png"
    )
    run_program(lambda: main(**vars(parser.parse_args())))
