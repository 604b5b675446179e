"""Draw learning curves: the values of languages over the pairs they were distilled from."""

from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.cleaning import kept_pairs
from optical.report.pictures import draw
from optical.report.training_figures import pairs_figure
from optical.runtime.program import run_program


def main(
    *,
    language_table: Path,
    cleaning: list[Path],
    pairs: dict[str, int],
    metric: str = "map",
    output: list[Path],
) -> None:
    """
    language_table: language_table.csv
    cleaning: {language}.cleaning.csv files
    pairs: methods that differ in their number of sentence pairs alone, and that number; 0 for all
    metric: metric to draw
    output: pictures to write: .svg, .png
    """
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    numbers = {method: number or None for method, number in pairs.items()}
    kept = kept_pairs(cleaning)
    draw(lambda: pairs_figure(languages, numbers, kept, metric), *output)


if __name__ == "__main__":
    run_program(main)
