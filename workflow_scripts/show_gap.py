"""Print the gap table of a finished study and where its report lies."""

from pathlib import Path

from optical.report.terminal import show_gap
from optical.runtime.program import run_program


def main(
    *,
    gap_table: Path,
    report: Path,
    note: str = "",
) -> None:
    """
    gap_table: gap_table.md
    report: report.html
    note: a line to print under the table
    """
    if not report.exists():
        raise FileNotFoundError(f"{report}: no report there, has the study been run?")
    show_gap(gap_table.read_text(encoding="utf-8"), report, note)


if __name__ == "__main__":
    run_program(main)
