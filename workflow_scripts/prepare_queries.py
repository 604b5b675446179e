"""Write the queries of a test collection in one language, and check them against its judgements."""

import argparse
import sys
from pathlib import Path

from optical.corpora import collection as collection_named
from optical.corpora.collection_files import write_queries
from optical.corpora.rows import some
from optical.files import run_program


def main(collection: str, folder: Path, language: str, qrels: Path, output: Path) -> None:
    queries = collection_named(collection).queries(folder, language)
    written, empty = write_queries(output, queries, qrels)
    print(f"{collection}: {written} queries in {language}", file=sys.stderr)
    if empty:
        print(f"left out, without text in {language}: {some(empty)}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", required=True, help="name, such as xnli-premise")
    parser.add_argument("--folder", type=Path, required=True, help="folder of its data set")
    parser.add_argument("--language", required=True, help="language of the queries")
    parser.add_argument("--qrels", type=Path, required=True, help="the collection's judgements")
    parser.add_argument("--output", type=Path, required=True, help="queries to write (.tsv)")
    run_program(lambda: main(**vars(parser.parse_args())))
