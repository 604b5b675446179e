"""Search a collection with untranslated queries and BM25: the floor under every method."""

import argparse
from pathlib import Path

from optical.corpora.lines import read_queries
from optical.evaluation.trec import write_run
from optical.retrieval.lexical import LexicalIndex
from optical.runtime.files import run_program


def main(passages: Path, queries: Path, depth: int, output: Path) -> None:
    if depth < 1:
        raise ValueError(f"--depth is {depth}, expected 1 or more")
    texts = read_queries(queries)
    written = write_run(output, LexicalIndex.of_collection(passages).rank(texts, depth), tag="bm25")
    print(f"{written} of {len(texts)} queries share a word with a passage")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=Path, required=True, help="passages.parquet")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument("--depth", type=int, default=1000, help="results kept for a query (1000)")
    parser.add_argument("--output", type=Path, required=True, help="TREC run to write (.run.gz)")
    run_program(lambda: main(**vars(parser.parse_args())))
