"""Write the passages and the judgements of a test collection."""

import argparse
import sys
from pathlib import Path

from optical.corpora.collection_files import write_collection
from optical.corpora.registry import collection as collection_named
from optical.runtime.files import run_program


def main(
    collection: str,
    folder: Path,
    passages: Path,
    qrels: Path,
    window: int | None = None,
    stride: int | None = None,
) -> None:
    source = collection_named(collection)
    texts, judgements = source.passages(folder), source.judgements(folder)
    numbers = write_collection(passages, qrels, texts, judgements, window=window, stride=stride)
    print(f"{collection}: {numbers[0]} passages, {numbers[1]} judgements", file=sys.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", required=True, help="name, such as xnli-premise")
    parser.add_argument("--folder", type=Path, required=True, help="folder of its data set")
    parser.add_argument("--window", type=int, help="words of a window; texts stay whole without")
    parser.add_argument("--stride", type=int, help="words between windows (half a window)")
    parser.add_argument("--passages", type=Path, required=True, help="file to write (.parquet)")
    parser.add_argument("--qrels", type=Path, required=True, help="TREC judgements to write")
    run_program(lambda: main(**vars(parser.parse_args())))
