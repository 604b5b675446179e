"""Large-scale CLIR (Sasaki et al. 2018), inverted: foreign articles against English sentences.

The set asks in English, with the first sentence of an article without the words of its title, for
articles in another language: grade 2 has the one on the same subject, 1 those that link to that one
and are linked by it. Here the languages change sides: the title and the first sentence of the
foreign article ask, and the title and the first sentence of the English one answer. Only articles
on the same subject make a pair. Texts are in lower case and tokenised, as they were published.

ir_datasets, where it is called wikiclir, downloads and reads it. Here it is as `export_ir_dataset`
writes it: {language}.corpus.jsonl, {language}.queries.jsonl and {language}.qrels.tsv.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optical.corpora.exported import exported_texts
from optical.corpora.judged import Judged, Texts
from optical.corpora.qrels import judgements_of

MATE = 2
"""The grade of the article on the same subject."""

END = re.compile(r"(?<!\S)[.!?؟۔](?!\S)|[。！？]")
"""The end of a sentence: a mark that is a token of its own, or one of Chinese and Japanese."""


def judged(folder: Path, language: str) -> Judged:
    """The set in a language, inverted. Reading raises InputError, with the line."""
    articles = exported_texts(Path(folder, f"{language}.corpus.jsonl"))
    return Judged(
        queries=Texts(articles.path, partial(first_sentences, articles)),
        documents=exported_texts(Path(folder, f"{language}.queries.jsonl")),
        judgements=judgements_of(Path(folder, f"{language}.qrels.tsv"), inverted=True),
        least=MATE,
    )


def first_sentences(articles: Texts) -> Iterator[tuple[int, str, str]]:
    """Yield (line, id, title and first sentence) of each article."""
    for number, name, text in articles.rows():
        end = END.search(text)
        yield number, name, text[: end.end()] if end else text
