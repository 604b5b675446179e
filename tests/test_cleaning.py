from itertools import count, islice

import pandas as pd
import pytest

from optical.corpora import Pair
from optical.corpora.cleaning import (
    Cleaner,
    digits,
    has_other_numbers,
    has_unusual_length_ratio,
    is_copy,
    is_empty,
    is_in_wrong_script,
    usual_length_ratio,
    write_bitext,
)


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


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("1.279 cas", "1,279 cases"),
        ("1 279 cas", "1279 cases"),
        ("3,75 %", "3.75%"),
        ("१२३४ मामले", "1,234 cases"),
        ("٢٠٢٠ سنة", "the year 2020"),
        ("1,18,381 मामले", "118,381 cases"),
        ("trois", "3"),
        ("le 14 mars 2020", "March 14, 2020"),
    ],
)
def test_numbers_agree_in_every_notation(source, target):
    assert not has_other_numbers(pair(source, target))


@pytest.mark.parametrize(
    ("source", "target"), [("14 mars", "15 March"), ("2020", "the year"), ("en 2019 et 19", "2019")]
)
def test_other_numbers_are_found(source, target):
    assert has_other_numbers(pair(source, target))


def test_digits_below_ten_do_not_count():
    assert digits("7 of 16, not 9") == [1, 6]


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
    with pytest.raises(ValueError, match="no pair of fr is left"):
        write_bitext(tmp_path / "b.parquet", tmp_path / "c.csv", sources, "fr", "en")
