"""Constructed languages: a deterministic small world, told in as many languages as wanted.

A world is a Zipf-distributed set of entities and relations. A fact is (subject, relation,
object); a clause states one fact, a passage holds several, a query names two parts of a fact
and asks for the third, and every passage that holds a matching fact is relevant. Each language
renders the same facts with its own words, word order, affixes, particles and share of cognates.

Translations are as free as people's: `constructed_words.py` says how the words of two languages
differ, and the first numbers below how the sides of a pair do. They were counted on real bitext
(docs/explanation/constructed.md). Passages and queries leave nothing out, so judgements follow from
the facts.

Everything follows from the world's seed and an index: item `i` of a stream needs nothing of the
items before it, so a million passages need no more memory than a thousand. The world lies in one
small file, `world.json`; the functions below have the signature of every corpus module.

What such data can show: that the chain works, and how it behaves when only the amount of text
per language differs. What it cannot: anything about a natural language.
"""

import json
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np

from optical.corpora.constructed_languages import PIVOT
from optical.corpora.constructed_words import (
    ADVERBS,
    TENSES,
    Clause,
    Fact,
    generator,
    language_key,
    say,
)
from optical.corpora.records import Judgement, Pair, Passage, Query, TrainingSet
from optical.runtime.errors import InputError
from optical.settings.constructed import Constructed as World

ADVERB = 0.5
"""Share of the clauses that have an adverb."""

ADVERB_LOST, ADVERB_ADDED = 0.3, 0.2
"""How often one side of a pair lacks the adverb, or has one of its own where there is none."""

UNSAID = 0.05
"""How often one side of a pair leaves out a part of a fact."""

FREE = 0.15
"""Share of the pairs of which one side tells another fact beside or in place of the last one."""

# Streams of items that must not share facts have different numbers.
COLLECTION, TRAINING, BITEXT, TEXT, QUERY, WORDS = range(6)


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


# --- clauses -------------------------------------------------------------------------------------


def clause(rng: np.random.Generator, fact: Fact, asked: int | None = None) -> Clause:
    """A clause that states a fact, or asks for a part of it."""
    adverb = int(rng.integers(ADVERBS)) if rng.random() < ADVERB else None
    return Clause(fact, asked, tense=int(rng.integers(TENSES)), adverb=adverb)


def tell(world: World, name: str, clauses: list[Clause], rng: np.random.Generator) -> str:
    """Clauses as sentences of a language."""
    return " ".join(say(world, name, told, rng) for told in clauses)


def loosened(rng: np.random.Generator, told: Clause) -> Clause:
    """A clause as one side of a pair has it: with an adverb less or more, or a part left out."""
    adverb, unsaid = told.adverb, None
    if adverb is None and rng.random() < ADVERB_ADDED:
        adverb = int(rng.integers(ADVERBS))
    elif rng.random() < ADVERB_LOST:
        adverb = None
    if rng.random() < UNSAID:
        unsaid = int(rng.choice([part for part in range(3) if part != told.asked]))
    return told._replace(adverb=adverb, unsaid=unsaid)


def sides(world: World, rng: np.random.Generator) -> tuple[list[Clause], list[Clause]]:
    """What the two sides of a pair say: one or two facts, or in one pair of four a question."""
    facts = draw_facts(world, rng, 1 + int(rng.integers(2)))
    if rng.random() < 0.25:
        told = [clause(rng, facts[0], asked=int(rng.choice((0, 2))))]
    else:
        told = [clause(rng, fact) for fact in facts]
    own, other = ([loosened(rng, one) for one in told] for _ in range(2))
    if rng.random() < FREE:
        freer = own if rng.random() < 0.5 else other
        if rng.random() < 0.5:
            freer.pop()
        freer += [clause(rng, fact, told[-1].asked) for fact in draw_facts(world, rng, 1)]
    return own, other


# --- corpora -------------------------------------------------------------------------------------


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """Sentence pairs of a language and the pivot, without end."""
    return parallel(read_world(folder), language, BITEXT)


def text(folder: Path, language: str) -> Iterator[Pair]:
    """Text to pre-train an encoder on, without end; the pivot's own has an empty translation."""
    return parallel(read_world(folder), language, TEXT)


def parallel(world: World, language: str, stream: int) -> Iterator[Pair]:
    """Endless texts of one or two sentences in `language`, with their pivot translation."""
    for i in count():
        rng = generator(world, stream, language_key(language), i)
        own, other = sides(world, rng)
        source, target = (
            tell(world, name, told, rng) for name, told in ((language, own), (PIVOT, other))
        )
        yield Pair(f"{language}-{i}", source, "" if language == PIVOT else target)


def passage(world: World, stream: int, index: int) -> str:
    """Passage `index` of a stream, in the pivot language."""
    rng = generator(world, WORDS, stream, index)
    told = [clause(rng, fact) for fact in passage_facts(world, stream, index)]
    return tell(world, PIVOT, told, rng)


def question(world: World, name: str, stream: int, index: int) -> str:
    """The query for passage `index` of a stream: the same question in any language."""
    asked, fact = ask(world, stream, index)
    asking = clause(generator(world, WORDS, QUERY, stream, index), fact, asked)
    rng = generator(world, WORDS, QUERY, stream, index, language_key(name))
    return say(world, name, asking, rng)


def passages(folder: Path) -> Iterator[Passage]:
    """The passages of the test collection, in the pivot language."""
    world = read_world(folder)
    for i in range(world.passages):
        yield Passage(f"p{i}", f"p{i}", passage(world, COLLECTION, i))


def asked_passages(world: World) -> list[int]:
    """Indices of the passages that the queries are drawn from, evenly spread."""
    return [i * world.passages // world.queries for i in range(world.queries)]


def queries(folder: Path, language: str) -> Iterator[Query]:
    """The same questions in any language."""
    world = read_world(folder)
    for number, index in enumerate(asked_passages(world)):
        yield Query(f"q{number}", question(world, language, COLLECTION, index))


def judgements(folder: Path) -> Iterator[Judgement]:
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
                yield Judgement(query, f"p{i}")


def training_set(folder: Path) -> TrainingSet:
    """Queries of the pivot language, each with the passage it was drawn from, without end."""
    world = read_world(folder)
    return TrainingSet(
        passages=lambda: (Passage(str(i), str(i), passage(world, TRAINING, i)) for i in count()),
        queries=lambda: (Query(str(i), question(world, PIVOT, TRAINING, i)) for i in count()),
        judgements=lambda: ((str(i), str(i)) for i in count()),
    )
