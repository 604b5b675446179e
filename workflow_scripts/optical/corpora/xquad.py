"""XQuAD as retrieval: find the English paragraph that a question in any language is about."""

import json
from collections.abc import Iterator
from pathlib import Path

from optical.corpora.ids import as_id
from optical.corpora.lines import intact
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.text import as_text
from optical.runtime.errors import InputError

PIVOT = "en"


def passages(folder: Path) -> Iterator[Passage]:
    """The 240 English paragraphs; a document is an article."""
    for passage_id, article, paragraph in paragraphs(folder, PIVOT):
        yield Passage(passage_id, article, paragraph["context"])


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The 1,190 questions in a language, under the data set's own ids."""
    for _, _, paragraph in paragraphs(folder, language):
        for question in paragraph["qas"]:
            yield Query(question["id"], question["question"])


def judgements(folder: Path) -> Iterator[Judgement]:
    """Each question with its paragraph."""
    for passage_id, _, paragraph in paragraphs(folder, PIVOT):
        for question in paragraph["qas"]:
            yield Judgement(question["id"], passage_id)


def paragraphs(folder: Path, language: str) -> Iterator[tuple[str, str, dict]]:
    """Yield (passage id, article's id, paragraph in the SQuAD format) of `{language}.json`.

    A paragraph has its context and its questions alone.

    Ids are positions, for titles differ between the languages.
    """
    path = Path(folder) / f"{language}.json"
    with intact(path):
        text = path.read_text(encoding="utf-8")
    try:
        articles = json.loads(text)["data"]
        for i, article in enumerate(articles):
            for j, paragraph in enumerate(article["paragraphs"]):
                yield f"a{i}p{j}", f"a{i}", checked(paragraph, path)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not in the SQuAD format: {error!r}") from error


def checked(paragraph: dict, path: Path) -> dict:
    """The context and the questions of a paragraph, by the rules for texts and ids."""

    def text(value: object) -> str:
        return " ".join(as_text(value, path).split())

    questions = [
        {"id": as_id(question["id"], path), "question": text(question["question"])}
        for question in paragraph["qas"]
    ]
    return {"context": text(paragraph["context"]), "qas": questions}
