"""Draw the metric of each language before and after, for each student."""

from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.language_figures import map_figure
from optical.report.pictures import draw
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
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    draw(lambda: map_figure(languages, metric), *output)


if __name__ == "__main__":
    run_program(main)
