"""XQuAD as retrieval: find the English paragraph that a question in any language is about."""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora import squad
from optical.corpora.records import Judgement, Passage, Query

PIVOT = "en"


def passages(folder: Path) -> Iterator[Passage]:
    """The 240 English paragraphs; a document is an article."""
    for paragraph in paragraphs(folder, PIVOT):
        yield Passage(paragraph.id, paragraph.article, paragraph.context)


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The 1,190 questions in a language, under the data set's own ids."""
    for paragraph in paragraphs(folder, language):
        for question, text in paragraph.questions:
            yield Query(question, text)


def judgements(folder: Path) -> Iterator[Judgement]:
    """Each question with its paragraph."""
    for paragraph in paragraphs(folder, PIVOT):
        for question, _ in paragraph.questions:
            yield Judgement(question, paragraph.id)


def paragraphs(folder: Path, language: str) -> Iterator[squad.Paragraph]:
    """The paragraphs of `{language}.json`; those of all languages have the same ids."""
    return squad.paragraphs(Path(folder) / f"{language}.json")
