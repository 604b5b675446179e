"""XNLI as retrieval: find the English premise from which a hypothesis in any language follows.

Rows are aligned over the languages, so a query's id is the number of its row, from 0. XNLI's own
test files here have no label column; the labels are those of myXNLI, whose rows are aligned too,
and which also brings Burmese in a layout of its own.
"""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from optical.corpora import Passage, Query
from optical.corpora.lines import numbered_rows

PIVOT = "en"
LABELS = ("entailment", "neutral", "contradiction")


def passages(folder: Path, *, split: str) -> Iterator[Passage]:
    """The distinct English premises; an id is the number of the first row with the premise."""
    for row, first_row, premise in premises(folder, split):
        if row == first_row:
            yield Passage(f"p{row}", f"p{row}", premise)


def queries(folder: Path, language: str, *, split: str) -> Iterator[Query]:
    """The entailed hypotheses in a language."""
    for row, (label, (_, hypothesis)) in labelled(folder, language, split):
        if label == "entailment":
            yield Query(str(row), hypothesis)


def judgements(folder: Path, *, split: str) -> Iterator[tuple[str, str]]:
    """Each entailed hypothesis with its premise."""
    entailed = {query.id for query in queries(folder, PIVOT, split=split)}
    for row, first_row, _ in premises(folder, split):
        if str(row) in entailed:
            yield str(row), f"p{first_row}"


def premises(folder: Path, split: str) -> Iterator[tuple[int, int, str]]:
    """Yield (row, first row with the same English premise, premise)."""
    first_rows: dict[str, int] = {}
    for row, (premise, _) in enumerate(sentences(folder, PIVOT, split)):
        yield row, first_rows.setdefault(premise, row), premise


def labelled(folder: Path, language: str, split: str) -> Iterator[tuple[int, tuple]]:
    """Yield (row, (label, (premise, hypothesis))).

    Raises:
        ValueError: at the end, if the language has another number of rows than there are labels.
    """
    rows = zip_longest(labels(folder, split), sentences(folder, language, split))
    for row, (label, texts) in enumerate(rows):
        if label is None or texts is None:
            ended = "labels end" if label is None else f"{language} rows end"
            raise ValueError(f"{folder}: the {split} {ended} after {row}, the other goes on")
        yield row, (label, texts)


def labels(folder: Path, split: str) -> Iterator[str]:
    """The label of each row."""
    if split == "dev":
        path = Path(folder) / f"{PIVOT}.dev.tsv"
        rows = ((number, label) for number, (_, _, label) in numbered_rows(path, 3))
    else:
        path = Path(folder) / "labels.test.tsv"
        rows = ((number, label) for number, (_, label, _, _) in numbered_rows(path, 4))
        next(rows)  # the header
    for number, label in rows:
        if label not in LABELS:
            raise ValueError(f"{path}:{number}: label {label!r}, expected one of {LABELS}")
        yield label


def sentences(folder: Path, language: str, split: str) -> Iterator[tuple[str, str]]:
    """Yield (premise, hypothesis) of each row of `{language}.{split}.tsv`."""
    path = Path(folder) / f"{language}.{split}.tsv"
    if language == "my":
        rows = numbered_rows(path, 6)
        next(rows)  # the header
        yield from ((premise, hypothesis) for _, (*_, premise, hypothesis) in rows)
    else:
        rows = numbered_rows(path, 3 if split == "dev" else 2)
        yield from ((premise, hypothesis) for _, (premise, hypothesis, *_) in rows)
