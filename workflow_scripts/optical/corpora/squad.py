"""The SQuAD format: articles, their paragraphs, and questions about each paragraph.

    {"data": [{"title": ..., "paragraphs": [
        {"context": ..., "qas": [{"id": ..., "question": ...}]}]}]}

Rajpurkar et al. 2016, arXiv 1606.05250. In version 2 (arXiv 1806.03822) a question may have
`is_impossible`: no paragraph answers it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from optical.corpora.ids import as_id
from optical.corpora.lines import intact
from optical.corpora.text import as_text
from optical.runtime.errors import InputError


class Paragraph(NamedTuple):
    """A paragraph with its questions, white space normalised.

    Attributes:
        id: its position, such as a3p1, because titles differ between the languages of a set.
        article: the position of its article, such as a3.
        context: its text.
        questions: (id, text) of the questions that it answers.
        impossible: number of questions that it does not answer.
    """

    id: str
    article: str
    context: str
    questions: list[tuple[str, str]]
    impossible: int


def paragraphs(path: Path) -> Iterator[Paragraph]:
    """The paragraphs of a file, which is in memory as a whole.

    Raises:
        InputError: for a file in another format, and for a damaged text or id.
    """
    with intact(path):
        text = path.read_text(encoding="utf-8-sig")
    try:
        for i, article in enumerate(json.loads(text)["data"]):
            for j, paragraph in enumerate(article["paragraphs"]):
                questions = [
                    (as_id(question["id"], path), plain(question["question"], path))
                    for question in paragraph["qas"]
                    if not question.get("is_impossible")
                ]
                impossible = len(paragraph["qas"]) - len(questions)
                context = plain(paragraph["context"], path)
                yield Paragraph(f"a{i}p{j}", f"a{i}", context, questions, impossible)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not in the SQuAD format: {error!r}") from error


def plain(value: object, path: Path) -> str:
    """A text with single spaces for all white space."""
    return " ".join(as_text(value, path).split())
