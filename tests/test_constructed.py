import json
import tracemalloc
from collections import Counter
from dataclasses import asdict
from itertools import islice

import pytest

from optical.corpora import constructed
from optical.corpora.constructed import LANGUAGES, PIVOT, World
from optical.runtime.errors import InputError

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


def test_every_language_has_its_own_words_and_order():
    fact = constructed.Fact(1, 2, 3)
    clauses = {name: constructed.clause(WORLD, name, fact) for name in LANGUAGES}
    assert len(set(clauses.values())) == len(LANGUAGES)
    for name, text in clauses.items():
        words, order = constructed.lexicon(WORLD, name), LANGUAGES[name].order
        forms = {"s": words.entities[1], "v": words.relations[2], "o": words.entities[3]}
        assert [text.index(forms[part]) for part in order] == sorted(
            text.index(form) for form in forms.values()
        )


def test_no_two_concepts_of_a_language_share_a_form():
    for name in LANGUAGES:
        words = constructed.lexicon(WORLD, name)
        forms = [*words.entities, *words.relations]
        assert len(set(forms)) == len(forms)


def test_cognates_come_in_the_share_that_was_asked_for():
    world = World(**(asdict(WORLD) | {"entities": 2000}))
    pivot = constructed.lexicon(world, PIVOT).entities
    for name in ("bero", "ekti"):
        changed = [constructed.sound_change(form, LANGUAGES[name]) for form in pivot]
        words = constructed.lexicon(world, name).entities
        share = sum(a == b for a, b in zip(changed, words, strict=True)) / len(pivot)
        assert share == pytest.approx(LANGUAGES[name].cognates, abs=0.06)


def test_relevance_follows_from_the_facts(folder):
    judged = set(constructed.judgements(folder))
    for number, index in enumerate(constructed.asked_passages(WORLD)):
        asked, fact = constructed.ask(WORLD, constructed.COLLECTION, index)
        key = constructed.query_key(asked, fact)
        for i in range(WORLD.passages):
            facts = constructed.passage_facts(WORLD, constructed.COLLECTION, i)
            relevant = any(constructed.query_key(asked, other) == key for other in facts)
            assert ((f"q{number}", f"p{i}") in judged) == relevant


def test_a_query_names_two_parts_of_the_fact_and_hides_the_third(folder):
    words = constructed.lexicon(WORLD, PIVOT)
    for query, index in zip(
        constructed.queries(folder, PIVOT), constructed.asked_passages(WORLD), strict=True
    ):
        asked, fact = constructed.ask(WORLD, constructed.COLLECTION, index)
        shown = [words.entities[fact.subject], words.relations[fact.relation]]
        hidden = words.entities[fact.object]
        if asked == 0:
            shown[0], hidden = hidden, shown[0]
        text = query.text.split()
        assert set(shown) <= set(text)
        assert hidden == shown[0] or hidden not in text


def test_queries_have_the_same_ids_in_every_language(folder):
    ids = [query.id for query in constructed.queries(folder, PIVOT)]
    assert len(ids) == len(set(ids)) == 12
    for name in LANGUAGES:
        assert [query.id for query in constructed.queries(folder, name)] == ids


def test_frequencies_follow_zipf():
    facts = [f for i in range(3000) for f in constructed.passage_facts(WORLD, 0, i)]
    counts = Counter(fact.subject for fact in facts)
    weights = [1 / rank for rank in range(1, 41)]
    assert counts[0] / len(facts) == pytest.approx(1 / sum(weights), rel=0.1)
    assert counts[9] / counts[0] == pytest.approx(1 / 10, rel=0.3)


def test_a_pair_tells_the_same_facts_in_both_languages(folder):
    own, pivot = (constructed.lexicon(WORLD, name) for name in ("cilu", PIVOT))
    places = dict(zip(own.relations, range(8), strict=True))
    for pair in islice(constructed.bitext(folder, "cilu"), 100):
        told = [places[word] for word in pair.source.replace(".", "").split() if word in places]
        words = pair.target.replace(".", "").split()
        assert [pivot.relations.index(word) for word in words if word in pivot.relations] == told


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
