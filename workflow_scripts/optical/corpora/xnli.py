"""XNLI as retrieval, in four tasks over the same sentences.

premise     find the English premise from which a hypothesis in any language follows
hypothesis  find, of all English hypotheses, the one that follows from a premise in any language;
            the neutral and the contradicting one of the same premise are the hard ones
topic       the same, and all three hypotheses of the premise are relevant
pool        find a hypothesis' premise in every language, among the premises of all languages

Rows are aligned over the languages, three for each premise, so a query's id is the number of its
row, from 0; for a premise, that of the first. Equal texts are one passage, with the judgements of
all of them.

The per-language files have no label column for the test; the labels are those of myXNLI, whose rows
are aligned too, and which also brings Burmese in a layout of its own. Of the official archive the
members are read where they lie; its rows are aligned by their pairID.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path

from optical.corpora.archives import open_archive, open_member
from optical.corpora.lines import numbered_rows
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.text import Place, as_text
from optical.runtime.errors import InputError

PIVOT = "en"
ENTAILED = "entailment"
LABELS = (ENTAILED, "neutral", "contradiction")
ASKED_BY_PREMISE = ("hypothesis", "topic")
ARCHIVE = "XNLI-1.0.zip"
LANGUAGES = frozenset("ar bg de el en es fr hi ru sw th tr ur vi zh".split(" "))  # noqa: SIM905
"""Of the archive; the files add my."""


def passages(folder: Path, *, split: str, task: str) -> Iterator[Passage]:
    """The distinct texts to be found; an id is that of the first row with the text."""
    for _, name, first, text in texts(folder, split, task):
        if name == first:
            yield Passage(name, name, text)


def queries(folder: Path, language: str, *, split: str, task: str) -> Iterator[Query]:
    """The entailed hypotheses in a language; for hypothesis and topic, the premises."""
    first_rows = premise_rows(folder, split) if task in ASKED_BY_PREMISE else None
    for row, (label, (premise, hypothesis)) in labelled(folder, language, split):
        if first_rows is None:
            if label == ENTAILED:
                yield Query(str(row), hypothesis)
        elif first_rows[row] == row:
            yield Query(str(row), premise)


def judgements(folder: Path, *, split: str, task: str) -> Iterator[Judgement]:
    """Each query with its relevant passages, in the order of the passages."""
    entailed = [label == ENTAILED for label in labels(folder, split)]
    first_rows = premise_rows(folder, split) if task in ASKED_BY_PREMISE else range(len(entailed))
    seen = set()
    for row, _, first, _ in texts(folder, split, task):
        pair = (str(first_rows[row]), first)
        if (entailed[row] or task == "topic") and pair not in seen:
            seen.add(pair)
            yield Judgement(*pair)


def texts(folder: Path, split: str, task: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield (row, id, id of the first with the same text, text) of what a task has for passages.

    An id is p, or h for a hypothesis, and the number of the row, after its language in the pool.
    """
    first_of: dict[str, str] = {}
    for language in passage_languages(folder, split) if task == "pool" else [PIVOT]:
        start = f"{language}." if task == "pool" else ""
        for row, (premise, hypothesis) in enumerate(sentences(folder, language, split)):
            if task in ASKED_BY_PREMISE:
                name, text = f"h{row}", hypothesis
            else:
                name, text = f"{start}p{row}", premise
            yield row, name, first_of.setdefault(text, name), text


def premise_rows(folder: Path, split: str) -> list[int]:
    """For each row the first one with the same English premise, which asks for all of them."""
    first_rows: dict[str, int] = {}
    rows = enumerate(sentences(folder, PIVOT, split))
    return [first_rows.setdefault(premise, row) for row, (premise, _) in rows]


def passage_languages(folder: Path, split: str) -> list[str]:
    """The languages that the folder has, in order."""
    if (Path(folder) / ARCHIVE).exists():
        return sorted(LANGUAGES)
    files = Path(folder).glob(f"*.{split}.tsv")
    return sorted(name for file in files if (name := file.name.partition(".")[0]) != "labels")


def labelled(folder: Path, language: str, split: str) -> Iterator[tuple[int, tuple]]:
    """Yield (row, (label, (premise, hypothesis))).

    Raises:
        InputError: at the end, if the language has another number of rows than there are labels.
    """
    rows = zip_longest(labels(folder, split), sentences(folder, language, split))
    for row, (label, both) in enumerate(rows):
        if label is None or both is None:
            ended = "labels end" if label is None else f"{language} rows end"
            raise InputError(f"{folder}: the {split} {ended} after {row}, the other goes on")
        yield row, (label, both)


def labels(folder: Path, split: str) -> Iterator[str]:
    """The label of each row."""
    if (path := Path(folder) / ARCHIVE).exists():
        rows = ((number, row[0]) for number, row in archived(path, PIVOT, split))
    elif split == "dev":
        path = Path(folder) / f"{PIVOT}.dev.tsv"
        rows = ((number, label) for number, (_, _, label) in numbered_rows(path, 3))
    else:
        path = Path(folder) / "labels.test.tsv"
        rows = ((number, label) for number, (_, label, _, _) in numbered_rows(path, 4))
        next(rows)  # the header
    for number, label in rows:
        if label not in LABELS:
            raise InputError(f"{path}:{number}: label {label!r}, expected one of {LABELS}")
        yield label


def sentences(folder: Path, language: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield (premise, hypothesis) of each row in a language."""
    rows: Iterator[tuple[int, Sequence[str]]]
    if (path := Path(folder) / ARCHIVE).exists():
        first, rows = 1, archived(path, language, split)
    elif language == "my":
        path = Path(folder) / f"{language}.{split}.tsv"
        first, rows = 4, numbered_rows(path, 6)
        next(rows)  # the header
    else:
        path = Path(folder) / f"{language}.{split}.tsv"
        first, rows = 0, numbered_rows(path, 3 if split == "dev" else 2)
    for number, fields in rows:
        premise, hypothesis = fields[first : first + 2]
        place = Place(path, number)
        yield as_text(premise, place), as_text(hypothesis, place)


def archived(path: Path, language: str, split: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield (line, (label, premise, hypothesis)) of a language, in the order of the English rows.

    Raises:
        InputError: for a file that is not the archive, a language that it does not have, or one
            whose pairs are not those of English.
    """
    order = archive_rows(path, split, PIVOT)
    rows = archive_rows(path, split, language)
    if order.keys() != rows.keys():
        raise InputError(
            f"{path}: {len(rows)} {split} pairs in {language}, {len(order)} in {PIVOT}, or others"
        )
    yield from (rows[pair] for pair in order)


@cache
def archive_rows(path: Path, split: str, language: str) -> dict[str, tuple]:
    """{pairID: (line, (label, premise, hypothesis))} of one language."""
    member = f"XNLI-1.0/xnli.{split}.tsv"
    try:
        with open_archive(path) as archive, open_member(archive, path, member) as file:
            lines = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            return {
                row["pairID"]: (
                    number,
                    (row["gold_label"], row["sentence1"], row["sentence2"].rstrip("\r\n")),
                )
                for number, row in enumerate(rows, start=2)
                if row["language"] == language
            }
    except (UnicodeDecodeError, csv.Error, KeyError, AttributeError) as error:
        raise InputError(f"{path}: not the archive of XNLI: {error}") from error
