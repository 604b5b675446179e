"""Convert SQuAD, BEIR or rows of pairs to a training set or a test collection of your own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from optical.corpora import conversion
from optical.runtime.errors import InputError
from optical.runtime.program import run_program


def main(
    format: Literal["squad", "beir", "rows"],  # noqa: A002
    /,
    *,
    files: Sequence[Path],
    output: Path,
    collection: str | None = None,
    queries_only: bool = False,
    split: str = "train",
    query: str = "query",
    passage: str = "passage",
    negative: str | None = None,
) -> None:
    """
    format: squad (JSON as in SQuAD and XQuAD), beir (a folder), or rows (.parquet or .jsonl with a
        query and a relevant passage in each row, as in many data sets of the Hugging Face hub)
    files: the files, or the folder of beir
    output: folder to write, in the layout msmarco
    collection: write a test collection instead of a training set, with queries in this language
    queries_only: of squad and beir, add the queries of another language, with the same ids, to a
        collection that was written before
    split: of beir, the file of judgements in qrels/
    query: of rows, the column of the query
    passage: of rows, the column of the relevant passage
    negative: of rows, the column of a passage that is not relevant
    """
    if queries_only and not collection:
        raise InputError("--queries-only: expected --collection LANGUAGE too")
    if queries_only and format == "rows":
        raise InputError(
            "--queries-only: rows have no ids that two languages share; expected squad or beir"
        )
    if format == "beir" and len(files) > 1:
        raise InputError(f"--files: {len(files)} folders, expected one")
    match format:
        case "squad":
            data = conversion.from_squad(files)
        case "beir":
            data = conversion.from_beir(files[0], split)
        case "rows":
            data = conversion.from_rows(files, query, passage, negative)
    counts = conversion.write(data, output, collection, queries_only=queries_only)
    for what, number in counts.items():
        print(f"{number:10,} {what}")


if __name__ == "__main__":
    run_program(main)
