"""What the numbers of digits in a text may say, by the conventions of its language."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

from optical.corpora.number_words import (
    EAST_AFRICAN,
    LONGEST,
    SCALE_FIRST,
    THOUSANDTHS,
    common_years,
    folded,
    scales,
)

SMALL = 10
"""Whole numbers below are as often written as words."""

# Marks as they stand between ASCII digits, and what nobody sees.
MARKS = {
    "٫": ".",
    "٬": ",",
    "،": ",",
    "’": "'",
    "：": ":",
    "，": ",",
    "．": ".",
    "／": "/",
    "–": "-",
}
MARKS |= dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " ")
MARKS |= dict.fromkeys(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069\ufeff", ""
)
TRANSLATED = str.maketrans(MARKS)

NUMBER = re.compile(
    r"""(?P<date>(?<![\d.])(?:\d{4}([./-])\d{1,2}\2\d{1,2}|\d{1,2}([./-])\d{1,2}\3(?:\d{4}|\d\d))(?![\d]))
    |(?P<clock>(?<![\d:])\d{1,2}:[0-5]\d(?::[0-5]\d)?(?![\d:]))
    |(?P<spaced>(?<![\d.,])\d{1,3}(?:[ ]\d{3})+(?!\d)(?:[.,]\d+)?)
    |(?P<halves>(?<![\d.,/])\d{1,3}/\d{1,2}(?![\d.,/]))
    |(?P<plain>\d+(?:[.,':]\d+)*)""",
    re.VERBOSE,
)
FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
# 18 世纪 90 年代: the nineties of the 18th century.
DECADE = re.compile(r"(\d{1,2}) ?世[纪紀] ?(\d)0(?= ?年代)")
GROUPED = re.compile(r"\d{1,3}([.,'])\d{3}(?:\1\d{3})*|\d{1,2}(?:,\d{2})*,\d{3}")
HALF_DAY = re.compile(r"[ ]?([ap])\.?[ ]?m\b", re.IGNORECASE)
IN_NAME = re.compile(r"[A-Za-zΑ-ωА-я]-?$")
CONVERTED = re.compile(
    r"[ -]?(?:miles?|mi|mph|knots?|feet|foot|ft|inch(?:es)?|yards?|pounds?|lbs?|ounces?|oz|gallons?"
    r"|acres?|°[ ]?F|degrees?|Fahrenheit)\b",
    re.IGNORECASE,
)
DECADES = re.compile(r"(?<!\d)\d0(?=s\b)")
MONTH_AFTER = re.compile(r"[ ]?[月월]")
MONTH_BEFORE = re.compile(r"(?:tháng|mwezi wa)[ ]$", re.IGNORECASE)
HOUR_BEFORE = re.compile(r"(?:saa|saacad\w*)(?: ya)?[ ]$", re.IGNORECASE)
JOINT = re.compile(r"[ ]?(?:,|na|and|y|e|et|und|và|и|و|और)?[ ]?", re.IGNORECASE)
RANGE = re.compile(
    r"[ ]?(?:-|—|~|～|至|到|to|or|and|a|y|à|et|bis|und|до|и|na|au|hadi|ilaa|से)[ ]?", re.IGNORECASE
)
# What may stand between a number and its scale, after it and before it.
GAP = re.compile(r"\+?[ -]?(?:[多余餘]|(?:oo|na|de) )?")
GAP_BEFORE = re.compile(r"[ ](?:za |dola |[A-Z]{0,3}[$€£¥])?|[$€£¥]")

Readings = frozenset[frozenset[Fraction]]


class Number(NamedTuple):
    """A number of digits.

    readings: what it may say, each the values that the other side must have for it.
    values: those that it may be for a number of the other side.
    factors: what its words of scale may mean; none without any. clock: whether it is a time.
    spare: whether a translation may well be without it: in a name, as a month, of a measure.
    """

    text: str
    start: int
    end: int
    readings: Readings
    values: frozenset[Fraction]
    factors: frozenset[int] = frozenset()
    clock: bool = False
    spare: bool = False


def numbers(text: str, language: str) -> Iterator[Number]:
    """The numbers of digits in a text of a base language, those in a sum or a range together.

    None is longer than `LONGEST`.
    """
    text = plain_digits(text)
    found = [
        number_at(text, match, language)
        for match in NUMBER.finditer(text)
        if len(match[0]) <= LONGEST
    ]
    for at, number in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        if not following or not following.factors or number.factors:
            continue
        if RANGE.fullmatch(text, number.end, following.start):
            found[at] = in_range(number, following.factors)
    yield from summed(text, found)


def plain_digits(text: str) -> str:
    """A text in NFC with ASCII digits and the marks between them, and plain spaces."""
    text = folded(text).translate(TRANSLATED)
    text = FOREIGN_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    return DECADE.sub(lambda match: f"{int(match[1]) - 1}{match[2]}0", text)


def number_at(text: str, match: re.Match[str], language: str) -> Number:
    """The number that a match of `NUMBER` found."""
    start, end = match.span()
    written = match[0]
    if match["date"]:
        return of_readings(written, start, end, date_readings(written, language))
    if match["clock"]:
        hour, minute = map(int, written.split(":")[:2])
        return clock(written, (start, end), hour, minute, language)
    if half := HALF_DAY.match(text, end):
        hour, minute = (*map(int, re.findall(r"\d+", written)), 0)[:2]
        if hour <= 12 and minute < 60:
            hour = hour % 12 + 12 * (half[1].lower() == "p")
            return clock(written, (start, half.end()), hour, minute, language)
    values = plain_values(written)
    if values and (scaled := scale_around(text, start, end, language)):
        factors, start, end, certain = scaled
        products = {value * factor for value in values for factor in factors}
        products |= set() if certain else values
        readings = {frozenset({value}) for value in products}
        return Number(
            *(text[start:end], start, end),
            *(frozenset(readings), frozenset(products), frozenset(factors)),
        )
    number = of_readings(written, start, end, plain_readings(text, match, values, language))
    return number._replace(spare=is_spare(text, match))


def is_spare(text: str, match: re.Match[str]) -> bool:
    """Whether a translation may well be without a number: in a name, as a month, of a measure."""
    before = text[max(0, match.start() - 12) : match.start()]
    if IN_NAME.search(before):
        return match[0].isdecimal() and len(match[0]) < 4
    if MONTH_BEFORE.search(before) or DECADES.match(text, match.start()):
        return True
    return bool(CONVERTED.match(text, match.end()) or MONTH_AFTER.match(text, match.end()))


def plain_readings(
    text: str, match: re.Match[str], values: set[Fraction], language: str
) -> set[frozenset[Fraction]]:
    """The readings of a number without a word of scale."""
    start, end = match.span()
    written = match[0]
    before = text[max(0, start - 12) : start]
    readings = {needed([value]) for value in values}
    parts = [int(part) for part in re.findall(r"\d+", written)]
    if len(parts) == 1:
        readings |= {needed([Fraction(year)]) for year in common_years(parts[0], language)}
        if HOUR_BEFORE.search(before) and language in EAST_AFRICAN and parts[0] <= 12:
            readings |= {needed([Fraction((parts[0] + shift) % 24)]) for shift in (6, 18)}
        return readings
    if len(parts) == 2 and re.fullmatch(r"\d{1,2}/\d{1,2}|\d{1,2}\.\d\d", written):
        readings |= {needed(day) for day in days(*parts)}
    if not values or match["spaced"] or any(part >= SMALL for part in parts):
        readings.add(needed(map(Fraction, parts)))
    return readings


def of_readings(text: str, start: int, end: int, readings: Iterable[frozenset[Fraction]]) -> Number:
    """A number whose readings say what it may be."""
    return Number(text, start, end, frozenset(readings), values_of(text, readings))


def values_of(text: str, readings: Iterable[frozenset[Fraction]]) -> frozenset[Fraction]:
    """All values of readings, and the parts of a date or a time that need no explanation."""
    parts = [] if GROUPED.fullmatch(text.replace(" ", "")) else re.findall(r"\d+", text)
    return frozenset().union(map(Fraction, parts), *readings)


def needed(values: Iterable[Fraction]) -> frozenset[Fraction]:
    """The values that need an explanation: all but small whole numbers."""
    return frozenset(value for value in values if value >= SMALL or value.denominator != 1)


def plain_values(written: str) -> set[Fraction]:
    """The values of a number by its marks of thousands and decimals; none for several numbers."""
    digits = written.replace(" ", "")
    if digits.isdecimal():
        return {Fraction(digits)}
    values = set()
    if GROUPED.fullmatch(digits):
        values.add(Fraction(re.sub(r"\D", "", digits)))
    whole, mark, decimals = re.fullmatch(r"(.*)([.,'/:])(\d+)", digits).groups()
    # A slash is the decimal mark of Persian typists. Nobody writes 8 as 8,000.
    if (
        mark in ".,/"
        and decimals != "000"
        and (whole.isdecimal() or (GROUPED.fullmatch(whole) and mark not in whole))
    ):
        values.add(Fraction(re.sub(r"\D", "", whole) + "." + decimals))
    return values


def days(first: int, second: int) -> Iterator[list[Fraction]]:
    """The day of a day and a month, in either order: the month may be a word on the other side."""
    for day, month in ((first, second), (second, first)):
        if 1 <= day <= 31 and 1 <= month <= 12:
            yield [Fraction(day)]


def date_readings(written: str, language: str) -> set[frozenset[Fraction]]:
    """The readings of a date, as year and day; or as its parts where it is none."""
    parts = [int(part) for part in re.findall(r"\d+", written)]
    year, others = (parts[0], parts[1:]) if parts[0] > 31 else (parts[-1], parts[:-1])
    years = {year, *common_years(year, language)}
    years |= {1900 + year, 2000 + year} if year < 100 else set()
    readings = {needed([*day, Fraction(one)]) for day in days(*others) for one in years}
    return readings | {needed(map(Fraction, parts))}


def clock(written: str, span: tuple[int, int], hour: int, minute: int, language: str) -> Number:
    """A time of the day, whose hour may be of 12 or 24, or counted from six in the morning."""
    shifts = (0, 12, 6, 18) if language in EAST_AFRICAN else (0, 12)
    hours = {(hour + shift) % 24 for shift in shifts} | {hour}
    readings = {needed(map(Fraction, (one, minute))) for one in hours if one >= SMALL}
    readings |= {frozenset({Fraction(one)}) | needed([Fraction(minute)]) for one in hours}
    if hour < SMALL:
        readings.add(needed([Fraction(minute)]))
    values = frozenset(map(Fraction, {*hours, minute, *(24 for one in hours if one == 0)}))
    return Number(written, *span, frozenset(readings), values, clock=True)


def scale_around(
    text: str, start: int, end: int, language: str
) -> tuple[set[int], int, int, bool] | None:
    """The scale of the number at `start` to `end`: factors, its span with them, whether certain.

    Scales may follow each other: 5 lakh crore, 3 mil millones. Not certain are single letters,
    which may be metres, words after a year (in 2013 thousands came), and those before a number.
    """
    pattern, means = scales(language)
    if language in SCALE_FIRST:
        for match in pattern.finditer(text, max(0, start - 20), start):
            whole = not text[match.start() - 1 : match.start()].isalpha() or language == "my"
            if whole and GAP_BEFORE.fullmatch(text, match.end(), start):
                return set(means[word_of(match)]), match.start(), end, False
    factors, at = {1}, end
    certain = not re.fullmatch(r"(?:19|20)\d\d", text[start:end])
    while match := pattern.match(text, GAP.match(text, at).end()):
        word = word_of(match)
        factors = {factor * value for factor in factors for value in means[word]}
        certain = certain and word not in THOUSANDTHS and (len(word) > 1 or word > "z")
        at = match.end()
    return (factors, start, at, certain) if at > end else None


def word_of(match: re.Match[str]) -> str:
    """The key of a word of scale in the mapping of `scales`."""
    return (match["stem"] or match["word"]).casefold()


def in_range(number: Number, factors: Iterable[int]) -> Number:
    """The first number of a range, 5 to 10 million, which may have the scale of the second."""
    products = {value * factor for value in plain_values(number.text) for factor in factors}
    readings = number.readings | {frozenset({value}) for value in products}
    return number._replace(readings=readings, values=number.values | products)


def summed(text: str, found: list[Number]) -> Iterator[Number]:
    """The numbers, those of falling scales as one that may be their sum: 3 crore 20 lakh."""
    at = 0
    while at < len(found):
        number = found[at]
        at += 1
        while number.factors and at < len(found) and belongs(text, number, found[at]):
            other = found[at]
            total = {a + b for a in number.values for b in other.values if 0 < b < a}
            readings = {frozenset({value}) for value in total}
            readings |= {a | b for a in number.readings for b in other.readings}
            number = Number(
                *(text[number.start : other.end], number.start, other.end),
                *(frozenset(readings), number.values | other.values | total, number.factors),
            )
            at += 1
        yield number


def belongs(text: str, number: Number, other: Number) -> bool:
    """Whether a number may be the smaller part of a sum with the one before it."""
    joined = JOINT.fullmatch(text[number.end : other.start])
    return bool(joined) and max(other.values, default=0) < min(number.values)
