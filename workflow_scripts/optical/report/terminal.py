"""What a finished run prints. Needs nothing but Python, so that it works outside environments."""

from pathlib import Path


def show_gap(markdown: str, report: str | Path, note: str = "") -> None:
    """Print the gap table in Markdown, the note on the data and where the report lies."""
    print(f"{markdown.rstrip()}\n")
    if note:
        print(f"{note}\n")
    print(f"Report: {report}")


def show_models(study: str, folder: str | Path) -> None:
    """Print where the exported models of a study are, and what can be done with them."""
    models = sorted(path.name for path in Path(folder).glob("[!.]*"))
    print(f"Models: {len(models)} in {folder}/, each with a README.md that shows how to load it")
    print("Score them with MTEB: docs/how-to/score-with-mteb.md")
    print(f"Prepare them for the Hugging Face hub; nothing is sent: make publish STUDY={study}")
