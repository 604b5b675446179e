"""Write the passages and the judgements of a test collection."""

import sys
from pathlib import Path

from optical.corpora.collection_files import write_collection
from optical.corpora.registry import collection as collection_named
from optical.corpora.rows import some
from optical.runtime.program import run_program
from optical.settings.clef import ClefDocuments
from optical.settings.windows import Windows


def main(
    *,
    collection: str,
    folder: Path,
    passages: Path,
    qrels: Path,
    windows: Windows,
    clef: ClefDocuments,
) -> None:
    """
    collection: name, such as xnli-premise
    folder: folder of its data set
    passages: file to write (.parquet)
    qrels: TREC judgements to write
    """
    source = collection_named(collection, {"clef": clef})
    texts, judgements = source.passages(folder), source.judgements(folder)
    window, stride = windows.words, windows.stride
    written = write_collection(passages, qrels, texts, judgements, window=window, stride=stride)
    for remark in source.remarks(folder):
        print(remark, file=sys.stderr)
    print(
        f"{collection}: {written.passages} passages, {written.judgements} judgements",
        file=sys.stderr,
    )
    if written.empty:
        print(f"left out, without text: {some(written.empty)}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
