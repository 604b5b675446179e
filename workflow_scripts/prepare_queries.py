"""Write the queries of a test collection in one language, and check them against its judgements."""

import sys
from pathlib import Path

from optical.corpora.collection_files import write_counts, write_queries
from optical.corpora.languages import looks_foreign
from optical.corpora.registry import collection as collection_named
from optical.corpora.rows import some
from optical.runtime.program import run_program
from optical.settings.clef import Clef


def main(
    *,
    collection: str,
    folder: Path,
    language: str,
    code: str | None = None,
    qrels: Path,
    output: Path,
    doubtful: Path,
    clef: Clef,
    counts: Path | None = None,
) -> None:
    """
    collection: name, such as xnli-premise
    folder: folder of its data set
    language: language of the queries
    code: that of its queries in the data set, if it is another, such as zh for zh-Hans
    qrels: the collection's judgements
    output: queries to write (.tsv)
    doubtful: ids to write of queries that do not look like the language, one a line
    counts: how many there are and were left out, to write (.csv)
    """
    source = collection_named(collection, {"clef": clef})
    queries = source.queries(folder, code or language)
    found = write_queries(
        output, doubtful, queries, qrels, lambda text: looks_foreign(text, language)
    )
    rows = {
        "queries": found.written,
        "not there": len(found.absent),
        "without text": len(found.empty),
        "without a judgement": found.unjudged,
        "without a relevant passage": found.without_relevant,
    }
    if counts:
        of_each = [(what, "", number) for what, number in rows.items()]
        write_counts(counts, collection.partition(":")[0], language, of_each)
    for remark in source.remarks(folder, code or language):
        print(remark, file=sys.stderr)
    print(f"{collection}: {found.written} queries in {language}", file=sys.stderr)
    if found.absent:
        print(
            f"warning: judged, but not there in {language}: {some(found.absent)}", file=sys.stderr
        )
    if found.unjudged or found.without_relevant:
        print(
            f"left out: {found.unjudged} queries without a judgement, "
            f"{found.without_relevant} without a relevant passage",
            file=sys.stderr,
        )
    if found.empty:
        print(f"left out, without text in {language}: {some(found.empty)}", file=sys.stderr)
    if found.doubtful:
        print(f"kept, but not like {language}: {some(found.doubtful)}", file=sys.stderr)


if __name__ == "__main__":
    run_program(main)
