"""Lines that name the columns of a file, where the first row of its data is expected."""

from collections.abc import Sequence

from optical.corpora.language_tags import variants

IDS = {
    "id",
    "qid",
    "pid",
    "did",
    "docid",
    "docno",
    "queryid",
    "passageid",
    "corpusid",
    "documentid",
}
"""What the first column is called in files of queries, passages and judgements."""

OTHERS = IDS | {
    *("text", "title", "body", "content", "contents", "sentence", "question", "article"),
    *("query", "querytext", "passage", "passagetext", "document", "documenttext", "score"),
}
"""What the last one is called."""

SIDES = {"source": "target", "src": "tgt", "foreign": "english"}
"""What the columns of a bitext are called, where they have not the codes of their languages."""


def is_heading(fields: Sequence[str]) -> bool:
    """Whether the fields of a line are names of columns: an id's first, and another's last."""
    first, last = ("".join(filter(str.isalnum, field.lower())) for field in (fields[0], fields[-1]))
    return len(fields) > 1 and first in IDS and last in OTHERS


def are_sides(fields: Sequence[str], language: str, pivot: str) -> bool:
    """Whether the fields of a line name the two sides of a bitext."""
    first, last = (field.strip("\"' ").lower() for field in (fields[0], fields[-1]))
    return SIDES.get(first) == last or bool(variants(language, [first]) and variants(pivot, [last]))
