"""Clean bitext: rules that tell a sentence pair is no translation, and how many each removed.

Every rule is a question to one pair, with what came before it or stands beside it; a pair for which
it is true is removed. The first rule that is true counts the pair.
"""

import math
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from statistics import median

from optical.corpora.languages import is_in_wrong_language, is_in_wrong_script
from optical.corpora.leakage import NO_TESTS, Guard
from optical.corpora.numbers import contradict, unexplained
from optical.corpora.records import Pair
from optical.corpora.registry import bitext
from optical.corpora.removed import Examples
from optical.corpora.rows import write_parquet, write_rows
from optical.corpora.sides import fault_of_counts, fault_of_sides, files_of
from optical.corpora.splits import is_held_out
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

BITEXT_COLUMNS = ["id", "source", "target", "origin"]

RULES = (
    *("empty", "copy", "wrong_script", "length_ratio", "numbers", "shifted"),
    *("wrong_language", "leak", "duplicate"),
)
"""Names of the rules in the order in which they are asked; a source's own note comes first."""

LENGTH_VARIANCE = 6.8
"""Variance of the target's characters per source character, Gale and Church (1993)."""

MOST_LENGTH_DEVIATION = 3.0
"""Standard deviations from the usual length. Of the TICO-19 pairs of Chinese 99 in 100 lie within,
of every other language 998 in 1,000; of pairs shifted by one, a third lies beyond."""

NEIGHBOURS, MOST_MISFIT, MOST_MEAN_MISFIT = 5, 4.0, 2.0
"""Pairs on either side whose misfits, of at most `MOST_MISFIT` standard deviations each, tell where
the translations of a passage stand beside the wrong sentences, though some of the pairs look good:
where their mean is above the last number. Of the misaligned segments of TICO-19 the other rules
find 41 in 100 (Somali) and 31 (French), with this one 93 and 95; of passages of 30 pairs that
were shifted in LAFAND to try it, 83. Of LAFAND as it is it removes 9 in 1,000 after the other
rules; some of those are good ones among bad. A source of which every second pair is wrong loses the
rest too."""

SAMPLE = 1000
"""Pairs of an origin that its usual ratio of lengths and its languages are taken from."""

MOST_HELD_OUT = 10_000
"""Pairs set aside that are written: held in memory, and enough to tell how a loss falls."""

# What no text means to say, such as a zero byte; those that are white space among them.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Cleaner:
    """Cleans the bitext of one language, origin after origin, and counts what it removes.

    Duplicates are found over all origins by an 8-byte hash of each pair; that set is all that
    grows with the data, by some 60 bytes a pair.
    """

    def __init__(self, language: str, pivot: str, guard: Guard = NO_TESTS):
        self.language = language
        self.pivot = pivot
        self.guard = guard
        self.counts: dict[str, Counter[str]] = {}
        self.examples = Examples()
        self.hashes: set[int] = set()

    def clean(self, origin: str, pairs: Iterable[Pair], place: str = "") -> Iterator[Pair]:
        """Yield the good pairs of one origin, white space normalised, as they come.

        At most `SAMPLE` pairs are read ahead; only pairs that were judged are counted, and what the
        source left out. place: what errors name, such as a file; the origin by default.

        Raises:
            InputError: where most pairs are in other languages, or have the sides swapped.
        """
        counts = self.counts.setdefault(origin, Counter())
        pairs = (normal_space(pair) for pair in without_left_out(pairs, counts))
        sample = list(islice(pairs, SAMPLE))
        if fault := fault_of_sides(sample, self.language, self.pivot):
            raise InputError(f"{place or origin}: {fault}")
        ratio = usual_length_ratio(sample)
        languages = self.language, self.pivot
        for pair, around in with_mean_misfit(chain(sample, pairs), ratio, languages):
            counts["read"] += 1
            rule = self.broken_rule(pair, ratio, around)
            counts[rule or "kept"] += 1
            if rule:
                self.examples.add(rule, origin, counts["read"], pair)
                continue
            if pair.note:
                counts[pair.note] += 1
            yield pair
        if fault := fault_of_counts(counts, self.language, self.pivot):
            raise InputError(f"{place or origin}: {fault}")

    def broken_rule(self, pair: Pair, ratio: float, around: float = 0.0) -> str | None:
        """Name of the first rule that removes a pair, None for a good pair.

        ratio: the usual one of lengths. around: the mean misfit of the pairs around this one.
        """
        if is_condemned(pair):
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
        if contradict(pair.source, pair.target, self.language, self.pivot):
            return "numbers"
        if around > MOST_MEAN_MISFIT:
            return "shifted"
        if is_in_wrong_language(pair.source, self.language):
            return "wrong_language"
        if is_in_wrong_language(pair.target, self.pivot):
            return "wrong_language"
        if self.guard.knows(pair.source, self.language) or self.guard.knows(
            pair.target, self.pivot
        ):
            return "leak"
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

        For each origin, `read` is the sum of `kept`, of the removed, and of what was no pair
        (`left_out:`); `repaired:` pairs are a part of the kept.
        """
        rows = []
        for origin, counts in self.counts.items():
            notes = sorted(counts.keys() - {"read", "kept", *RULES})
            for rule in ["read", *notes, *RULES, "kept"]:
                rows.append((origin, rule, counts[rule]))
        return rows


def without_left_out(pairs: Iterable[Pair], counts: Counter[str]) -> Iterator[Pair]:
    """The pairs without what their source left out, which is counted.

    It takes no part in the usual ratio of lengths and is nobody's neighbour, for it is no pair.
    """
    for pair in pairs:
        if pair.is_left_out:
            counts.update(("read", pair.note))
        else:
            yield pair


def normal_space(pair: Pair) -> Pair:
    """The pair with single spaces for all white space and control characters."""
    source, target = (" ".join(CONTROL.sub(" ", text).split()) for text in pair[1:3])
    return pair._replace(source=source, target=target)


def is_condemned(pair: Pair) -> bool:
    """Whether the pair's own source says that it must be removed."""
    return bool(pair.note) and not pair.note.startswith("repaired:")


def is_empty(pair: Pair) -> bool:
    """Whether a side has no letter and no digit."""
    return not (any(map(str.isalnum, pair.source)) and any(map(str.isalnum, pair.target)))


def is_copy(pair: Pair) -> bool:
    """Whether both sides are the same but for case: not translated, or nothing to translate."""
    return pair.source.casefold() == pair.target.casefold()


def usual_length_ratio(pairs: Sequence[Pair]) -> float:
    """Median of source characters per target character over the pairs with text; 1 without any."""
    ratios = [len(source) / len(target) for _, source, target, _ in pairs if source and target]
    return median(ratios) if ratios else 1.0


def length_deviation(pair: Pair, ratio: float) -> float:
    """How far apart the lengths are, in standard deviations, after Gale and Church (1993).

    The deviation of the source's length from `ratio` times the target's is compared with the
    spread that grows with the root of the length; both lengths are measured in target characters.
    """
    source, target = len(pair.source) / ratio, len(pair.target)
    spread = math.sqrt(LENGTH_VARIANCE * (source + target) / 2)
    return abs(source - target) / spread if spread else 0.0


def has_unusual_length_ratio(pair: Pair, ratio: float) -> bool:
    """Whether the lengths are too far apart for a translation."""
    return length_deviation(pair, ratio) > MOST_LENGTH_DEVIATION


def misfit(pair: Pair, ratio: float, languages: tuple[str, str]) -> float:
    """How little a pair looks like a translation: by its lengths, and most where numbers differ.

    Here a number counts that one side alone has: in a single pair it may be in words on the other,
    in most pairs of a passage it is a sign of shifted translations.
    """
    if any(unexplained(pair.source, pair.target, *languages)):
        return MOST_MISFIT
    return min(length_deviation(pair, ratio), MOST_MISFIT)


def with_mean_misfit(
    pairs: Iterable[Pair], ratio: float, languages: tuple[str, str]
) -> Iterator[tuple[Pair, float]]:
    """Yield (pair, mean misfit of it and its neighbours), `NEIGHBOURS` on either side.

    A pair that its source knows to be misaligned tells nothing of its neighbours' alignment, and a
    window of fewer than half the pairs nothing at all: its mean is 0. languages: of the source and
    the target.
    """
    window: deque[tuple[Pair, float] | None] = deque([None] * NEIGHBOURS, 2 * NEIGHBOURS + 1)
    for pair in chain(pairs, [None] * NEIGHBOURS):
        window.append(pair and (pair, misfit(pair, ratio, languages)))
        middle = window[NEIGHBOURS] if len(window) == window.maxlen else None
        if middle:
            found = [value for one, value in filter(None, window) if not is_condemned(one)]
            yield middle[0], sum(found) / len(found) if len(found) > NEIGHBOURS else 0.0


def write_bitext(
    path: Path,
    counts_path: Path,
    sources: Iterable[tuple[str, Path]],
    language: str,
    pivot: str,
    limit: int | None = None,
    *,
    codes: Mapping[str, str] | None = None,
    guard: Guard = NO_TESTS,
    held_out: float = 0.0,
    held_out_path: Path | None = None,
    removed_path: Path | None = None,
) -> int:
    """Write the cleaned bitext of (source name, folder) in the order given, at most `limit` pairs.

    `counts_path` gets a table with columns origin, rule, pairs (see `Cleaner.table`). Sources
    after the limit was reached are not read and not in it. Returns the number of pairs.

    codes: of sources that have the language under another code. guard: knows the texts that no
    pair may have. held_out: share of the pivot's sentences that are left out with their
    translations, the same ones in every language, and do not count for the limit; the first
    `MOST_HELD_OUT` of them go to `held_out_path`. `removed_path` gets examples of what each rule
    removed (see `removed`).

    Raises:
        InputError: if no pair is left; if most of a source is in other languages.
    """
    cleaner = Cleaner(language, pivot, guard)
    aside: list[tuple[str, ...]] = []
    places: list[str] = []

    def rows() -> Iterator[tuple[str, ...]]:
        for source, folder in sources:
            # Of NAME:LAYOUT, a set of the user's own, the name.
            origin = source.partition(":")[0]
            code = (codes or {}).get(source, language)
            pairs = bitext(source, folder, code)
            places.append(files_of(Path(folder), code))
            for pair in cleaner.clean(origin, pairs, places[-1]):
                row = (pair.id, pair.source, pair.target, origin)
                if not (held_out and is_held_out(pair.target, pivot, held_out)):
                    yield row
                elif len(aside) < MOST_HELD_OUT:
                    aside.append(row)

    with atomic_path(path) as temporary:
        written = write_parquet(temporary, BITEXT_COLUMNS, islice(rows(), limit))
        table = cleaner.table()
        if not written:
            counts = (f"{pairs} {rule} of {origin}" for origin, rule, pairs in table if pairs)
            told = ", ".join(counts) or f"none was read from {', '.join(places)}"
            raise InputError(f"no pair of {language} is left: {told}")
    if held_out_path:
        write_parquet(held_out_path, BITEXT_COLUMNS, aside)
    if removed_path:
        cleaner.examples.write(removed_path)
    lines = ((origin, rule, str(pairs)) for origin, rule, pairs in table)
    write_rows(counts_path, [("origin", "rule", "pairs"), *lines], separator=",")
    return written
