import json
import tracemalloc
from collections import Counter
from dataclasses import asdict
from itertools import islice

import numpy as np
import pytest

from optical.corpora import constructed, constructed_words
from optical.corpora.constructed_languages import LANGUAGES, PIVOT
from optical.corpora.constructed_words import Clause, Fact, lexicon, say
from optical.runtime.errors import InputError
from optical.settings.constructed import Constructed as World

WORLD = World(
    seed=1,
    entities=40,
    relations=8,
    zipf=1.0,
    facts_per_passage=2,
    passages=60,
    queries=12,
)


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path)


def write(folder, **changed):
    folder.mkdir(exist_ok=True)
    (folder / "world.json").write_text(json.dumps(asdict(WORLD) | changed))
    return folder


def said(name, clause, world=WORLD):
    """A clause in a language; which synonym it takes is always the same."""
    return say(world, name, clause, np.random.default_rng(0))


def names(text, expressions):
    """Which of the expressions, each a list of synonyms, a text has."""
    return {
        number
        for number, forms in enumerate(expressions)
        if any(f" {form} " in f" {text.strip('.?')} " for form in forms)
    }


def marked(name, forms):
    """The forms of an entity as a language may have them in a clause."""
    words, affix = lexicon(WORLD, name), LANGUAGES[name].affix
    marks = [words.subject_mark, words.object_mark] if affix != "none" else [""]
    return [mark + form if affix == "prefix" else form + mark for form in forms for mark in marks]


def concepts(name, text):
    """(entities, relations) that a text of a language names."""
    words = lexicon(WORLD, name)
    text = text.replace(".", "").replace("?", "")
    return names(text, [marked(name, forms) for forms in words.entities]), names(
        text, words.relations
    )


def test_the_same_seed_gives_the_same_text_and_another_seed_another(folder, tmp_path):
    again, other = write(tmp_path / "again"), write(tmp_path / "other", seed=2)
    first, second, third = (
        [pair.source for pair in islice(constructed.bitext(place, "bero"), 50)]
        for place in (folder, again, other)
    )
    assert first == second
    assert first != third


def test_a_passage_needs_nothing_of_the_passages_before_it(folder, tmp_path):
    larger = write(tmp_path / "larger", passages=500, queries=12)
    small, large = (list(constructed.passages(place)) for place in (folder, larger))
    assert large[:60] == small


# --- words ---------------------------------------------------------------------------------------


def test_every_language_has_its_own_words_and_order():
    clauses = {name: said(name, Clause(Fact(1, 2, 3))) for name in LANGUAGES}
    assert len(set(clauses.values())) == len(LANGUAGES)
    for name, text in clauses.items():
        words = lexicon(WORLD, name)
        forms = {"s": words.entities[1], "v": words.relations[2], "o": words.entities[3]}
        places = [max(map(text.find, forms[part])) for part in LANGUAGES[name].order]
        assert places == sorted(places)
        assert -1 not in places


@pytest.mark.parametrize("name", LANGUAGES)
def test_no_two_words_of_a_language_share_a_form(name):
    words = lexicon(WORLD, name)
    expressions = [form for forms in [*words.entities, *words.relations] for form in forms]
    forms = [word for form in expressions for word in form.split()] + words.adverbs
    forms += [words.subject_mark, words.object_mark, words.topic, words.final]
    forms += [*words.articles, *words.tenses, *words.question.values()]
    assert len(set(forms)) == len(forms)


def test_expressions_have_the_lengths_and_synonyms_that_were_counted():
    words = lexicon(World(**(asdict(WORLD) | {"entities": 3000})), "bero")
    lengths = Counter(len(form.split()) for forms in words.entities for form in forms)
    for number, share in enumerate(constructed_words.EXPRESSION_WORDS, 1):
        assert lengths[number] / lengths.total() == pytest.approx(share, abs=0.03)
    synonyms = sum(len(forms) == 2 for forms in words.entities) / 3000
    assert synonyms == pytest.approx(constructed_words.SYNONYMS, abs=0.04)


def test_a_synonym_is_said_as_often_as_was_counted():
    words, rng = lexicon(WORLD, PIVOT), np.random.default_rng(1)
    relation = next(number for number, forms in enumerate(words.relations) if len(forms) == 2)
    texts = [say(WORLD, PIVOT, Clause(Fact(0, relation, 1)), rng) for _ in range(2000)]
    share = sum(words.relations[relation][1] in text for text in texts) / len(texts)
    assert share == pytest.approx(constructed_words.SYNONYM_USE, abs=0.04)


def test_a_language_has_its_own_particles_and_no_others():
    clause = Clause(Fact(1, 2, 3), tense=1)
    for name, language in LANGUAGES.items():
        words, text = lexicon(WORLD, name), said(name, clause).strip(".").split()
        number = {
            "article": text.count(words.articles[1]),
            "tense": text.count(words.tenses[1]),
            "topic": text.count(words.topic),
            "final": text.count(words.final),
        }
        assert number == {
            kind: (kind in language.particles) * (2 if kind == "article" else 1) for kind in number
        }


def test_cognates_come_in_the_share_that_was_asked_for():
    world = World(**(asdict(WORLD) | {"entities": 2000}))
    pivot = [forms[0].split()[0] for forms in lexicon(world, PIVOT).entities]
    for name in ("bero", "ekti"):
        changed = [constructed_words.sound_change(form, LANGUAGES[name]) for form in pivot]
        words = [forms[0].split()[0] for forms in lexicon(world, name).entities]
        share = sum(a == b for a, b in zip(changed, words, strict=True)) / len(pivot)
        assert share == pytest.approx(LANGUAGES[name].cognates, abs=0.06)


# --- the collection ------------------------------------------------------------------------------


def test_relevance_follows_from_the_facts(folder):
    judged = {judgement[:2] for judgement in constructed.judgements(folder)}
    for number, index in enumerate(constructed.asked_passages(WORLD)):
        asked, fact = constructed.ask(WORLD, constructed.COLLECTION, index)
        key = constructed.query_key(asked, fact)
        for i in range(WORLD.passages):
            facts = constructed.passage_facts(WORLD, constructed.COLLECTION, i)
            relevant = any(constructed.query_key(asked, other) == key for other in facts)
            assert ((f"q{number}", f"p{i}") in judged) == relevant


def test_a_passage_says_its_facts_in_full_and_no_others(folder):
    for i, passage in enumerate(constructed.passages(folder)):
        facts = constructed.passage_facts(WORLD, constructed.COLLECTION, i)
        assert concepts(PIVOT, passage.text) == (
            {entity for fact in facts for entity in (fact.subject, fact.object)},
            {fact.relation for fact in facts},
        )


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_query_names_two_parts_of_the_fact_and_hides_the_third(folder, name):
    words = lexicon(WORLD, name)
    for query, index in zip(
        constructed.queries(folder, name), constructed.asked_passages(WORLD), strict=True
    ):
        asked, fact = constructed.ask(WORLD, constructed.COLLECTION, index)
        shown = fact.object if asked == 0 else fact.subject
        assert concepts(name, query.text) == ({shown}, {fact.relation})
        assert words.question[asked] in query.text.strip("?").split()
        assert words.question[2 - asked] not in query.text.strip("?").split()


def test_queries_have_the_same_ids_in_every_language(folder):
    ids = [query.id for query in constructed.queries(folder, PIVOT)]
    assert len(ids) == len(set(ids)) == 12
    for name in LANGUAGES:
        assert [query.id for query in constructed.queries(folder, name)] == ids


def test_the_same_query_has_the_same_adverb_in_every_language(folder):
    adverbs = {
        name: [
            names(query.text, [[word] for word in lexicon(WORLD, name).adverbs])
            for query in constructed.queries(folder, name)
        ]
        for name in LANGUAGES
    }
    assert any(adverbs[PIVOT])
    assert all(found == adverbs[PIVOT] for found in adverbs.values())


def test_frequencies_follow_zipf():
    facts = [f for i in range(3000) for f in constructed.passage_facts(WORLD, 0, i)]
    counts = Counter(fact.subject for fact in facts)
    weights = [1 / rank for rank in range(1, 41)]
    assert counts[0] / len(facts) == pytest.approx(1 / sum(weights), rel=0.1)
    assert counts[9] / counts[0] == pytest.approx(1 / 10, rel=0.3)


# --- bitext --------------------------------------------------------------------------------------


def pairs_of_clauses(number=4000):
    return [constructed.sides(WORLD, np.random.default_rng(i)) for i in range(number)]


def test_the_sides_of_a_pair_agree_but_for_the_share_that_is_free():
    pairs = pairs_of_clauses()
    same = [
        [clause.fact for clause in own] == [clause.fact for clause in other] for own, other in pairs
    ]
    assert 1 - sum(same) / len(same) == pytest.approx(constructed.FREE, abs=0.02)
    assert all(
        {c.fact for c in own} & {c.fact for c in other} or len(own) == 1 or len(other) == 1
        for own, other in pairs
    )


def test_the_sides_of_a_pair_lose_and_gain_what_was_counted():
    clauses = [clause for pair in pairs_of_clauses() for side in pair for clause in side]
    unsaid = sum(clause.unsaid is not None for clause in clauses) / len(clauses)
    assert unsaid == pytest.approx(constructed.UNSAID, abs=0.01)
    together = [
        (own[0].adverb is not None, other[0].adverb is not None)
        for own, other in pairs_of_clauses()
        if own[0].fact == other[0].fact
    ]
    kept, gained = 1 - constructed.ADVERB_LOST, constructed.ADVERB_ADDED
    both = constructed.ADVERB * kept**2 + (1 - constructed.ADVERB) * gained**2
    assert together.count((True, True)) / len(together) == pytest.approx(both, abs=0.03)


def test_a_pair_says_in_each_language_what_its_clauses_say(folder):
    for i, pair in enumerate(islice(constructed.bitext(folder, "cilu"), 100)):
        key = constructed_words.language_key("cilu")
        rng = constructed_words.generator(WORLD, constructed.BITEXT, key, i)
        for name, text, clauses in zip(
            ("cilu", PIVOT), (pair.source, pair.target), constructed.sides(WORLD, rng), strict=True
        ):
            assert concepts(name, text)[1] == {
                clause.fact.relation for clause in clauses if clause.unsaid != 1
            }


def test_a_question_is_asked_on_both_sides_or_on_none(folder):
    for pair in islice(constructed.bitext(folder, "fusa"), 200):
        assert ("?" in pair.source) == ("?" in pair.target)
        assert not ("?" in pair.source and "." in pair.source)


def test_the_pivots_own_text_has_no_translation(folder):
    assert not any(pair.target for pair in islice(constructed.text(folder, PIVOT), 20))


def test_a_longer_collection_needs_no_more_memory(tmp_path):
    def peak(passages):
        place = write(tmp_path / str(passages), passages=passages)
        tracemalloc.start()
        for _ in constructed.passages(place):
            pass
        for _ in constructed.judgements(place):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # fills the caches
    assert peak(4000) < 1.5 * peak(1000)


def test_an_unknown_language_is_an_error_with_the_known_ones(folder):
    with pytest.raises(InputError, match="'klingon' is unknown; expected one of alba, bero"):
        next(constructed.bitext(folder, "klingon"))
