"""The words of the constructed languages, and how a language puts a clause into words.

An expression is what a language says for an entity or a relation: one to three words. Some have a
synonym. How many of each there are was counted on real bitext: docs/explanation/constructed.md.
"""

import zlib
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from optical.corpora.constructed_languages import LANGUAGES, PIVOT, Language
from optical.runtime.errors import InputError
from optical.settings.constructed import Constructed as World

EXPRESSION_WORDS = (0.88, 0.10, 0.02)
"""Share of the expressions of one, two and three words."""

SYNONYMS, SYNONYM_USE = 0.5, 0.4
"""Share of entities and relations that have a synonym, and how often it is said in their place."""

ADVERBS = 20
"""Words that a clause may have and that change nothing about its fact."""

TENSES = 3


class Fact(NamedTuple):
    """Indices of the subject, the relation and the object."""

    subject: int
    relation: int
    object: int


class Clause(NamedTuple):
    """What a clause says.

    asked: the part of the fact (0, 1, 2) that a question word replaces. unsaid: the part that is
    left out.
    """

    fact: Fact
    asked: int | None = None
    tense: int = 0
    adverb: int | None = None
    unsaid: int | None = None


@dataclass(frozen=True)
class Lexicon:
    """The words of one language.

    entities, relations: the expressions of each, the usual one first. question: by the part that
    is asked for.
    """

    entities: list[list[str]]
    relations: list[list[str]]
    adverbs: list[str]
    subject_mark: str
    object_mark: str
    articles: list[str]
    tenses: list[str]
    topic: str
    final: str
    question: dict[int, str]


def generator(world: World, *key: int) -> np.random.Generator:
    """The random numbers that belong to one item of one stream."""
    return np.random.default_rng((world.seed, *key))


def language_key(name: str) -> int:
    """A number for a language that does not depend on which others there are."""
    return zlib.crc32(name.encode())


def new_word(rng: np.random.Generator, language: Language, syllables: int) -> str:
    """A word of open syllables over the language's own sounds."""
    consonants, vowels = list(language.consonants), list(language.vowels)
    return "".join(str(rng.choice(consonants)) + str(rng.choice(vowels)) for _ in range(syllables))


def sound_change(word: str, language: Language) -> str:
    """The pivot's word as the language pronounces it: vowels stay, one consonant in three moves."""
    pivot = LANGUAGES[PIVOT].consonants
    table = {
        ord(old): language.consonants[i % len(language.consonants)]
        for i, old in enumerate(pivot)
        if i % 3 == 0
    }
    return word.translate(table)


@cache
def lexicon(world: World, name: str) -> Lexicon:
    """The lexicon of a language; no two of its words share a form."""
    if name not in LANGUAGES:
        raise InputError(
            f"constructed language {name!r} is unknown; expected one of {', '.join(LANGUAGES)}"
        )
    language = LANGUAGES[name]
    rng = generator(world, language_key(name))
    taken: set[str] = set()

    def fresh(pivot_form: str | None = None) -> str:
        if pivot_form and rng.random() < language.cognates:
            word = sound_change(pivot_form, language)
            if word not in taken:
                taken.add(word)
                return word
        syllables = 2
        while (word := new_word(rng, language, syllables)) in taken:
            syllables = 2 + int(rng.integers(3))
        taken.add(word)
        return word

    def expressions(pivot_forms: list[str]) -> list[str]:
        """Each as long as it happens to be; only the first word of the usual one is a cognate."""
        number = 1 + int(rng.random() < SYNONYMS)
        sizes = rng.choice([1, 2, 3], size=number, p=EXPRESSION_WORDS)
        first = fresh(pivot_forms[0].split()[0] if pivot_forms else None)
        words = [first, *(fresh() for _ in range(sizes.sum() - 1))]
        return [" ".join(part) for part in np.split(words, np.cumsum(sizes)[:-1])]

    size = world.entities + world.relations
    pivot_forms: list[list[str]] = [[]] * size
    if name != PIVOT:
        pivot = lexicon(world, PIVOT)
        pivot_forms = [*pivot.entities, *pivot.relations]
    forms = [expressions(form) for form in pivot_forms]
    adverbs = [fresh() for _ in range(ADVERBS)]
    syllables = [
        consonant + vowel for consonant in language.consonants for vowel in language.vowels
    ]
    grammatical = [str(word) for word in rng.permutation(syllables)[: 8 + TENSES]]
    return Lexicon(
        entities=forms[: world.entities],
        relations=forms[world.entities :],
        adverbs=adverbs,
        subject_mark=grammatical[0],
        object_mark=grammatical[1],
        articles=grammatical[2:4],
        topic=grammatical[4],
        final=grammatical[5],
        question={0: grammatical[6], 2: grammatical[7]},
        tenses=grammatical[8:],
    )


def say(world: World, name: str, clause: Clause, rng: np.random.Generator) -> str:
    """A clause in the words of a language. rng: chooses among synonyms."""
    words, language = lexicon(world, name), LANGUAGES[name]

    def expression(forms: list[str]) -> str:
        return forms[-1] if rng.random() < SYNONYM_USE else forms[0]

    def noun(entity: int, mark: str) -> list[str]:
        form = expression(words.entities[entity])
        if language.affix != "none":
            form = f"{mark}{form}" if language.affix == "prefix" else f"{form}{mark}"
        has_article = "article" in language.particles
        return [words.articles[entity % 2], form] if has_article else [form]

    tense = [words.tenses[clause.tense]] if "tense" in language.particles else []
    parts = [
        noun(clause.fact.subject, words.subject_mark),
        [*tense, expression(words.relations[clause.fact.relation])],
        noun(clause.fact.object, words.object_mark),
    ]
    if clause.asked is not None:
        parts[clause.asked] = [words.question[clause.asked]]
    if clause.unsaid is not None:
        parts[clause.unsaid] = []
    said = [parts["svo".index(part)] for part in language.order]
    if "topic" in language.particles:
        said.insert(1, [words.topic])
    if clause.adverb is not None:
        said.append([words.adverbs[clause.adverb]])
    if "final" in language.particles:
        said.append([words.final])
    return " ".join(word for part in said for word in part) + ("." if clause.asked is None else "?")
