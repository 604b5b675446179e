"""Write the passages and the judgements of a test collection."""

import sys
from pathlib import Path

from optical.corpora.collection_files import relevant, write_collection, write_counts
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
    counts: Path | None = None,
) -> None:
    """
    collection: name, such as xnli-premise
    folder: folder of its data set
    passages: file to write (.parquet)
    qrels: TREC judgements to write
    counts: how many passages and judgements there are, by grade, to write (.csv)
    """
    source = collection_named(collection, {"clef": clef})
    texts, judgements = source.passages(folder), source.judgements(folder)
    window, stride = windows.words, windows.stride
    found = write_collection(
        passages, qrels, texts, judgements, window=window, stride=stride, folder=folder
    )
    rows = [("passages", "", found.passages), ("passages without text", "", len(found.empty))]
    for what, numbers in (
        ("judgements", found.judgements),
        ("judgements of absent passages", found.absent),
        ("queries", found.queries),
    ):
        rows += [(what, grade, numbers[grade]) for grade in sorted(numbers)]
    if counts:
        write_counts(counts, collection.partition(":")[0], "", rows)
    for remark in source.remarks(folder):
        print(remark, file=sys.stderr)
    judged = sum(found.judgements.values())
    print(f"{collection}: {found.passages} passages, {judged} judgements", file=sys.stderr)
    if found.empty:
        print(f"left out, without text: {some(found.empty)}", file=sys.stderr)
    if found.absent:
        print(
            f"warning: judgements of passages that are not there: {sum(found.absent.values())}, "
            f"{relevant(found.absent)} of them relevant, which no search can find; {found.example}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    run_program(main)
