"""Gather the bitext of a language from its sources, clean it, and count what each rule removed."""

import argparse
import sys
from pathlib import Path

from optical.corpora import source_folder
from optical.corpora.cleaning import write_bitext
from optical.files import run_program


def main(
    language: str,
    pivot: str,
    sources: list[tuple[str, Path]],
    pairs: int | None,
    output: Path,
    cleaning: Path,
) -> None:
    written = write_bitext(output, cleaning, sources, language, pivot, pairs)
    print(
        f"{written} pairs of {language}; removed pairs are counted in {cleaning}", file=sys.stderr
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", required=True, help="language of the source side")
    parser.add_argument("--pivot", default="en", help="language of the target side (en)")
    parser.add_argument(
        "--sources",
        type=source_folder,
        nargs="+",
        required=True,
        metavar="NAME=FOLDER",
        help="bitext sources and the folders of their files, read in this order",
    )
    parser.add_argument("--pairs", type=int, help="cleaned pairs to keep at most (all)")
    parser.add_argument("--output", type=Path, required=True, help="bitext to write (.parquet)")
    parser.add_argument(
        "--cleaning",
        type=Path,
        required=True,
        help="table to write (.csv): origin, rule, pairs",
    )
    run_program(lambda: main(**vars(parser.parse_args())))
