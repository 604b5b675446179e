"""Draw the values of languages over how much text there was of each."""

from collections.abc import Sequence
from pathlib import Path

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from optical.report.cleaning import kept_pairs
from optical.report.pictures import draw
from optical.report.training_figures import amounts_figure
from optical.runtime.program import run_program


def main(
    *,
    language_table: Path,
    cleaning: Sequence[Path] = (),
    texts: dict[str, float] | None = None,
    unit: str = "texts",
    metric: str = "map",
    output: list[Path],
) -> None:
    """
    language_table: language_table.csv
    cleaning: {language}.cleaning.csv files
    texts: text of each language that the encoders were pre-trained on, where it is known
    unit: what those numbers count
    metric: metric to draw
    output: pictures to write: .svg, .png
    """
    amounts = {"sentence pairs to distil from": kept_pairs(cleaning)}
    if texts:
        amounts[unit] = texts
    languages = read_table(language_table, LANGUAGE_COLUMNS)
    draw(lambda: amounts_figure(languages, amounts, metric), *output)


if __name__ == "__main__":
    run_program(main)
