"""Files whose columns are swapped, or that are in another language, are refused and not cleaned."""

import pandas as pd
import pytest

from optical.corpora.cleaning import Cleaner, write_bitext
from optical.corpora.records import Pair
from optical.corpora.sides import are_close, fault_of_sides, files_of
from optical.runtime.errors import InputError

TEXTS = {
    "en": "A heron stands in the reeds and waits.|The bread is baked before dawn in our village.|"
    "My brother plays with the little cat today.|They wait for the last train to the old town.",
    "fr": "Un héron se tient dans les roseaux et attend.|Le pain est cuit avant l'aube chez nous.|"
    "Mon frère joue avec le petit chat aujourd'hui.|Ils attendent le dernier train pour la ville.",
    "sw": "Korongo anasimama kwenye matete akisubiri.|Mkate huokwa kabla ya mapambazuko kijijini.|"
    "Kaka yangu anacheza na paka mdogo leo mchana.|Wanasubiri treni ya mwisho kwenda mjini leo.",
    "de": "Ein Reiher steht im Schilf und wartet dort.|Das Brot wird vor dem Morgen gebacken.|"
    "Mein Bruder spielt heute mit der kleinen Katze.|Sie warten auf den letzten Zug in die Stadt.",
    "zh": "一只苍鹭站在芦苇丛中等待。|我们村里的面包在黎明前烤好。|"
    "我的弟弟今天和小猫一起玩。|他们在等最后一班火车。",
    "hi": "एक बगुला सरकंडों में खड़ा है।|हमारे गाँव में रोटी सुबह पकती है।|"
    "मेरा भाई आज बिल्ली से खेलता है।|वे आखिरी ट्रेन का इंतज़ार करते हैं।",
    "fa": "یک حواصیل در نیزار ایستاده است.|نان پیش از سپیده پخته می‌شود.|"
    "برادرم امروز با گربه بازی می‌کند.|آنها منتظر آخرین قطار هستند.",
    "hr": "Čaplja stoji u trsci i čeka da ribe dođu.|Kruh se peče prije zore u našem selu danas.|"
    "Moj brat se danas igra s malom mačkom u kući.|Oni čekaju posljednji vlak za stari grad.",
}


LONG = "This sentence was left in English by the one who translated all of the others."


def pairs(source, target, times=3):
    sides = zip(TEXTS[source].split("|"), TEXTS[target].split("|"), strict=True)
    return [Pair(f"{i}", *texts) for i, texts in enumerate(list(sides) * times)]


@pytest.mark.parametrize(
    "language", ["fr", "sw", "de", "zh", "zh-Hans", "zh_cn", "hi", "fa-IR", "hr"]
)
def test_a_good_file_has_no_fault(language):
    assert fault_of_sides(pairs(language[:2], "en"), language, "en") == ""


@pytest.mark.parametrize("language", ["fr", "zh", "zh-Hans", "hi", "fa-IR", "sw"])
def test_swapped_columns_are_told_with_what_was_seen(language):
    fault = fault_of_sides(pairs("en", language[:2]), language, "en")
    start = f"the sides look swapped: of the first 12 pairs, most have en where {language} is "
    assert fault.startswith(start)
    # The model is not sure of these few sentences of Swahili.
    seen = "Latin letters of another language" if language == "sw" else language[:2]
    assert fault.endswith(f"expected, and {seen} where en is expected")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("de", "fr"),
        ("en", "sw"),
        ("fr", "sw"),
        ("hi", "zh"),
        ("en", "zh"),
        ("en", "fa"),
        ("zh", "hi"),
    ],
)
def test_a_file_of_another_language_is_told(seen, expected):
    fault = fault_of_sides(pairs(seen, "en"), expected, "en")
    assert fault == f"of the first 12 pairs, most have {seen} where {expected} is expected"


def test_the_pivot_side_is_looked_at_too():
    fault = fault_of_sides(pairs("sw", "fr"), "sw", "en")
    assert fault == "of the first 12 pairs, most have fr where en is expected"


def test_some_lines_in_another_language_are_no_fault_of_the_file():
    assert fault_of_sides(pairs("sw", "en", 6) + pairs("en", "en", 4), "sw", "en") == ""
    assert fault_of_sides(pairs("zh", "en", 6) + pairs("en", "zh", 4), "zh", "en") == ""


def test_what_can_not_be_judged_is_no_fault():
    assert fault_of_sides([], "sw", "en") == ""
    assert fault_of_sides(pairs("de", "en"), "alba", "en") == ""
    assert fault_of_sides([Pair("1", "12", "12"), Pair("2", "", "?")], "sw", "en") == ""
    assert fault_of_sides(pairs("en", "sw")[:1], "sw", "en") == ""
    # Serbian in Latin letters is Croatian to the model.
    assert fault_of_sides(pairs("hr", "en"), "sr-Latn", "en") == ""
    assert are_close("sh", "sr-Latn")
    assert not are_close("en", "sr-Latn")


def test_words_that_mean_nothing_are_in_no_other_language():
    names = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(300)]
    rows = [Pair(name, f"mot {name}", f"the {name}") for name in names]
    assert fault_of_sides(rows, "fr", "en") == ""


@pytest.mark.parametrize("layout", ["tsv", "moses"])
def test_the_error_is_a_line_that_names_the_files(tmp_path, layout):
    rows = pairs("en", "sw")
    if layout == "tsv":
        names = "sw.tsv"
        lines = "".join(f"{row.source}\t{row.target}\n" for row in rows)
        (tmp_path / "sw.tsv").write_text(lines)
    else:
        names = "sw.source.txt and sw.target.txt"
        (tmp_path / "sw.source.txt").write_text("".join(f"{row.source}\n" for row in rows))
        (tmp_path / "sw.target.txt").write_text("".join(f"{row.target}\n" for row in rows))
    with pytest.raises(InputError) as told:
        write_bitext(
            *(tmp_path / "out.parquet", tmp_path / "out.csv"),
            *([(f"mine:{layout}", tmp_path)], "sw", "en"),
            removed_path=tmp_path / "removed.parquet",
        )
    assert str(told.value).startswith(f"{tmp_path}/{names}: the sides look swapped: ")
    assert "\n" not in str(told.value)
    assert not list(tmp_path.glob("*.parquet"))


def test_most_lines_in_another_language_after_a_good_beginning_are_told_in_the_end(monkeypatch):
    monkeypatch.setattr("optical.corpora.cleaning.SAMPLE", 12)
    later = [Pair(str(i), f"{LONG} {i}", f"{LONG} it was {i}") for i in range(20)]
    cleaner = Cleaner("sw", "en")
    with pytest.raises(InputError, match=r"^web: 20 of 32 pairs are in another script or language"):
        list(cleaner.clean("web", pairs("sw", "en") + later))


def test_a_folder_without_a_file_of_the_language_is_named_itself(tmp_path):
    assert files_of(tmp_path, "sw") == str(tmp_path)


@pytest.mark.parametrize(
    ("language", "rule"),
    [
        ("zh-Hans", "wrong_script"),
        ("fa-IR", "wrong_script"),
        ("hi_IN", "wrong_script"),
        ("sr-Cyrl", "wrong_script"),
        ("pt-BR", "wrong_language"),
        ("fr_CA", "wrong_language"),
    ],
)
def test_a_line_that_nobody_translated_is_removed_whatever_the_code_of_its_language(language, rule):
    line = Pair("1", f"{LONG} Nobody did.", LONG)
    assert Cleaner(language, "en").broken_rule(line, 1.0) == rule
    assert " where " in fault_of_sides([line] * 9, language, "en")


# --- what was removed ---------------------------------------------------------------------------


def bitext(folder, rows):
    (folder / "sw.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in rows))
    write_bitext(
        *(folder / "out.parquet", folder / "out.csv", [("mine:tsv", folder)], "sw", "en"),
        removed_path=folder / "removed.parquet",
    )
    return pd.read_parquet(folder / "removed.parquet")


def test_ten_examples_of_each_rule_and_source_are_kept_and_the_same_ones_again(tmp_path):
    good = [(row.source, row.target) for row in pairs("sw", "en", 1)]
    wrong = [(f"watu {100 + i}", f"people {500 + i}") for i in range(40)]
    names = [f"{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(200)]
    fine = [(f"Hapa ni {name}", f"Here is {name}") for name in names]
    rows = [*fine[:100], *good, *good, ("Paka", "paka"), *fine[100:]]
    for i, row in enumerate(wrong):
        rows.insert(4 * i, row)
    found = bitext(tmp_path, rows)
    assert list(found) == ["rule", "origin", "id", "source", "target"]
    assert found["rule"].value_counts().to_dict() == {"numbers": 10, "duplicate": 4, "copy": 1}
    numbers = found[found["rule"] == "numbers"]
    assert set(zip(numbers["source"], numbers["target"], strict=True)) <= set(wrong)
    lines = [int(name.rpartition("-")[2]) for name in numbers["id"]]
    assert lines == sorted(lines)
    # Not the first ten, and not others in another run.
    assert max(lines) > 40
    assert found.equals(bitext(tmp_path, rows))


def test_a_bitext_of_which_nothing_is_removed_has_no_examples(tmp_path):
    found = bitext(tmp_path, [(row.source, row.target) for row in pairs("sw", "en", 1)])
    assert list(found) == ["rule", "origin", "id", "source", "target"]
    assert found.empty
