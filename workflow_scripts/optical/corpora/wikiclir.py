"""WikiCLIR (Schamoni et al. 2014): German sentences against English articles of Wikipedia.

Each part, train, dev and test, has three files of tab-separated columns, without a heading:

    queries  page id, first sentence of a German article without the words of its title
    docs     page id, the first 200 words of an English article
    qrels    German page id, English page id, grade: 3 the article on the same subject, 2 one that
             links to that article and is linked by it

Source: the page of the data set at the University of Heidelberg. `{language}.{part}.{kind}` is the
name of a file here. Queries are trained on the article of grade 3 alone, of which each has one.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optical.corpora.judged import Judged, Judgements, Texts
from optical.corpora.lines import numbered_rows
from optical.corpora.qrels import grade_of

MATE = 3
"""The grade of the article on the same subject."""


def judged(folder: Path, language: str, part: str = "train") -> Judged:
    """A part of the set. Reading raises InputError, with the line."""
    queries, documents, judgements = (
        Path(folder, f"{language}.{part}.{kind}") for kind in ("queries", "docs", "qrels")
    )
    return Judged(
        queries=Texts(queries, partial(text_rows, queries)),
        documents=Texts(documents, partial(text_rows, documents)),
        judgements=Judgements(judgements, partial(judgement_rows, judgements)),
        least=MATE,
    )


def text_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, text)."""
    for number, (name, text) in numbered_rows(path, 2):
        yield number, name, text


def judgement_rows(path: Path) -> Iterator[tuple[int, str, str, int]]:
    """Yield (line, query id, document id, grade)."""
    for number, (query, document, grade) in numbered_rows(path, 3):
        yield number, query, document, grade_of(grade, path, number)
