"""Files of relevance judgements, with the grade of each.

    TREC, MS MARCO   query, 0, passage, grade      between white space
    BEIR             query, passage, grade         between tabs; the first line is a heading

A heading is no judgement, in either: the first line with text, where its last column is a name. A
blank line at the end is none; others are skipped, and `blank_lines` counts them. A grade is a whole
number, which many tools write as `1.0`.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from optical.corpora.headings import is_heading_of_judgements
from optical.corpora.ids import as_id
from optical.corpora.judged import Judgements
from optical.corpora.lines import numbered_lines
from optical.corpora.records import Judgement
from optical.corpora.text import Place, is_empty
from optical.runtime.errors import InputError

GRADE = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)

LARGEST_GRADE = 1000
"""Of nDCG trec_eval counts every grade up to the largest for each of them: one of a million would
take hours. Graded sets have grades below 10."""

COLUMNS = {3: "query, passage, grade", 4: "query, 0, passage, grade"}
"""What the columns are, for messages."""


def read_judgements(path: Path, columns: int) -> Iterator[tuple[int, Judgement]]:
    """(number of the line, judgement) of a file whose lines have 3 or 4 columns, see above.

    Raises:
        InputError: names the line with another number of columns, of what is no grade, and of an id
            that cannot stand in a run.
    """
    is_first = True
    for number, line in numbered_lines(path):
        if is_empty(line):
            continue
        fields = fields_of(line, columns)
        may_be_heading, is_first = is_first, False
        if may_be_heading and is_heading_of_judgements(fields):
            continue
        if len(fields) != columns:
            raise InputError(
                f"{path}:{number}: {len(fields)} columns, expected {columns} between tabs or white "
                f"space: {COLUMNS[columns]}"
            )
        query, passage = (as_id(name, Place(path, number)) for name in (fields[0], fields[-2]))
        yield number, Judgement(query, passage, grade_of(fields[-1], path, number))


def judged_once(path: Path, columns: int) -> Iterator[Judgement]:
    """The judgements of a file that is the whole of a collection's.

    Raises:
        InputError: as `read_judgements`, names both lines of a pair that is judged twice, and a
            file without any judgement.
    """
    lines: dict[tuple[str, str], int] = {}
    for number, judgement in read_judgements(path, columns):
        before = lines.setdefault(judgement[:2], number)
        if before != number:
            raise InputError(
                f"{path}:{number}: query {judgement.query} is judged twice for "
                f"{judgement.passage}, before in line {before}; expected each pair once"
            )
        yield judgement
    if not lines:
        raise InputError(f"{path}: no judgement in it")


def judgements_of(path: Path, *, inverted: bool = False) -> Judgements:
    """The judgements of a file with three columns, as sets of judged pairs have them.

    inverted: what the file calls a document is the query. Reading raises InputError, as
    `read_judgements`.
    """
    return Judgements(path, partial(judgement_rows, path, inverted))


def judgement_rows(path: Path, inverted: bool) -> Iterator[tuple[int, str, str, int]]:
    """Yield (line, query id, document id, grade)."""
    for number, (query, document, grade) in read_judgements(path, 3):
        yield (number, document, query, grade) if inverted else (number, query, document, grade)


def fields_of(line: str, columns: int) -> list[str]:
    """The fields of a line: between tabs, where that gives so many, or else white space."""
    fields = line.split("\t")
    return list(map(str.strip, fields)) if len(fields) == columns else line.split()


def grade_of(text: str, path: Path, line: int) -> int:
    """The grade that stands in a line of a file.

    Raises:
        InputError: names the line of anything but a whole number within `LARGEST_GRADE`.
    """
    match = GRADE.fullmatch(text)
    if match is None or len(text) > 20 or abs(int(match[1])) > LARGEST_GRADE:
        raise InputError(
            f"{path}:{line}: judgement {text!r}, expected a whole number, {LARGEST_GRADE} at most"
        )
    return int(match[1])


def blank_lines(path: Path) -> Iterator[str]:
    """What to say of the blank lines of a file, those at its end left out; nothing without any."""
    blank = pending = 0
    for _, line in numbered_lines(path):
        if not is_empty(line):
            blank, pending = blank + pending, 0
        else:
            pending += 1
    if blank:
        yield f"{path}: {blank} blank line{'s' * (blank > 1)} skipped"
