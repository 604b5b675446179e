"""Gather the bitext of a language from its sources, clean it, and count what each rule removed."""

import sys
from collections.abc import Sequence
from pathlib import Path

from optical.corpora.cleaning import write_bitext
from optical.corpora.leakage import Guard
from optical.runtime.program import run_program


def main(
    *,
    language: str,
    pivot: str = "en",
    sources: dict[str, Path],
    codes: dict[str, str] | None = None,
    tests: Sequence[Path] = (),
    pivot_tests: Sequence[Path] = (),
    pairs: int | None = None,
    held_out_share: float,
    output: Path,
    held_out: Path | None = None,
    cleaning: Path,
    removed: Path | None = None,
) -> None:
    """
    language: language of the source side
    pivot: language of the target side
    sources: NAME=FOLDER of the bitext's sources, read in this order; NAME:LAYOUT=FOLDER of a
        user's own
    codes: NAME=CODE of those that have the language under another code, such as zh for zh-Hans
    tests: hashes of test collections in the language, whose texts no pair may have
    pivot_tests: the same in the pivot language
    pairs: cleaned pairs to keep at most (all)
    held_out_share: share of the pairs to set aside
    output: bitext to write (.parquet)
    held_out: pairs set aside to write (.parquet)
    cleaning: table to write (.csv): origin, rule, pairs
    removed: examples to write of what each rule removed (.parquet): rule, origin, id, both texts
    """
    written = write_bitext(
        *(output, cleaning, list(sources.items()), language, pivot, pairs),
        codes=codes or {},
        guard=Guard({language: tests, pivot: pivot_tests}),
        held_out=held_out_share,
        held_out_path=held_out,
        removed_path=removed,
    )
    print(
        f"{written} pairs of {language}; removed pairs are counted in {cleaning}", file=sys.stderr
    )


if __name__ == "__main__":
    run_program(main)
