"""Write the passages and the judgements of a test collection."""

import sys
from pathlib import Path

from optical.corpora.collection_files import write_collection
from optical.corpora.registry import collection as collection_named
from optical.runtime.program import run_program


def main(
    *,
    collection: str,
    folder: Path,
    passages: Path,
    qrels: Path,
    window: int | None = None,
    stride: int | None = None,
) -> None:
    """
    collection: name, such as xnli-premise
    folder: folder of its data set
    passages: file to write (.parquet)
    qrels: TREC judgements to write
    window: words of a window; texts stay whole without
    stride: words between windows (half a window)
    """
    source = collection_named(collection)
    texts, judgements = source.passages(folder), source.judgements(folder)
    numbers = write_collection(passages, qrels, texts, judgements, window=window, stride=stride)
    print(f"{collection}: {numbers[0]} passages, {numbers[1]} judgements", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
