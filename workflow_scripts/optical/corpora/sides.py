"""Whether the two sides of a bitext are in the languages that they should be in.

A line in the wrong language is one for the cleaning rules. Where most lines are, the file is not
what the study takes it for: its columns are swapped, or it is a file of another language.

Judged are the scripts of single lines, and by fastText's model the language of many lines together,
so that short lines count too. Not found are: languages that the model does not know, in the right
script; close ones (`languages.CLOSE`) for each other; and what begins after the pairs that are
looked at, unless the cleaning rules find most lines wrong in the end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from optical.corpora.languages import (
    DOUBTFUL_SURE,
    LEAST_LETTERS,
    are_close,
    identify,
    is_in_wrong_language,
    is_in_wrong_script,
    script,
)
from optical.corpora.records import Pair

MOST_WRONG = 0.5
"""The share of lines in another language above which a file is not cleaned but refused."""

LEAST_LINES = 2
"""Fewer lines are no sign of what a file holds."""

LETTERS, SURE = 150, 0.9
"""Letters of the lines that are identified together, and how sure the model has to be that they are
in another language. Of words that mean nothing it is less sure."""


def fault_of_sides(pairs: Sequence[Pair], language: str, pivot: str) -> str:
    """What is wrong with most pairs: what was seen and what was expected; empty if nothing.

    language, pivot: expected of the sources and of the targets.
    """
    sources = [pair.source for pair in pairs if pair.source]
    targets = [pair.target for pair in pairs if pair.target]
    wrong = is_mostly_wrong(sources, language), is_mostly_wrong(targets, pivot)
    of = f"of the first {len(pairs):,} pairs"
    if any(wrong) and looks_like(sources, pivot) > looks_like(targets, pivot):
        return (
            f"the sides look swapped: {of}, most have {seen_in(sources)} where {language} is "
            f"expected, and {seen_in(targets)} where {pivot} is expected"
        )
    for side, code, is_wrong in zip((sources, targets), (language, pivot), wrong, strict=True):
        if is_wrong:
            return f"{of}, most have {seen_in(side)} where {code} is expected"
    return ""


def fault_of_counts(counts: Counter[str], language: str, pivot: str) -> str:
    """The same by what the rules removed of a whole source."""
    wrong = counts["wrong_script"] + counts["wrong_language"]
    if counts["read"] < LEAST_LINES or wrong <= MOST_WRONG * counts["read"]:
        return ""
    return (
        f"{wrong:,} of {counts['read']:,} pairs are in another script or language than "
        f"{language} and {pivot}, which are expected"
    )


def is_mostly_wrong(texts: Sequence[str], language: str) -> bool:
    """Whether most texts are in another script than that of a language, or in another language."""
    if len(texts) < LEAST_LINES:
        return False
    if sum(is_in_wrong_script(text, language) for text in texts) > MOST_WRONG * len(texts):
        return True
    wrong = sum(
        lines for text, lines in together(texts) if is_in_wrong_language(text, language, sure=SURE)
    )
    return wrong > MOST_WRONG * len(texts)


def looks_like(texts: Sequence[str], language: str) -> bool:
    """Whether most texts look like a language: by their script, and to the model."""
    if sum(is_in_wrong_script(text, language) for text in texts) > MOST_WRONG * len(texts):
        return False
    found = Counter({True: 0, False: 0})
    for text, lines in together(texts):
        found[are_close(seen(text), language)] += lines
    return found[True] >= found[False]


def together(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield (texts joined until they have `LETTERS` letters, how many they are).

    What is left in the end is given if it is not too short to be identified.
    """
    held: list[str] = []
    letters = 0
    for text in texts:
        held.append(text)
        letters += sum(map(str.isalpha, text))
        if letters >= LETTERS:
            yield " ".join(held), len(held)
            held, letters = [], 0
    if letters >= LEAST_LETTERS:
        yield " ".join(held), len(held)


def seen(text: str) -> str:
    """The most probable language of a text by the model; nothing where none is probable."""
    name, probability = next(iter(identify(text).items()))
    return name if probability >= DOUBTFUL_SURE else ""


def seen_in(texts: Sequence[str]) -> str:
    """What most texts are in, in words: a language, or the script of their letters."""
    found: Counter[str] = Counter()
    for text, lines in together(texts):
        found[seen(text)] += lines
    name = max(found, key=found.__getitem__, default="")
    letters = Counter(script(letter) for text in texts for letter in text if letter.isalpha())
    script_name = max(letters, key=letters.__getitem__, default="no")
    return name or f"{script_name.title()} letters of another language"


def files_of(folder: Path, language: str) -> str:
    """The files of a language in a folder, as an error names them; or the folder, without any."""
    names = sorted(
        path.name for path in folder.glob("*") if path.name.partition(".")[0] == language
    )
    return f"{folder}/{' and '.join(names)}" if names else str(folder)
