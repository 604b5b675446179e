"""Draw the gap of each method over the students, or how much of it is closed."""

from pathlib import Path

from optical.evaluation.gap import GAP_COLUMNS, read_table
from optical.report.figures import gap_figure
from optical.report.pictures import draw
from optical.runtime.program import run_program


def main(
    *,
    gap_table: Path,
    metric: str = "map",
    measure: str = "relative_gap",
    output: list[Path],
) -> None:
    """
    gap_table: gap_table.csv
    metric: metric to draw
    measure: what to draw
    output: pictures to write: .svg, .png
    """
    gap = read_table(gap_table, GAP_COLUMNS)
    draw(lambda: gap_figure(gap, metric, measure), *output)


if __name__ == "__main__":
    run_program(main)
