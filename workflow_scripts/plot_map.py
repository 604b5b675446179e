"""Draw the metric of each language before and after, for each student."""

from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.figures import map_figure, save_figure
from optical.runtime.program import run_program


def main(
    *,
    language_table: Path,
    metric: str = "map",
    output: list[Path],
) -> None:
    """
    language_table: language_table.csv
    metric: metric to draw
    output: pictures to write: .svg, .png
    """
    figure = map_figure(read_table(language_table, LANGUAGE_COLUMNS), metric)
    save_figure(figure, *output)


if __name__ == "__main__":
    run_program(main)
