"""What a finished run prints. Needs nothing but Python, so that it works outside environments."""

from pathlib import Path


def show_gap(markdown: str, report: str | Path, note: str = "") -> None:
    """Print the gap table in Markdown, the note on the data and where the report lies."""
    print(f"{markdown.rstrip()}\n")
    if note:
        print(f"{note}\n")
    print(f"Report: {report}")
