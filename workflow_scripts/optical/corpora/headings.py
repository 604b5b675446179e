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

GRADES = {
    *("score", "grade", "label", "rel", "relevant", "relevance", "relevancy"),
    *("judgement", "judgment"),
}
"""What the column of the grade is called in files of judgements."""

OTHERS = {
    *(*IDS, *GRADES),
    *("text", "title", "body", "content", "contents", "sentence", "question", "article"),
    *("query", "querytext", "passage", "passagetext", "document", "documenttext"),
}
"""What the last one is called."""

SIDES = {"source": "target", "src": "tgt", "foreign": "english"}
"""What the columns of a bitext are called, where they have not the codes of their languages."""


def is_heading(fields: Sequence[str]) -> bool:
    """Whether the fields of a line are names of columns: an id's first, and another's last."""
    return len(fields) > 1 and plain(fields[0]) in IDS and plain(fields[-1]) in OTHERS


def are_sides(fields: Sequence[str], language: str, pivot: str) -> bool:
    """Whether the fields of a line name the two sides of a bitext."""
    first, last = (field.strip("\"' ").lower() for field in (fields[0], fields[-1]))
    return SIDES.get(first) == last or bool(variants(language, [first]) and variants(pivot, [last]))


def is_heading_of_judgements(fields: Sequence[str]) -> bool:
    """The same of a file of judgements: its last column is a grade, and no row has a word there."""
    return plain(fields[-1]) in GRADES


def plain(name: str) -> str:
    """A column's name without case, quotation marks and what joins its words."""
    return "".join(filter(str.isalnum, name.lower()))
