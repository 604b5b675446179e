"""Print the gap table of a finished study and where its report lies."""

import argparse
from pathlib import Path

from optical.report.terminal import show_gap
from optical.runtime.files import run_program


def main(gap_table: Path, report: Path, note: str) -> None:
    if not report.exists():
        raise FileNotFoundError(f"{report}: no report there, has the study been run?")
    show_gap(gap_table.read_text(encoding="utf-8"), report, note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gap-table", type=Path, required=True, help="gap_table.md")
    parser.add_argument("--report", type=Path, required=True, help="report.html")
    parser.add_argument("--note", default="", help="a line to print under the table (none)")
    run_program(lambda: main(**vars(parser.parse_args())))
