"""CLIRMatrix BI-139 (Sun and Duh 2020): titles in 139 languages against English Wikipedia.

A query is the title of an article in its language. Its 100 documents were found by BM25 with the
title among the articles of its own language, graded 1 to 6 by their scores, and replaced by the
English articles on the same subjects; what fills the 100 up has grade 0. So nobody judged them.

ir_datasets downloads and reads it, with the checksums of its publishers. Here it is as
`export_ir_dataset` writes it: corpus.jsonl, {language}.{part}.queries.jsonl and
{language}.{part}.qrels.tsv. Some ids have no document.
"""

from pathlib import Path

from optical.corpora.exported import exported_texts
from optical.corpora.judged import Judged
from optical.corpora.qrels import judgements_of


def judged(folder: Path, language: str, part: str = "train") -> Judged:
    """A part of the set in a language. Reading raises InputError, with the line."""
    begin = Path(folder, f"{language}.{part}")
    return Judged(
        queries=exported_texts(Path(f"{begin}.queries.jsonl")),
        documents=exported_texts(Path(folder, "corpus.jsonl")),
        judgements=judgements_of(Path(f"{begin}.qrels.tsv")),
    )
