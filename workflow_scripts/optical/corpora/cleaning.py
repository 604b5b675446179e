"""Clean bitext: rules that tell a sentence pair is no translation, and how many each removed.

Every rule is a function of one pair that is true for a pair to remove. The first rule that is
true counts the pair.
"""

import csv
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from statistics import median

from optical.corpora import Pair, bitext
from optical.corpora.rows import write_parquet
from optical.files import atomic_path

BITEXT_COLUMNS = ["id", "source", "target", "origin"]

RULES = ("empty", "copy", "wrong_script", "length_ratio", "numbers", "duplicate")
"""Names of the rules in the order in which they are asked; a source's own note comes first."""

# Scripts by the first word of a letter's Unicode name. A language that is not listed, such as a
# constructed one, may be written in any.
SCRIPTS = {
    "LATIN": "de en es fi fr it ro so sw tl tr vi",
    "CYRILLIC": "bg ru",
    "GREEK": "el",
    "ARABIC": "ar ur",
    "DEVANAGARI": "hi mr",
    "THAI": "th",
    "MYANMAR": "my",
    "CJK": "zh",
}
SCRIPT_OF = {language: script for script, names in SCRIPTS.items() for language in names.split()}

LEAST_SHARE_IN_SCRIPT = 0.5
"""Names, units and formulas in Latin letters are common in translations into any script."""

LENGTH_VARIANCE = 6.8
"""Variance of the target's characters per source character, Gale and Church (1993)."""

MOST_LENGTH_DEVIATION = 3.0
"""Standard deviations from the usual length. Of the TICO-19 pairs of Chinese 99 in 100 lie within,
of every other language 998 in 1,000; of pairs shifted by one, a third lies beyond."""

RATIO_SAMPLE = 1000
"""Pairs of an origin that its usual ratio of lengths is taken from."""

# A number: groups of three digits after spaces, or digits with inner marks of any convention.
NUMBER = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)|\d+(?:[.,'’٫٬]\d+)*")


class Cleaner:
    """Cleans the bitext of one language, origin after origin, and counts what it removes.

    Duplicates are found over all origins by an 8-byte hash of each pair; that set is all that
    grows with the data, by some 60 bytes a pair.
    """

    def __init__(self, language: str, pivot: str):
        self.language = language
        self.pivot = pivot
        self.counts: dict[str, Counter[str]] = {}
        self.hashes: set[int] = set()

    def clean(self, origin: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Yield the good pairs of one origin, white space normalised, as they come.

        At most `RATIO_SAMPLE` pairs are read ahead; only pairs that were judged are counted.
        """
        counts = self.counts.setdefault(origin, Counter())
        pairs = (normal_space(pair) for pair in pairs)
        sample = list(islice(pairs, RATIO_SAMPLE))
        ratio = usual_length_ratio(sample)
        for pair in chain(sample, pairs):
            counts["read"] += 1
            rule = self.broken_rule(pair, ratio)
            counts[rule or "kept"] += 1
            if rule:
                continue
            if pair.note:
                counts[pair.note] += 1
            yield pair

    def broken_rule(self, pair: Pair, ratio: float) -> str | None:
        """Name of the first rule that removes a pair, None for a good pair."""
        if pair.note and not pair.note.startswith("repaired:"):
            return pair.note
        if is_empty(pair):
            return "empty"
        if is_copy(pair):
            return "copy"
        if is_in_wrong_script(pair.source, self.language):
            return "wrong_script"
        if is_in_wrong_script(pair.target, self.pivot):
            return "wrong_script"
        if has_unusual_length_ratio(pair, ratio):
            return "length_ratio"
        if has_other_numbers(pair):
            return "numbers"
        return "duplicate" if self.is_duplicate(pair) else None

    def is_duplicate(self, pair: Pair) -> bool:
        """Whether the same pair, but for case and white space, came before."""
        text = f"{pair.source.casefold()}\t{pair.target.casefold()}"
        key = int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
        if key in self.hashes:
            return True
        self.hashes.add(key)
        return False

    def table(self) -> list[tuple[str, str, int]]:
        """Rows (origin, rule, pairs): read, repaired and kept, removed by each rule, kept.

        For each origin, `read` is the sum of `kept` and of the removed; `repaired:` pairs are a
        part of the kept.
        """
        rows = []
        for origin, counts in self.counts.items():
            notes = sorted(counts.keys() - {"read", "kept", *RULES})
            for rule in ["read", *notes, *RULES, "kept"]:
                rows.append((origin, rule, counts[rule]))
        return rows


def normal_space(pair: Pair) -> Pair:
    """The pair with single spaces for all white space."""
    return pair._replace(source=" ".join(pair.source.split()), target=" ".join(pair.target.split()))


def is_empty(pair: Pair) -> bool:
    """Whether a side has no letter and no digit."""
    return not (any(map(str.isalnum, pair.source)) and any(map(str.isalnum, pair.target)))


def is_copy(pair: Pair) -> bool:
    """Whether both sides are the same but for case: not translated, or nothing to translate."""
    return pair.source.casefold() == pair.target.casefold()


def is_in_wrong_script(text: str, language: str) -> bool:
    """Whether less than half of the letters are in the script that the language is written in."""
    expected = SCRIPT_OF.get(language)
    if expected is None:
        return False
    letters = [script(character) for character in text if character.isalpha()]
    return letters.count(expected) < LEAST_SHARE_IN_SCRIPT * len(letters)


@cache
def script(letter: str) -> str:
    """First word of a letter's Unicode name, which is its script for the scripts we know."""
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def usual_length_ratio(pairs: Sequence[Pair]) -> float:
    """Median of source characters per target character over the pairs with text; 1 without any."""
    ratios = [len(source) / len(target) for _, source, target, _ in pairs if source and target]
    return median(ratios) if ratios else 1.0


def has_unusual_length_ratio(pair: Pair, ratio: float) -> bool:
    """Whether the lengths are too far apart for a translation, after Gale and Church (1993).

    The deviation of the source's length from `ratio` times the target's is compared with the
    spread that grows with the root of the length; both lengths are measured in target characters.
    """
    source, target = len(pair.source) / ratio, len(pair.target)
    spread = math.sqrt(LENGTH_VARIANCE * (source + target) / 2)
    return abs(source - target) > MOST_LENGTH_DEVIATION * spread


def has_other_numbers(pair: Pair) -> bool:
    """Whether the numbers of two digits and more differ between the sides.

    Numbers below ten are as often words. Compared are all digits together in sorted order, which
    neither word order nor the conventions for separators can change.
    """
    return digits(pair.source) != digits(pair.target)


def digits(text: str) -> list[int]:
    """Sorted digits, of any script, of the numbers with two digits and more."""
    return sorted(
        unicodedata.digit(character)
        for number in NUMBER.findall(text)
        if len(number) > 1
        for character in number
        if character.isdigit()
    )


def write_bitext(
    path: Path,
    counts_path: Path,
    sources: Iterable[tuple[str, Path]],
    language: str,
    pivot: str,
    limit: int | None = None,
) -> int:
    """Write the cleaned bitext of (source name, folder) in the order given, at most `limit` pairs.

    `counts_path` gets a table with columns origin, rule, pairs (see `Cleaner.table`). Sources
    after the limit was reached are not read and not in it. Returns the number of pairs.

    Raises:
        ValueError: if no pair is left.
    """
    cleaner = Cleaner(language, pivot)
    rows = (
        (pair.id, pair.source, pair.target, origin)
        for origin, folder in sources
        for pair in cleaner.clean(origin, bitext(origin, folder, language))
    )
    written = write_parquet(path, BITEXT_COLUMNS, islice(rows, limit))
    with atomic_path(counts_path) as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["origin", "rule", "pairs"])
        table.writerows(cleaner.table())
    if not written:
        raise ValueError(f"no pair of {language} is left, {counts_path} tells what removed them")
    return written
