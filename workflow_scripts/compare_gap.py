"""Compare high- and low-resource languages: the language table and the gap table."""

import argparse
from pathlib import Path

from optical.files import atomic_path, run_program
from optical.gap import gap_table, language_table, read_scores
from optical.tables import gap_markdown, gap_page, shown_gap_table, to_latex


def main(
    scores: list[Path], groups: list[str], pivot: str, students: list[str], output_folder: Path
) -> None:
    languages = language_table(read_scores(scores), parse_groups(groups), pivot, students)
    gap = gap_table(languages, pivot)
    texts = {
        # Beyond six decimals, a mean depends on the machine's order of summation.
        "language_table.csv": languages.to_csv(index=False, float_format="%.6f"),
        "gap_table.csv": gap.to_csv(index=False, float_format="%.6f"),
        "gap_table.md": gap_markdown(gap, pivot),
        "gap_table.tex": to_latex(shown_gap_table(gap, pivot)),
        "gap_table.html": gap_page(gap, pivot),
    }
    for name, text in texts.items():
        with atomic_path(output_folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def parse_groups(items: list[str]) -> dict[str, list[str]]:
    """Read `high=fr,es low=sw` into {"high": ["fr", "es"], "low": ["sw"]}."""
    groups: dict[str, list[str]] = {}
    for item in items:
        name, equals, languages = item.partition("=")
        if not equals or name in groups:
            raise ValueError(f"--groups {item}: expected each group once, as high=fr,es low=sw")
        groups[name] = [language for language in languages.split(",") if language]
    return groups


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__,
        fromfile_prefix_chars="@",
        epilog="An argument @FILE stands for the arguments in FILE, one a line.",
    )
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="per-query scores (.parquet)"
    )
    parser.add_argument(
        "--groups",
        nargs="+",
        required=True,
        metavar="GROUP=LANGUAGES",
        help="languages of high, low and perhaps mid (in neither mean): high=fr,es low=sw",
    )
    parser.add_argument("--pivot", required=True, help="language of the passages, in no group")
    parser.add_argument(
        "--students", nargs="+", required=True, help="students, in the order of the study"
    )
    parser.add_argument(
        "--output-folder",
        type=Path,
        required=True,
        help="folder for language_table.csv and gap_table.csv, .md, .tex, .html",
    )
    run_program(lambda: main(**vars(parser.parse_args())))
