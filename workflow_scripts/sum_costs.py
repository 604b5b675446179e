"""Add up what the jobs of a study took: time, memory and examples of each stage."""

from pathlib import Path

from optical.report.costs import cost_table, shown_cost_table
from optical.report.shown_table import page, to_latex, with_notes
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program

NOTES = (
    "Time: of all jobs of a stage together, which may run at the same time. Memory: the most that "
    "one job held, mapped files included. Examples: that a training saw. Energy: of trainings, "
    "where the machine tells it."
)


def main(
    *,
    logs: Path,
    results: Path,
    output: list[Path],
) -> None:
    """
    logs: folder of the study's logs
    results: folder of its results
    output: tables: .csv, .md, .tex, .html
    """
    table = cost_table(logs, results)
    shown = shown_cost_table(table)
    texts = {
        ".csv": table.to_csv(index=False, float_format="%.2f"),
        ".md": with_notes(shown, NOTES),
        ".tex": to_latex(shown),
        ".html": page("Costs", shown, NOTES),
    }
    for path in output:
        with atomic_path(path) as temporary:
            temporary.write_text(texts[path.suffix], encoding="utf-8")


if __name__ == "__main__":
    run_program(main)
