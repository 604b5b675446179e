"""Write what a test collection says in a language as hashes, for the bitext to be kept clear of."""

import sys
from pathlib import Path

from optical.corpora.leakage import collection_texts, write_ngrams
from optical.runtime.program import run_program


def main(
    *,
    language: str,
    queries: Path | None = None,
    passages: Path | None = None,
    begin: str = "",
    output: Path,
) -> None:
    """
    language: language of the texts
    queries: queries, if there are some in this language (.tsv)
    passages: passages, if in this language (.parquet)
    begin: how the ids of the passages in this language begin, where others are in other languages
    output: sorted 8-byte hashes to write
    """
    number = write_ngrams(output, collection_texts(queries, passages, begin), language)
    print(f"{number} different n-grams in {language}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
