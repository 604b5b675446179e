"""Gather the bitext of a language from its sources, clean it, and count what each rule removed."""

import argparse
import sys
from pathlib import Path

from optical.corpora.cleaning import write_bitext
from optical.corpora.leakage import Guard
from optical.corpora.registry import source_folder
from optical.runtime.files import run_program


def main(
    language: str,
    pivot: str,
    sources: list[tuple[str, Path]],
    tests: list[Path],
    pivot_tests: list[Path],
    pairs: int | None,
    held_out_share: float,
    output: Path,
    held_out: Path | None,
    cleaning: Path,
) -> None:
    written = write_bitext(
        *(output, cleaning, sources, language, pivot, pairs),
        guard=Guard({language: tests, pivot: pivot_tests}),
        held_out=held_out_share,
        held_out_path=held_out,
    )
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
    parser.add_argument(
        "--tests",
        type=Path,
        nargs="*",
        default=[],
        help="hashes of test collections in the language, whose texts no pair may have",
    )
    parser.add_argument(
        "--pivot-tests", type=Path, nargs="*", default=[], help="the same in the pivot language"
    )
    parser.add_argument("--pairs", type=int, help="cleaned pairs to keep at most (all)")
    parser.add_argument(
        "--held-out-share", type=float, default=0.0, help="share of the pairs to set aside (0)"
    )
    parser.add_argument("--output", type=Path, required=True, help="bitext to write (.parquet)")
    parser.add_argument("--held-out", type=Path, help="pairs set aside to write (.parquet)")
    parser.add_argument(
        "--cleaning",
        type=Path,
        required=True,
        help="table to write (.csv): origin, rule, pairs",
    )
    run_program(lambda: main(**vars(parser.parse_args())))
