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

from optical.corpora.ids import as_id
from optical.corpora.judged import Judged, Texts
from optical.corpora.lines import numbered_rows
from optical.corpora.qrels import judgements_of
from optical.corpora.text import Place, as_text

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
        judgements=judgements_of(judgements),
        least=MATE,
    )


def text_rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, text)."""
    for number, (name, text) in numbered_rows(path, 2):
        place = Place(path, number)
        yield number, as_id(name, place), as_text(text, place)
