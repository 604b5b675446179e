"""Write what a test collection says in a language as hashes, for the bitext to be kept clear of."""

import argparse
import sys
from pathlib import Path

from optical.corpora.leakage import collection_texts, write_runs
from optical.runtime.files import run_program


def main(language: str, queries: Path, passages: Path | None, output: Path) -> None:
    number = write_runs(output, collection_texts(queries, passages), language)
    print(f"{number} different runs of words in {language}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", required=True, help="language of the texts")
    parser.add_argument("--queries", type=Path, required=True, help="queries (.tsv)")
    parser.add_argument("--passages", type=Path, help="passages, if in this language (.parquet)")
    parser.add_argument("--output", type=Path, required=True, help="sorted 8-byte hashes to write")
    run_program(lambda: main(**vars(parser.parse_args())))
