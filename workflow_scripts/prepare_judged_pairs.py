"""Pair the queries of a language with the documents that are judged best for them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from optical.corpora.judged_pairs import write_judged_pairs
from optical.corpora.pair_guard import PairGuard
from optical.corpora.registry import judged
from optical.corpora.rows import write_rows
from optical.runtime.program import run_program


def main(
    *,
    source: tuple[str, Path],
    language: str,
    code: str | None = None,
    pivot: str = "en",
    tests: Sequence[Path] = (),
    collections: Sequence[Path] = (),
    pairs: int | None = None,
    output: Path,
    counts: Path,
) -> None:
    """
    source: set of judged pairs (wikiclir, clirmatrix, largeclir) and its folder
    language: language of the queries
    code: that of its queries in the set, if it is another, such as zh for zh-Hans
    pivot: language of the documents
    tests: hashes of test collections in the language, whose queries no pair may have
    collections: folders of test collections, whose answers must not be trained on
    pairs: pairs to write at most (all)
    output: pairs to write (.parquet: id, source, target)
    counts: how many there are and were left out (.csv)
    """
    guard = PairGuard(language, tests, collections, pivot)
    texts = judged(*source, code or language)
    found = write_judged_pairs(output, texts, limit=pairs, fault=guard.fault)
    lines = [("what", "number"), *((what, str(number)) for what, number in found.items())]
    write_rows(counts, lines, separator=",")
    for what, number in found.items():
        print(f"{source[0]}, {language}: {number} {what}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
