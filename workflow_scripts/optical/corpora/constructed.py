"""Constructed languages: a deterministic small world, told in as many languages as wanted.

A world is a Zipf-distributed set of entities and relations. A fact is (subject, relation,
object); a sentence states one fact, a passage holds several, a query names two parts of a fact
and asks for the third, and every passage that holds a matching fact is relevant. Each language
renders the same facts with its own word forms, word order, affixes and share of cognates.

Everything follows from the world's seed and an index: item `i` of a stream needs nothing of the
items before it, so a million passages need no more memory than a thousand. The world lies in one
small file, `world.json`; the functions below have the signature of every corpus module.

What such data can show: that the chain works, and how it behaves when only the amount of text
per language differs. What it cannot: anything about a natural language.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optical.corpora.constructed_languages import LANGUAGES, PIVOT, Language
from optical.corpora.records import Pair, Passage, Query, TrainingSet
from optical.runtime.errors import InputError
from optical.settings.constructed import Constructed as World

# Streams of items that must not share facts have different numbers.
COLLECTION, TRAINING, BITEXT, TEXT, QUERY = range(5)


class Fact(NamedTuple):
    """Indices of the subject, the relation and the object."""

    subject: int
    relation: int
    object: int


def read_world(folder: Path) -> World:
    """The world of `folder/world.json`; InputError when the file does not describe one."""
    path = Path(folder) / "world.json"
    try:
        return World(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not the settings of a world ({error})") from None


# --- facts ---------------------------------------------------------------------------------------


@cache
def zipf_cumulative(size: int, exponent: float) -> np.ndarray:
    """Cumulative probabilities of ranks 1..size under a Zipf law; shape [size]."""
    weights = np.arange(1, size + 1, dtype=np.float64) ** -exponent
    return np.cumsum(weights / weights.sum())


def generator(world: World, *key: int) -> np.random.Generator:
    """The random numbers that belong to one item of one stream."""
    return np.random.default_rng((world.seed, *key))


def draw_facts(world: World, rng: np.random.Generator, number: int) -> list[Fact]:
    """Facts whose entities and relations follow the world's Zipf law."""
    entities = zipf_cumulative(world.entities, world.zipf)
    relations = zipf_cumulative(world.relations, world.zipf)
    draws = rng.random((number, 3))
    return [
        Fact(
            *(
                int(min(np.searchsorted(table, draw), len(table) - 1))
                for table, draw in zip((entities, relations, entities), row, strict=True)
            )
        )
        for row in draws
    ]


def passage_facts(world: World, stream: int, index: int) -> list[Fact]:
    """The facts of passage `index` of a stream."""
    return draw_facts(world, generator(world, stream, index), world.facts_per_passage)


def ask(world: World, stream: int, index: int) -> tuple[int, Fact]:
    """The fact that passage `index` is asked for, and which of its parts the query leaves open.

    The open part is the subject (0) or the object (2): a relation alone tells nothing apart.
    """
    rng = generator(world, QUERY, stream, index)
    fact = passage_facts(world, stream, index)[rng.integers(world.facts_per_passage)]
    return int(rng.choice((0, 2))), fact


def query_key(asked: int, fact: Fact) -> tuple[int, int, int]:
    """What a passage's fact must agree with to answer: open part, relation, named entity."""
    return asked, fact.relation, fact.object if asked == 0 else fact.subject


# --- words ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lexicon:
    """The words of one language: entities, relations, and the grammatical ones."""

    entities: list[str]
    relations: list[str]
    subject_mark: str
    object_mark: str
    article: str
    question: dict[int, str]


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
    """The lexicon of a language; no two entities or relations share a form."""
    if name not in LANGUAGES:
        raise InputError(
            f"constructed language {name!r} is unknown; expected one of {', '.join(LANGUAGES)}"
        )
    language = LANGUAGES[name]
    rng = generator(world, zlib.crc32(name.encode()))
    taken: set[str] = set()

    def fresh(pivot_form: str | None) -> str:
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

    size = world.entities + world.relations
    pivot_forms: list[str | None] = [None] * size
    if name != PIVOT:
        pivot = lexicon(world, PIVOT)
        pivot_forms = [*pivot.entities, *pivot.relations]
    forms = [fresh(form) for form in pivot_forms]
    grammatical = [new_word(rng, language, 1) for _ in range(5)]
    return Lexicon(
        entities=forms[: world.entities],
        relations=forms[world.entities :],
        subject_mark=grammatical[0],
        object_mark=grammatical[1],
        article=grammatical[2],
        question={0: grammatical[3] + "?", 2: grammatical[4] + "?"},
    )


def clause(world: World, name: str, fact: Fact, asked: int | None = None) -> str:
    """A fact as a clause of a language; the part `asked` for is replaced by its question word."""
    words, language = lexicon(world, name), LANGUAGES[name]

    def marked(form: str, mark: str) -> str:
        if language.affix == "prefix":
            return f"{mark}-{form}"
        if language.affix == "suffix":
            return f"{form}-{mark}"
        return f"{words.article} {form}"

    parts = {
        "s": marked(words.entities[fact.subject], words.subject_mark),
        "v": words.relations[fact.relation],
        "o": marked(words.entities[fact.object], words.object_mark),
    }
    if asked is not None:
        parts["svo"[asked]] = words.question[asked]
    return " ".join(parts[part] for part in language.order)


def tell(world: World, name: str, facts: list[Fact]) -> str:
    """Facts as sentences of a language."""
    return " ".join(clause(world, name, fact) + "." for fact in facts)


# --- corpora -------------------------------------------------------------------------------------


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """Sentence pairs of a language and the pivot, without end; one pair in four is a question."""
    return parallel(read_world(folder), language, BITEXT)


def text(folder: Path, language: str) -> Iterator[Pair]:
    """Text to pre-train an encoder on, without end; the pivot's own has an empty translation."""
    return parallel(read_world(folder), language, TEXT)


def parallel(world: World, language: str, stream: int) -> Iterator[Pair]:
    """Endless texts of one or two sentences in `language`, with their pivot translation."""
    for i in count():
        rng = generator(world, stream, zlib.crc32(language.encode()), i)
        facts = draw_facts(world, rng, 1 + int(rng.integers(2)))
        if rng.random() < 0.25:
            asked = int(rng.choice((0, 2)))
            source, target = (clause(world, name, facts[0], asked) for name in (language, PIVOT))
        else:
            source, target = (tell(world, name, facts) for name in (language, PIVOT))
        yield Pair(f"{language}-{i}", source, "" if language == PIVOT else target)


def passages(folder: Path) -> Iterator[Passage]:
    """The passages of the test collection, in the pivot language."""
    world = read_world(folder)
    for i in range(world.passages):
        yield Passage(f"p{i}", f"p{i}", tell(world, PIVOT, passage_facts(world, COLLECTION, i)))


def asked_passages(world: World) -> list[int]:
    """Indices of the passages that the queries are drawn from, evenly spread."""
    return [i * world.passages // world.queries for i in range(world.queries)]


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The same questions in any language."""
    world = read_world(folder)
    for number, index in enumerate(asked_passages(world)):
        asked, fact = ask(world, COLLECTION, index)
        yield Query(f"q{number}", clause(world, language, fact, asked))


def judgements(folder: Path) -> Iterator[tuple[str, str]]:
    """(query, passage) for every passage that holds an answer, found in one pass over them."""
    world = read_world(folder)
    wanted: dict[tuple[int, int, int], list[str]] = {}
    for number, index in enumerate(asked_passages(world)):
        wanted.setdefault(query_key(*ask(world, COLLECTION, index)), []).append(f"q{number}")
    for i in range(world.passages):
        keys = {
            query_key(asked, fact)
            for fact in passage_facts(world, COLLECTION, i)
            for asked in (0, 2)
        }
        for key in sorted(keys & wanted.keys()):
            for query in wanted[key]:
                yield query, f"p{i}"


def training_set(folder: Path) -> TrainingSet:
    """Queries of the pivot language, each with the passage it was drawn from, without end."""
    world = read_world(folder)
    return TrainingSet(
        passages=lambda: (
            Passage(str(i), str(i), tell(world, PIVOT, passage_facts(world, TRAINING, i)))
            for i in count()
        ),
        queries=lambda: (
            Query(str(i), clause(world, PIVOT, fact, asked))
            for i in count()
            for asked, fact in [ask(world, TRAINING, i)]
        ),
        judgements=lambda: ((str(i), str(i)) for i in count()),
    )
