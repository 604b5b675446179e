"""Whether the numbers of two sentences contradict each other, whatever their conventions.

Each number of digits has readings: what it may say, by the conventions of its language. It is
explained if all values of one of its readings stand on the other side, in digits or in words. Two
sentences contradict each other where each has a number that the other does not explain. A number
that only one side has is no contradiction: the other may say it in words, or leave it out.

Conventions: digits of any script; marks of thousands and decimals, lakhs among them; words of
scale; dates, whose month may be a word; hours of the clock; years of other calendars; Roman
numerals, English and Chinese words. Numbers below ten are as often words, and need no explanation.
Nor do numbers in names (COVID-19) and of measures that translators convert (miles, pounds).
"""

import re
from collections.abc import Set
from fractions import Fraction
from functools import lru_cache

from optical.corpora.language_tags import base
from optical.corpora.number_readings import SMALL, Number, numbers
from optical.corpora.number_words import values_in_words


def contradict(source: str, target: str, language: str, pivot: str) -> bool:
    """Whether each text has a number that no convention finds in the other.

    language, pivot: codes of the languages of source and target; a script or region is ignored.
    """
    sides = unexplained(source, target, language, pivot)
    return all(any(not number.spare for number in side) for side in sides)


# The window of the rule `shifted` asks for the same pairs again.
@lru_cache(maxsize=64)
def unexplained(
    source: str, target: str, language: str, pivot: str
) -> tuple[list[Number], list[Number]]:
    """The numbers of each text that the other does not explain."""
    if not any(map(str.isdecimal, source + target)):
        return [], []
    bases = base(language), base(pivot)
    first, second = list(numbers(source, bases[0])), list(numbers(target, bases[1]))
    left, right = lacking(first, second), lacking(second, first)
    if left or right:
        left = lacking(left, second, values_in_words(target, bases[1]))
        right = lacking(right, first, values_in_words(source, bases[0]))
    if left and right:
        if are_same_digits(left, right) or are_same_digits(first, second):
            return [], []
        # Of two numbers that differ by a scale alone, one may have a word for it that is not known.
        scaled = [one for one in left if not any(differ_by_scale(one, other) for other in right)]
        right = [one for one in right if not any(differ_by_scale(one, other) for other in left)]
        left = scaled
    return left, right


def lacking(
    found: list[Number], others: list[Number], words: frozenset[Fraction] = frozenset()
) -> list[Number]:
    """The numbers of a side that those and the words of the other side do not explain."""
    if not found:
        return []
    values = words.union(*(other.values for other in others))
    has_clock = any(other.clock for other in others)
    return [one for one in found if not is_explained(one, values, has_clock)]


def differ_by_scale(one: Number, other: Number) -> bool:
    """Whether the numbers are the same but for a word of scale that one of them has."""
    if bool(one.factors) == bool(other.factors):
        return False
    scaled, bare = (one, other) if one.factors else (other, one)
    return any(
        value / factor in bare.values for value in scaled.values for factor in scaled.factors
    )


def are_same_digits(left: list[Number], right: list[Number]) -> bool:
    """Whether the sides have the same digits in other groups, such as a number of a telephone.

    Two whole numbers with their digits in another order are different numbers.
    """
    if any(one.factors for one in left + right):
        return False
    digits = ["".join(re.findall(r"\d", one.text)) for one in left]
    others = ["".join(re.findall(r"\d", one.text)) for one in right]
    if len(digits) == len(others) == 1 and (left[0].text + right[0].text).isdecimal():
        return digits == others
    return sorted("".join(digits)) == sorted("".join(others))


def is_explained(number: Number, values: Set[Fraction], has_clock: bool) -> bool:
    """Whether all values of one reading of a number are among those of the other side."""
    if any(all(is_among(value, values) for value in reading) for reading in number.readings):
        return True
    # Without a clock on the other side the hour is in words there: half past two.
    return number.clock and not has_clock and is_spoken(number)


def is_among(value: Fraction, values: Set[Fraction]) -> bool:
    """Whether a value is among others, or is a year or a century that one of them names."""
    if value in values:
        return True
    if value.denominator != 1:
        return False
    if 1800 <= value < 2100 and value % 100 and value % 100 in values:  # the nineties
        return True
    if value < 100:
        return any(1800 <= other < 2100 and other % 100 == value for other in values)
    return 1000 <= value <= 2000 and value % 100 == 0 and value / 100 + 1 in values


def is_spoken(clock: Number) -> bool:
    """Whether a time is one that people say in words: its hour below ten, its minutes a quarter."""
    return any(
        all(value < SMALL or value in (15, 30, 45) for value in reading)
        for reading in clock.readings
    )
