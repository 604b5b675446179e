import random
from itertools import count, islice

import pandas as pd
import pytest

from optical.corpora.cleaning import (
    Cleaner,
    has_unusual_length_ratio,
    is_copy,
    is_empty,
    usual_length_ratio,
    with_mean_misfit,
    write_bitext,
)
from optical.corpora.languages import is_in_wrong_script
from optical.corpora.leakage import Guard, write_ngrams
from optical.corpora.records import Pair
from optical.corpora.splits import is_held_out
from optical.runtime.errors import InputError


def pair(source, target, note=""):
    return Pair("id", source, target, note)


def cleaned(*pairs, language="fr"):
    cleaner = Cleaner(language, "en")
    kept = list(cleaner.clean("origin", pairs))
    return kept, {rule: number for _, rule, number in cleaner.table()}


@pytest.mark.parametrize("sides", [("", "text"), ("texte", ""), (" ...", "text"), ("—", "?")])
def test_a_side_without_letters_and_digits_is_empty(sides):
    assert is_empty(pair(*sides))


def test_a_number_alone_is_not_empty():
    assert not is_empty(pair("42.", "42!"))


def test_an_untranslated_sentence_is_a_copy_whatever_its_case():
    assert is_copy(pair("Hello World", "hello world"))
    assert not is_copy(pair("Hello", "Bonjour"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Надежда", "bg"),
        ("η ελπίδα", "el"),
        ("امید", "ur"),
        ("उम्मीद है", "hi"),
        ("ความหวัง", "th"),
        ("မျှော်လင့်ချက်", "my"),
        ("希望", "zh"),
        ("espérance", "fr"),
    ],
)
def test_every_language_has_its_script(text, language):
    assert not is_in_wrong_script(text, language)
    other = "el" if language != "el" else "fr"
    assert is_in_wrong_script(text, other)


def test_latin_names_are_allowed_in_any_script():
    assert not is_in_wrong_script("COVID-19 大流行影响了全世界", "zh")
    assert is_in_wrong_script("COVID-19 World Health Organization 希望", "zh")


def test_the_script_of_an_unknown_language_is_any():
    assert not is_in_wrong_script("Надежда", "constructed")


def test_text_without_letters_is_in_no_wrong_script():
    assert not is_in_wrong_script("10:30", "ru")


def test_usual_lengths_are_learnt_from_the_language():
    pairs = [pair("很" * 10, "x" * 30)] * 9 + [pair("很" * 90, "x" * 30)]
    ratio = usual_length_ratio(pairs)
    assert ratio == pytest.approx(1 / 3)
    assert not has_unusual_length_ratio(pairs[0], ratio)
    assert has_unusual_length_ratio(pairs[-1], ratio)


@pytest.mark.parametrize("lengths", [(300, 60), (60, 300)])
def test_a_length_may_be_too_long_and_too_short(lengths):
    assert has_unusual_length_ratio(pair("a" * lengths[0], "b" * lengths[1]), 1.0)


def test_short_sentences_may_differ_more():
    assert not has_unusual_length_ratio(pair("a" * 12, "b" * 4), 1.0)
    assert has_unusual_length_ratio(pair("a" * 120, "b" * 40), 1.0)


def test_duplicates_are_found_over_origins():
    cleaner = Cleaner("fr", "en")
    assert list(cleaner.clean("one", [pair("Bonjour", "Hello")]))
    assert not list(cleaner.clean("two", [pair("bonjour ", "hello")]))
    assert ("two", "duplicate", 1) in cleaner.table()


def test_one_source_may_have_two_translations():
    kept, counts = cleaned(pair("Bonjour", "Hello"), pair("Bonjour", "Good day"))
    assert len(kept) == 2
    assert counts["duplicate"] == 0


def test_what_is_read_is_kept_or_counted_as_removed():
    kept, counts = cleaned(
        pair("Un bon exemple", "A good example"),
        pair("Un  bon\texemple", "A good example"),
        pair("", "Nothing"),
        pair("Same", "same"),
        pair("Надежда", "Hope"),
        pair("En 1999", "In 2020"),
        pair("Le mauvais", "Something else", "known_misaligned"),
        pair("Le bon", "The good one", "repaired:moved"),
    )
    assert [one.source for one in kept] == ["Un bon exemple", "Le bon"]
    assert counts == {
        "read": 8,
        "known_misaligned": 1,
        "repaired:moved": 1,
        "empty": 1,
        "copy": 1,
        "wrong_script": 1,
        "length_ratio": 0,
        "numbers": 1,
        "shifted": 0,
        "wrong_language": 0,
        "leak": 0,
        "duplicate": 1,
        "kept": 2,
    }


def test_white_space_is_normalised():
    kept, _ = cleaned(pair(" un\u00a0deux\n trois ", "one\u2028two three"))
    assert (kept[0].source, kept[0].target) == ("un deux trois", "one two three")


def test_an_endless_source_is_read_only_as_far_as_needed():
    cleaner = Cleaner("fr", "en")
    endless = (
        pair(f"phrase {'a' * (i % 7)} {i}", f"sentence {'b' * (i % 7)} {i}") for i in count()
    )
    assert len(list(islice(cleaner.clean("endless", endless), 5000))) == 5000
    assert ("endless", "read", 5000) in cleaner.table()


@pytest.fixture
def tatoeba(tmp_path):
    (tmp_path / "fr.source.txt").write_text("Bonjour.\nUn chat.\nUn chien.\n")
    (tmp_path / "fr.target.txt").write_text("Hello.\nA cat.\nA dog.\n")
    return ("tatoeba", tmp_path)


def test_bitext_and_its_counts_are_written(tatoeba, tmp_path):
    output, counts = tmp_path / "fr.parquet", tmp_path / "fr.csv"
    assert write_bitext(output, counts, [tatoeba], "fr", "en") == 3
    table = pd.read_parquet(output)
    assert list(table) == ["id", "source", "target", "origin"]
    assert table.iloc[1].to_list() == ["tatoeba-fr-2", "Un chat.", "A cat.", "tatoeba"]
    removed = pd.read_csv(counts)
    assert list(removed) == ["origin", "rule", "pairs"]
    assert removed.pairs[removed.rule == "read"].item() == 3


def test_bitext_is_bounded(tatoeba, tmp_path):
    assert write_bitext(tmp_path / "b.parquet", tmp_path / "c.csv", [tatoeba], "fr", "en", 2) == 2
    assert len(pd.read_parquet(tmp_path / "b.parquet")) == 2


def test_no_pair_left_is_an_error(tmp_path):
    (tmp_path / "fr.source.txt").write_text("Same.\n")
    (tmp_path / "fr.target.txt").write_text("Same.\n")
    sources = [("tatoeba", tmp_path)]
    with pytest.raises(InputError, match="no pair of fr is left"):
        write_bitext(tmp_path / "b.parquet", tmp_path / "c.csv", sources, "fr", "en")


# --- pairs among their neighbours, in another language, or of a test -----------------------------


def sentences(number, shift=0):
    """Pairs of sentences of many lengths; from 40 to 60 the translations are those of others."""
    chance = random.Random(1)
    lengths = [chance.randint(20, 400) for _ in range(number + 1)]
    moved = [i + shift * (40 <= i < 60) for i in range(number)]
    names = ["".join(chr(97 + int(digit)) for digit in f"{i:03}") for i in range(number)]
    return [
        Pair(str(i), names[i] + "x" * lengths[other], names[i] + "y" * lengths[i])
        for i, other in enumerate(moved)
    ]


def test_a_shifted_passage_is_removed_whole_and_nothing_else():
    cleaner = Cleaner("xx", "yy")
    kept = {int(pair.id) for pair in cleaner.clean("origin", sentences(100, shift=1))}
    assert not kept & set(range(42, 58))
    assert kept >= {*range(37), *range(63, 100)}
    assert cleaner.counts["origin"]["shifted"] > 0
    assert len(list(Cleaner("xx", "yy").clean("origin", sentences(100)))) == 100


def test_single_bad_pairs_do_not_condemn_their_neighbours():
    pairs = sentences(100)
    pairs[30] = pairs[30]._replace(source="x" * 900)
    pairs[33] = pairs[33]._replace(source="1999")
    assert len(list(Cleaner("xx", "yy").clean("origin", pairs))) == 98


def test_known_bad_pairs_do_not_condemn_their_neighbours():
    pairs = sentences(100, shift=1)
    pairs[40:60] = [one._replace(note="known_misaligned") for one in pairs[40:60]]
    cleaner = Cleaner("xx", "yy")
    assert len(list(cleaner.clean("origin", pairs))) == 80
    assert cleaner.counts["origin"]["known_misaligned"] == 20


@pytest.mark.parametrize("number", [1, 4, 5, 6, 11, 12])
def test_every_pair_has_its_mean_misfit_in_order(number):
    pairs = sentences(number)
    found = list(with_mean_misfit(iter(pairs), 1.0, ("xx", "yy")))
    assert [one for one, _ in found] == pairs
    assert all(value == 0 for _, value in found)


def test_sentences_in_another_language_are_removed():
    english = "This sentence was left in English by the one who translated all of the others."
    french = "Cette phrase a été laissée en français par celui qui a traduit toutes les autres."
    other = "This phrase was written by somebody who speaks the language that it is written in."
    kept, counts = cleaned(pair(french, english), pair(other, english))
    assert [one.source for one in kept] == [french]
    assert counts["wrong_language"] == 1


def test_what_a_test_has_is_removed_on_either_side(tmp_path):
    write_ngrams(tmp_path / "fr", ["Le chat dort."], "fr")
    write_ngrams(tmp_path / "en", ["We wait for the last train to the old town tonight."], "en")
    guard = Guard({"fr": [tmp_path / "fr"], "en": [tmp_path / "en"]})
    pairs = [
        pair("Le chat dort !", "A cat is asleep."),
        pair("Le chien dort.", "The dog sleeps."),
        pair("Nous attendons le train", "He says: we wait for the last train to the sea"),
    ]
    cleaner = Cleaner("fr", "en", guard)
    assert [one.source for one in cleaner.clean("origin", pairs)] == ["Le chien dort."]
    assert cleaner.counts["origin"]["leak"] == 2


# --- what is held out ----------------------------------------------------------------------------


def test_more_data_moves_no_text_to_the_other_side():
    texts = [f"sentence number {i}" for i in range(5000)]
    sides = {text: is_held_out(text, "en", 0.1) for text in texts}
    assert 400 < sum(sides.values()) < 600
    # A larger share only adds texts, and the order, case and punctuation do not matter.
    for text in reversed(texts):
        assert is_held_out(f"{text.upper()}!", "en", 0.1) == sides[text]
        assert is_held_out(text, "en", 0.2) >= sides[text]
        assert not is_held_out(text, "en", 0.0)


def test_held_out_pairs_are_in_a_file_of_their_own(tmp_path, monkeypatch):
    words = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(600)]
    (tmp_path / "fr.source.txt").write_text("".join(f"mot {word}\n" for word in words))
    (tmp_path / "fr.target.txt").write_text("".join(f"the {word}\n" for word in words))
    paths = tmp_path / "b.parquet", tmp_path / "c.csv"
    sources = [("tatoeba", tmp_path)]
    options = {"held_out": 0.2, "held_out_path": tmp_path / "h.parquet"}
    number = write_bitext(*paths, sources, "fr", "en", **options)
    used, aside = pd.read_parquet(paths[0]), pd.read_parquet(tmp_path / "h.parquet")
    assert list(used) == list(aside)
    assert len(used) == number
    assert len(used) + len(aside) == 600
    assert not set(used.target) & set(aside.target)
    assert 80 < len(aside) < 160
    # A limit is one of the pairs that are used; the file is bounded too.
    monkeypatch.setattr("optical.corpora.cleaning.MOST_HELD_OUT", 5)
    assert write_bitext(*paths, sources, "fr", "en", 100, **options) == 100
    assert pd.read_parquet(tmp_path / "h.parquet").target.to_list() == aside.target.to_list()[:5]
    assert pd.read_parquet(paths[0]).target.to_list() == used.target.to_list()[:100]
