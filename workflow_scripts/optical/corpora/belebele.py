"""Belebele as retrieval: find the English passage that a question in any language is about.

900 questions, parallel over 122 variants of languages, on 488 passages from FLORES-200.
"""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.json_lines import objects
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.text import as_text

PIVOT = "en"
KEYS = ("link", "question_number", "flores_passage", "question")


def passages(folder: Path) -> Iterator[Passage]:
    """The distinct English passages; a document is the page that one is from."""
    seen = set()
    for row in rows(folder, PIVOT):
        if row["flores_passage"] not in seen:
            seen.add(row["flores_passage"])
            yield Passage(f"p{len(seen) - 1}", row["link"], " ".join(row["flores_passage"].split()))


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The questions in a language, under their page and number."""
    for row in rows(folder, language):
        yield Query(name(row), " ".join(row["question"].split()))


def judgements(folder: Path) -> Iterator[Judgement]:
    """Each question with its passage."""
    numbers: dict[str, int] = {}
    for row in rows(folder, PIVOT):
        number = numbers.setdefault(row["flores_passage"], len(numbers))
        yield Judgement(name(row), f"p{number}")


def name(row: dict) -> str:
    """A question's id, the same in all languages: the address of its page and its number there."""
    return f"{row['link']}#{row['question_number']}"


def rows(folder: Path, language: str) -> Iterator[dict]:
    """The questions of `{language}.jsonl`."""
    path = Path(folder) / f"{language}.jsonl"
    for place, row in objects(path, *KEYS, told="not a question of Belebele"):
        if row:
            yield {key: as_text(row[key], place, key) for key in KEYS}
