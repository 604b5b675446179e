"""Codes with scripts and regions: in a study, in names of files, in units and in archives."""

import zipfile

import pytest
import yaml

import prepare_queries
from optical.corpora import own_bitext, own_collection
from optical.corpora.cleaning import Cleaner, write_bitext
from optical.corpora.leakage import Guard, write_ngrams
from optical.corpora.records import Pair
from optical.runtime.errors import InputError
from optical.settings.clef import Clef
from optical.study import files
from optical.study.loading import load_study, read_datasets
from optical.study.read_text import amounts_read

STUDY = """
study: variants
pivot: en
languages: {high: [zh-Hans, es-419], low: [ur-PK, swh]}
encoders:
  base: {hub: FacebookAI/xlm-roberta-base, revision: e73636d4f797dec63c3081bb6ed5c7b0bb3f2089}
bitext: {sources: [tico19, tatoeba]}
training_set: {source: mmarco}
collections: [xnli-premise, xquad]
methods: [zero_shot, optical, translate_query, translate_train]
translation: {hub: facebook/nllb-200-distilled-600M}
local: data
"""


def study_of(edits=None, **others):
    return load_study(yaml.safe_load(STUDY) | (edits or {}) | others, read_datasets())


def test_a_study_finds_its_data_under_the_bases_of_its_codes():
    study = study_of()
    assert study.languages == ["zh-Hans", "es-419", "ur-PK", "swh"]
    assert [study.code_in("tico19", language) for language in study.languages] == [
        *("zh", "es", "ur", "sw")
    ]
    assert files.source_files(study, "tico19", "zh-Hans") == ["downloads/tico19/zh.tmx.zip"]
    assert files.bitext_sources(study, "ur-PK") == ["tico19", "tatoeba"]
    assert study.tested_languages("xquad") == ["zh-Hans", "es-419"]
    assert "downloads/xnli/sw.test.tsv" in files.downloads(study)
    assert study["translation"]["codes"]["zh-Hans"] == "zho_Hans"
    assert study["translation"]["codes"]["swh"] == "swh_Latn"
    assert {*study.languages} <= {*study.known_languages}
    assert files.translated_queries(study)["zh-Hans"] == "downloads/mmarco/zh.queries.train.tsv"
    assert amounts_read(study)[0] == {"zh-Hans": 46.9, "es-419": 53.3, "ur-PK": 5.7, "swh": 1.6}


@pytest.mark.parametrize(
    ("languages", "told"),
    [
        ({"high": ["zh-Hant"], "low": ["sw"]}, "languages.high: 'zh-Hant' is in none of the coll"),
        ({"high": ["zh_tw"], "low": ["sw"]}, "languages.high: 'zh_tw' is in none of the coll"),
        ({"high": ["ur-Latn"], "low": ["sw"]}, "languages.high: 'ur-Latn' is in none of the coll"),
        ({"high": ["zh"], "low": ["cmn"]}, "languages.low: 'cmn' is in group 'high' too"),
        ({"high": ["fr"], "low": ["en-GB"]}, "languages.low: 'en-GB' is the pivot"),
    ],
)
def test_another_script_or_the_same_language_twice_is_told(languages, told):
    with pytest.raises(InputError, match=told):
        study_of(languages=languages, methods=["zero_shot", "optical"])


# --- what YAML reads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("low: [no]", 'languages.low.0: False .*YAML reads no and off as false, write "no"'),
        ("low: [NO]", "languages.low.0: False .*write"),
        ("low: [on]", 'languages.low.0: True .*YAML reads yes and on as true, write "yes"'),
        ("low: [yes]", "languages.low.0: True .*yes and on"),
        ("low: [12]", 'languages.low.0: 12 .*YAML reads it as a number, write "12" in quotes'),
        ("low: [2020-05-06]", 'languages.low.0: .*reads it as a date, write "2020-05-06"'),
        ("low: [null]", "languages.low.0: None is not of type string$"),
    ],
)
def test_what_yaml_does_not_read_as_text_has_to_be_quoted(text, told):
    languages = yaml.safe_load(f"{{high: [fr], {text}}}")
    with pytest.raises(InputError, match=told):
        study_of(languages=languages)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("translation: {codes: {no: nob_Latn}}", 'translation.codes: the key False; .*write "no"'),
        ("pretraining: {text: {no: 300}}", 'pretraining.text: the key False; .*write "no"'),
        ("on: 3", "study file: the key True; .*yes and on"),
    ],
)
def test_keys_have_to_be_quoted_too(settings, told):
    with pytest.raises(InputError, match=told):
        study_of(yaml.safe_load(settings))


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "asked", "read"),
    [
        ("zh_cn.tsv", "zh-Hans", "zh_cn.tsv"),
        ("zh_cn.tsv", "zh", "zh_cn.tsv"),
        ("pt_br.tsv", "pt-BR", "pt_br.tsv"),
        ("pt-BR.tsv", "pt", "pt-BR.tsv"),
        ("sr.tsv sr-Latn.tsv", "sr-Latn", "sr-Latn.tsv"),
        ("he.tsv", "iw", "he.tsv"),
        ("swh_Latn.tsv", "sw", "swh_Latn.tsv"),
    ],
)
def test_files_may_be_named_after_another_code_of_the_language(tmp_path, there, asked, read):
    for name in there.split():
        (tmp_path / name).write_text(f"{name}\tEnglish\n", encoding="utf-8")
    pairs = list(own_bitext.bitext(tmp_path, asked, layout="tsv"))
    assert [pair.source for pair in pairs] == [read]
    own = {"mine": {"layout": "tsv", "folder": tmp_path.name, "languages": [asked]}}
    study = study_of(
        languages={"high": ["fr"], "low": ["sw"]},
        own=own,
        local=str(tmp_path.parent),
        bitext={"sources": ["tatoeba", "mine"]},
    )
    assert files.source_files(study, "mine", asked) == [str(tmp_path / read)]


def test_a_file_of_another_script_is_none_of_the_language(tmp_path):
    (tmp_path / "zh_tw.tsv").write_text("a\tb\n")
    with pytest.raises(InputError, match=r"no zh-Hans\.tsv"):
        list(own_bitext.bitext(tmp_path, "zh-Hans", layout="tsv"))


def test_files_of_two_variants_are_told(tmp_path, capsys):
    for name in ("zh_cn", "zh_tw", "yue"):
        (tmp_path / f"{name}.tsv").write_text("a\tb\n")
    list(own_bitext.bitext(tmp_path, "zh", layout="tsv"))
    assert "zh is in variants; zh_cn.tsv is read, zh_tw.tsv not" in capsys.readouterr().err
    list(own_bitext.bitext(tmp_path, "zh-Hant", layout="tsv"))
    assert capsys.readouterr().err == ""


def test_queries_may_be_named_after_another_code(tmp_path):
    (tmp_path / "qrels.tsv").write_text("q\t0\tp\t1\n")
    (tmp_path / "queries.pt_br.tsv").write_text("q\tgarça\n", encoding="utf-8")
    found = own_collection.queries(tmp_path, "pt-BR", layout="msmarco")
    assert [query.text for query in found] == ["garça"]


# --- units and archives ---------------------------------------------------------------------------


def memory(*units):
    """A translation memory of units, each of texts by code."""
    body = "".join(
        "<tu>"
        + "".join(f'<tuv xml:lang="{c}"><seg>{t}</seg></tuv>' for c, t in unit.items())
        + "</tu>\n"
        for unit in units
    )
    return f'<tmx version="1.4"><header/><body>{body}</body></tmx>'


SERBIAN = {"sr-Cyrl": "Чапља", "sr-Latn": "Čaplja", "en": "A heron"}


@pytest.mark.parametrize(
    ("language", "unit", "text"),
    [
        ("sr", SERBIAN, "Чапља"),
        ("sr-Latn", SERBIAN, "Čaplja"),
        ("sr-Latn-RS", SERBIAN, "Čaplja"),
        ("zh-Hans", {"zh-Hans": "苍鹭", "en-GB": "heron"}, "苍鹭"),
        ("zh", {"zh-Hans": "苍鹭", "en-GB": "heron"}, "苍鹭"),
        ("zh_cn", {"zh-TW": "蒼鷺", "zh-CN": "苍鹭", "en": "heron"}, "苍鹭"),
        ("pt-BR", {"pt-BR": "garça", "en_US": "heron"}, "garça"),
        ("pt_br", {"PT": "garça", "EN": "heron"}, "garça"),
        ("he", {"iw": "אנפה", "eng": "heron"}, "אנפה"),
        ("sw", {"sw-KE": "korongo", "en": "heron"}, "korongo"),
    ],
)
def test_a_unit_is_read_in_the_nearest_variant(tmp_path, language, unit, text):
    (tmp_path / f"{language}.tmx").write_text(memory(unit), encoding="utf-8")
    pairs = list(own_bitext.bitext(tmp_path, language, layout="tmx"))
    assert [pair.source for pair in pairs] == [text]


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("zh-Hans", {"zh-Hant": "蒼鷺", "en": "heron"}),
        ("zh", {"yue": "蒼鷺", "en": "heron"}),
        ("sr-Latn", {"sr": "Чапља", "en": "heron"}),
    ],
)
def test_a_unit_in_another_script_or_language_is_not_read(tmp_path, language, unit):
    (tmp_path / f"{language}.tmx").write_text(memory(unit), encoding="utf-8")
    with pytest.raises(InputError):
        list(own_bitext.bitext(tmp_path, language, layout="tmx"))


def test_two_variants_in_a_memory_are_told_with_their_numbers(tmp_path, capsys):
    units = [SERBIAN, SERBIAN, {"sr-Latn": "Reka", "en": "River"}]
    (tmp_path / "sr.tmx").write_text(memory(*units), encoding="utf-8")
    pairs = list(own_bitext.bitext(tmp_path, "sr", layout="tmx"))
    assert [pair.source for pair in pairs] == ["Чапља", "Чапља", "Reka"]
    told = "sr is in variants; taken of each: sr-Cyrl (2 of 2), sr-Latn (1 of 3)"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("language", "ends", "text"),
    [
        ("zh", ["zh_cn", "en"], "zh_cn"),
        ("zh-Hans", ["zh_cn", "zh_tw", "en"], "zh_cn"),
        ("pt-BR", ["pt", "pt_br", "en"], "pt_br"),
        ("pt", ["pt_br", "en_GB"], "pt_br"),
        ("zh-Hant", ["zh_cn", "zh_tw", "en"], "zh_tw"),
    ],
)
def test_members_of_an_archive_end_in_any_code_of_the_language(
    tmp_path, capsys, language, ends, text
):
    with zipfile.ZipFile(tmp_path / f"{language}.zip", "w") as archive:
        for end in ends:
            archive.writestr(f"TED2020.en-{ends[0]}.{end}", f"{end}\n")
        archive.writestr("README", "read\n")
    (pair,) = own_bitext.bitext(tmp_path, language, layout="opus")
    assert (pair.source, pair.target) == (text, ends[-1])
    assert ("is in variants" in capsys.readouterr().err) == (len(ends) == 3 and language == "pt-BR")


# --- the rules of the base language ---------------------------------------------------------------

UNTRANSLATED = Pair(
    "1",
    "No letter of Chinese here at all, it was never translated.",
    "This sentence is in English on both sides of the file.",
)


@pytest.mark.parametrize("language", ["zh", "zh-Hans", "zh_cn", "fa-IR", "ur-PK", "sr-Cyrl", "iw"])
def test_what_was_not_translated_is_removed_whatever_the_code_looks_like(language):
    assert Cleaner(language, "en").broken_rule(UNTRANSLATED, 1.0) == "wrong_script"


@pytest.mark.parametrize("language", ["zh", "zh-Hans", "zh_cn", "cmn_Hans"])
def test_a_leak_is_found_whatever_the_code_looks_like(tmp_path, language):
    test = "昨天有一只苍鹭站在河边的芦苇丛中等待小鱼游过。"
    pair = Pair("1", "据报道苍鹭站在河边的芦苇丛中等待小鱼游过。", "Herons wait in the reeds.")
    write_ngrams(tmp_path / "tests", [test], "zh")
    cleaner = Cleaner(language, "en", Guard({"zh": [tmp_path / "tests"]}))
    assert cleaner.broken_rule(pair, 0.8) == "leak"


def test_bitext_is_read_under_the_code_of_its_source(tmp_path):
    (tmp_path / "zh.tsv").write_text(
        "苍鹭站在芦苇丛中。\tA heron in the reeds.\n河水在早晨很凉。\tThe river is cold at dawn.\n"
        f"孩子们在桥上唱歌。\tChildren sing on the bridge.\n{UNTRANSLATED.source}\tNot so.\n",
        encoding="utf-8",
    )
    counts = tmp_path / "counts.csv"
    written = write_bitext(
        *(tmp_path / "bitext.parquet", counts, [("mine:tsv", tmp_path)], "zh-Hans", "en"),
        codes={"mine:tsv": "zh"},
    )
    assert written == 3
    assert "mine,wrong_script,1" in counts.read_text()


def test_queries_are_read_under_the_code_of_their_collection(tmp_path):
    (tmp_path / "qrels.tsv").write_text("q\t0\tp\t1\nr\t0\tp\t1\n")
    (tmp_path / "qrels.txt").write_text("q 0 p 1\nr 0 p 1\n")
    (tmp_path / "queries.ur.tsv").write_text("q\tYeh Urdu hai\nr\tیہ اردو ہے\n", encoding="utf-8")
    prepare_queries.main(
        collection="mine:msmarco",
        folder=tmp_path,
        language="ur-PK",
        code="ur",
        qrels=tmp_path / "qrels.txt",
        output=tmp_path / "ur.tsv",
        doubtful=tmp_path / "doubtful.txt",
        clef=Clef(),
    )
    assert (tmp_path / "doubtful.txt").read_text() == "q\n"
