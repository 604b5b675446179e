"""Write the queries of a test collection in one language, and check them against its judgements."""

import argparse
import sys
from pathlib import Path

from optical.corpora.collection_files import write_queries
from optical.corpora.languages import looks_foreign
from optical.corpora.registry import collection as collection_named
from optical.corpora.rows import some
from optical.runtime.files import run_program


def main(
    collection: str, folder: Path, language: str, qrels: Path, output: Path, doubtful: Path
) -> None:
    queries = collection_named(collection).queries(folder, language)
    found = write_queries(
        output, doubtful, queries, qrels, lambda text: looks_foreign(text, language)
    )
    print(f"{collection}: {found.written} queries in {language}", file=sys.stderr)
    if found.empty:
        print(f"left out, without text in {language}: {some(found.empty)}", file=sys.stderr)
    if found.doubtful:
        print(f"kept, but not like {language}: {some(found.doubtful)}", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", required=True, help="name, such as xnli-premise")
    parser.add_argument("--folder", type=Path, required=True, help="folder of its data set")
    parser.add_argument("--language", required=True, help="language of the queries")
    parser.add_argument("--qrels", type=Path, required=True, help="the collection's judgements")
    parser.add_argument("--output", type=Path, required=True, help="queries to write (.tsv)")
    parser.add_argument(
        "--doubtful",
        type=Path,
        required=True,
        help="ids to write of queries that do not look like the language, one a line",
    )
    run_program(lambda: main(**vars(parser.parse_args())))
