"""A study is checked once, and every mistake in it is one line that names the key."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from optical.runtime.errors import InputError
from optical.settings.languages import GROUPS
from optical.study.checks import check_local
from optical.study.files import (
    bitext_sources,
    downloads,
    hub_models,
    named,
    needed_files,
    origin_of_queries,
    scores_file,
    source_files,
    translated_queries,
)
from optical.study.loading import load_study, read_datasets, schema

ROOT = Path(__file__).parents[1]
SCHEMA = schema()
DATASETS = read_datasets()
STUDIES = [ROOT / "config.yaml", *sorted(ROOT.glob("studies/*.yaml"))]

CONSTRUCTED = """
study: mine
pivot: alba
languages: {high: [bero], low: [fusa]}
encoders:
  small: {layers: 1, width: 32, heads: 2, vocabulary: 500}
  large: {layers: 2, width: 64, heads: 4, vocabulary: 500}
bitext: {sources: [constructed], pairs: 100}
training_set: {source: constructed, queries: 100}
collections: [constructed]
pretraining:
  text: {alba: 300, bero: 300, fusa: 30}
"""
REAL = """
study: real
pivot: en
languages: {high: [fr], low: [sw]}
encoders:
  base: {hub: FacebookAI/xlm-roberta-base, revision: e73636d4f797dec63c3081bb6ed5c7b0bb3f2089}
bitext: {sources: [tatoeba]}
training_set: {source: local, folder: squad}
collections: [xnli-premise]
local: data
"""


def edited(text, edits):
    """A study with {"dotted.key": value} set in it; None removes the key."""
    study = yaml.safe_load(text)
    for path, value in edits.items():
        *sections, key = path.split(".")
        node = study
        for section in sections:
            node = node.setdefault(section, {})
        if value is None:
            del node[key]
        else:
            node[key] = value
    return study


def load(text, **edits):
    return load_study(edited(text, edits.pop("edits", {})), DATASETS)


def complaint(text, edits):
    """The one line that a study with these edits is refused with."""
    with pytest.raises(InputError, match=r"\A[^\n]+\Z") as error:
        load(text, edits=edits)
    return str(error.value)


# --- mistakes ------------------------------------------------------------------------------------

# (edits, what the line says about the key, about the value, about what was expected)
MISTAKES = {
    "teachers of fewer seeds than the study has": (
        {"seeds": [1, 2, 3], "teacher": {"seeds": [1, 2]}},
        "teacher.seeds: 2, but the study has 3 seeds",
    ),
    "a seed of teachers twice": ({"seeds": [1, 2], "teacher": {"seeds": [1, 1]}}, "teacher.seeds"),
    "seeds for a finished teacher": (
        {"teacher": {"seeds": [4]}, "teachers": {"ready": {"folder": "ready"}}},
        "teacher.seeds: ",
        "teachers.ready is finished",
    ),
    "an unknown key": ({"colections": ["constructed"]}, "'colections'", "collections"),
    "an unknown key in a section": ({"teacher.step": 5}, "teacher: ", "'step'", "steps"),
    "an unknown key in an encoder": ({"encoders.small.depth": 5}, "encoders.small: ", "layers"),
    "an unknown resource group": ({"languages.middle": ["cilu"]}, "languages: ", "'middle'", "mid"),
    "a missing key": ({"collections": None}, "'collections'", "missing"),
    "a missing group": ({"languages.low": None}, "languages: ", "'low'", "missing"),
    "a missing student's teacher": ({"students": {"s": {"encoder": "small"}}}, "'teacher'"),
    "a number that YAML reads as text": (
        yaml.safe_load("teacher.learning_rate: 1e-5"),
        "teacher.learning_rate: ",
        "'1e-5'",
        "1.0e-5",
    ),
    "a text for a whole number": ({"teacher.steps": "many"}, "teacher.steps: ", "integer"),
    "a fraction for a whole number": ({"teacher.steps": 1.5}, "teacher.steps: ", "integer"),
    "a whole number with a fraction": (
        {"teacher.steps": 2.0e4},
        "teacher.steps: 20000.0 is not of type integer; write 20000",
    ),
    "a whole number in a list with a fraction": ({"seeds": [1.0]}, "seeds.0: ", "write 1"),
    "a seed that no generator takes": ({"seeds": [2**32]}, "seeds.0: 4294967296", "4294967295"),
    "a teacher's seed that no generator takes": (
        {"teacher.seed": 2**32},
        "teacher.seed: 4294967296",
    ),
    "a truth value for a number": ({"teacher.steps": True}, "teacher.steps: ", "integer"),
    "a value below its bounds": ({"teacher.steps": 0}, "teacher.steps: ", "0", "1"),
    "a value above its bounds": ({"pretraining.masked": 1.5}, "pretraining.masked: ", "1.5", "1"),
    "a method that does not exist": ({"methods": ["zero_shot", "magic"]}, "magic", "optical"),
    "no zero-shot to compare with": ({"methods": ["optical"]}, "methods: ", "zero_shot"),
    "a name that is no folder": ({"study": "a/b"}, "study: ", "a/b"),
    "a name with a command": ({"study": "a;b"}, "study: ", "a;b"),
    "a name with a line break": ({"study": "mine\n"}, "study: ", r"'mine\n'"),
    "an encoder with a line break": ({"encoders.small\n": {"folder": "x"}}, r"'small\n'"),
    "a name with a space": ({"encoders.very small": {"folder": "x"}}, "encoders", "very small"),
    "no encoder": ({"encoders": {}}, "encoders"),
    "a seed twice": ({"seeds": [1, 1]}, "seeds: "),
    "an empty group": ({"languages.low": []}, "languages.low: ", "at least 1"),
    "a misspelt language": ({"languages.low": ["fussa"]}, "languages.low: ", "'fussa'", "fusa"),
    "a language in two groups": ({"languages.low": ["bero"]}, "languages.low: ", "'bero'", "high"),
    "a language twice in a group": ({"languages.low": ["fusa", "fusa"]}, "languages.low: "),
    "the pivot among the languages": ({"languages.low": ["alba"]}, "languages.low: ", "pivot"),
    "another pivot": ({"pivot": "bero"}, "pivot: ", "'bero'", "'alba'"),
    "a misspelt language of the text": ({"pretraining.text.bera": 9}, "text", "'bera'", "bero"),
    "no text for an encoder from scratch": ({"pretraining.text": {}}, "pretraining.text: "),
    "a student with a missing teacher": (
        {"students": {"s": {"encoder": "small", "teacher": "huge"}}},
        "students.s.teacher: ",
        "'huge'",
        "small, large",
    ),
    "a student of a missing encoder": (
        {"students": {"s": {"encoder": "tiny", "teacher": "large"}}},
        "students.s.encoder: ",
        "'tiny'",
        "small, large",
    ),
    "an encoder's folder that is not there": (
        {"encoders.other": {"folder": "no/where"}},
        "encoders.other.folder: no/where: no such folder; expected that of a transformers model",
    ),
    "an encoder's folder without a model": (
        {"encoders.other": {"folder": str(ROOT / "docs")}},
        "encoders.other.folder: ",
        "no config.json; expected a transformers model",
    ),
    "an encoder's folder that is a file": (
        {"encoders.other": {"folder": str(ROOT / "README.md")}},
        "README.md: no such folder",
    ),
    "a metric that is not measured": (
        {"metric": "ndcg"},
        "metric: 'ndcg' is not among metrics; expected one of them, map, recip_rank",
        "or it among them too",
    ),
    "a metric that nobody knows": (
        {"metric": "nDCG@10"},
        "metric: 'nDCG@10' is not among metrics; expected one of them, map,",
    ),
    "metrics that nobody knows": (
        {"metrics": ["map", "ndcg@10"]},
        "metrics.1: 'ndcg@10'; expected map, recip_rank",
        "such as ndcg_cut_10",
    ),
    "a metric without its depth": ({"metrics": ["P"]}, "metrics.0: 'P'; expected map", "depth"),
    "a metric deeper than the run": (
        {"metrics": ["map", "recall_1000"], "search.depth": 100},
        "metrics.1: recall_1000, but search.depth is 100; expected a run as deep, or recall_100",
    ),
    "a metric deeper than the run of a miniature's study": (
        {"scale": "tiny", "search.depth": 9},
        "metrics.2: ndcg_cut_10, but search.depth is 9",
    ),
    "an encoder of two kinds": ({"encoders.small.folder": "x"}, "encoders.small: ", "or folder"),
    "an encoder of no kind": ({"encoders.small.heads": None}, "encoders.small: ", "heads"),
    "a hub model without a revision": (
        {"encoders.small": {"hub": "a/b"}},
        "encoders.small: ",
        "revision",
    ),
    "passages longer than an encoder from scratch reads": (
        {"model": {"passage_length": 1024}},
        "model.passage_length: 1024, but encoder 'small'",
        "512 tokens at most",
    ),
    "sentences longer than an encoder from scratch reads": (
        {"variants": {"long": {"method": "optical", "length": 600}}},
        "variants.long.length: 600, but encoder 'small'",
        "512 tokens at most",
    ),
    "an architecture for an encoder of the hub": (
        {"encoders.small": {"hub": "a/b", "revision": "e" * 40, "architecture": "eurobert"}},
        "encoders.small: ",
    ),
    "an architecture that is not known": (
        {"encoders.small.architecture": "bert"},
        "encoders.small.architecture: 'bert' is unknown; expected one of xlm-roberta",
    ),
    "a pull request without a number": (
        {"encoders.small": {"hub": "a/b", "revision": "refs/pr/0"}},
        "encoders.small",
        "'refs/pr/0'",
    ),
    "a revision that moves": (
        {"encoders.small": {"hub": "a/b", "revision": "main"}},
        "encoders.small",
        "'main'",
    ),
    "heads that do not divide the width": ({"encoders.small.heads": 3}, "encoders.small.heads: "),
    "constructed bitext for real tests": ({"collections": ["xquad"]}, "collections", "mixed"),
    "constructed and real bitext": (
        {"bitext.sources": ["constructed", "tatoeba"]},
        "bitext.sources",
        "mixed",
    ),
    "endless constructed bitext": ({"bitext": {"sources": ["constructed"]}}, "bitext.pairs: "),
    "more queries than passages": (
        {"constructed.queries": 300, "constructed.passages": 200},
        "constructed.queries: ",
        "300",
        "200",
    ),
}
MARCO = {
    "layout": "ir_datasets",
    "passages": "msmarco-passage/dev/small",
    "queries": "mmarco/v2/{lang}/dev/small",
    "languages": ["fr", "sw"],
}
REAL_MISTAKES = {
    "an own set without a folder": (
        {"own.mine": {"layout": "tsv", "languages": ["fr"]}},
        "own.mine.folder: null, but the layout is tsv",
    ),
    "a set of ir_datasets in a folder": (
        {"own.mine": MARCO | {"folder": "marco"}},
        "own.mine.folder: layout ir_datasets has none",
    ),
    "a set of ir_datasets without queries": (
        {"own.mine": MARCO | {"queries": None}},
        "own.mine.queries: null, but the layout is ir_datasets",
    ),
    "queries of ir_datasets in one language": (
        {"own.mine": MARCO | {"queries": "mmarco/v2/fr/dev/small"}},
        "own.mine.queries: 'mmarco/v2/fr/dev/small' has no {lang}",
    ),
    "a grade of bitext": (
        {"own.mine": {"layout": "tsv", "folder": "x", "languages": ["fr"], "relevance_level": 2}},
        "own.mine.relevance_level: 2, but layout tsv is of bitext; expected it of a collection",
    ),
    "a query to leave out of bitext": (
        {
            "own.mine": {
                "layout": "tmx",
                "folder": "x",
                "languages": ["fr"],
                "leave_out_query": True,
            }
        },
        "own.mine.leave_out_query: True, but layout tmx is of bitext",
    ),
    "a grade that all passages have": (
        {"own.mine": MARCO | {"relevance_level": 0}},
        "own.mine.relevance_level: 0 is less than the minimum of 1",
    ),
    "a language without bitext": ({"languages.low": ["ne"]}, "languages.low: ", "'ne'", "sw"),
    "bitext that is tested on": (
        {"collections": ["ntrex"], "bitext.sources": ["tatoeba", "ntrex"]},
        "bitext.sources: 'ntrex' is among the collections",
    ),
    "a test set as bitext": ({"bitext.sources": ["xnli"]}, "bitext.sources.0: 'xnli' is unknown"),
    "a language without a test": ({"languages.low": ["so"]}, "languages.low: ", "'so'", "sw"),
    "no folder of the local training set": (
        {"training_set.folder": None},
        "training_set.folder: ",
        "local",
    ),
    "no folder of local data": ({"local": None}, "local: ", "folder"),
    "an unknown collection": ({"collections": ["trec"]}, "collections.0: ", "'trec'", "xquad"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_naming_the_key(mistake):
    edits, *parts = MISTAKES[mistake]
    line = complaint(CONSTRUCTED, edits)
    assert [part for part in parts if part not in line] == [], line


@pytest.mark.parametrize("mistake", REAL_MISTAKES)
def test_a_mistake_about_real_data_is_one_line_naming_the_key(mistake):
    edits, *parts = REAL_MISTAKES[mistake]
    line = complaint(REAL, edits)
    assert [part for part in parts if part not in line] == [], line


@pytest.mark.parametrize("value", [None, [], "text", 3])
@pytest.mark.parametrize("key", ["languages", "encoders", "bitext", "teacher", "students"])
def test_a_section_of_another_type_is_one_line_naming_the_key(key, value):
    study = yaml.safe_load(CONSTRUCTED) | {key: value}
    with pytest.raises(InputError, match=rf"\A{key}: [^\n]+\Z"):
        load_study(study, DATASETS)


def test_a_study_that_is_empty_says_what_it_lacks():
    with pytest.raises(InputError, match=r"\Astudy file: key 'study' is missing\Z"):
        load_study({}, DATASETS)


# --- what a study comes to -----------------------------------------------------------------------


def test_what_is_left_out_is_filled_in_with_the_defaults_of_the_schema():
    study = load(CONSTRUCTED)
    for section in ("constructed", "model", "teacher", "distillation", "index", "search"):
        properties = SCHEMA["properties"][section]["properties"]
        assert study[section] == {key: value["default"] for key, value in properties.items()}
    assert study["seeds"] == SCHEMA["properties"]["seeds"]["default"]
    assert study["methods"] == ["bm25", "zero_shot", "optical"]


def test_what_is_given_stays_and_its_neighbours_are_filled_in():
    teacher = load(CONSTRUCTED, edits={"teacher.steps": 7})["teacher"]
    defaults = load(CONSTRUCTED)["teacher"]
    assert teacher == defaults | {"steps": 7}


def test_without_students_each_encoder_learns_from_itself():
    assert load(CONSTRUCTED)["students"] == {
        "small": {"encoder": "small", "teacher": "small", "methods": None},
        "large": {"encoder": "large", "teacher": "large", "methods": None},
    }


def test_given_students_are_all_there_are():
    students = {"small-of-large": {"encoder": "small", "teacher": "large", "methods": None}}
    assert load(CONSTRUCTED, edits={"students": students})["students"] == students


def test_a_study_is_not_changed_by_loading_it():
    study = yaml.safe_load(CONSTRUCTED)
    before = copy.deepcopy(study)
    load_study(study, DATASETS)
    assert study == before


def test_a_study_inherits_nothing_from_one_loaded_before():
    fresh = load(REAL)
    load(REAL, edits={"teacher.steps": 7, "languages.mid": ["ru"], "seeds": [5]})
    changed = load(REAL)
    changed["students"]["another"] = {}
    changed["pretraining"]["text"]["fr"] = 1
    changed["seeds"].append(6)
    assert load(REAL) == fresh


def test_a_real_study_loads():
    study = load(REAL)
    assert not study.is_constructed
    assert {"en", "fr", "sw"} <= set(study.known_languages)


def test_languages_come_by_group_in_the_order_of_the_study():
    study = load(CONSTRUCTED, edits={"languages": {"low": ["fusa", "ekti"], "high": ["bero"]}})
    assert list(study.grouped_languages()) == [("high", "bero"), ("low", "fusa"), ("low", "ekti")]


def test_the_groups_of_the_schema_are_those_of_the_tables():
    assert tuple(SCHEMA["properties"]["languages"]["properties"]) == GROUPS


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_a_study_of_this_repository_loads(path):
    study = yaml.safe_load(path.read_text())
    study.setdefault("local", "data")  # some ask for data that only the user has
    assert load_study(study, DATASETS)["study"] == study["study"]
    if path.parent.name == "studies":
        assert study["study"] == path.stem


# --- the files that a study needs, and sets of the user's own ------------------------------------

OWN = {
    "letters": {"folder": "my/letters", "layout": "moses", "languages": ["sw", "ha"]},
    "clippings": {"folder": "clippings", "layout": "beir", "languages": ["fr", "sw", "ha"]},
}
OWN_STUDY = {
    "own": OWN,
    "bitext.sources": ["tatoeba", "letters"],
    "collections": ["xquad", "clippings"],
    "languages.low": ["ha"],
}


def test_sets_of_the_users_own_are_sources_like_others():
    study = load(REAL, edits=OWN_STUDY)
    assert bitext_sources(study, "ha") == ["letters"]
    assert bitext_sources(study, "fr") == ["tatoeba"]
    assert source_files(study, "letters", "ha") == [
        "data/my/letters/ha.source.txt",
        "data/my/letters/ha.target.txt",
    ]
    assert source_files(study, "clippings", "fr") == [
        "data/clippings/corpus.jsonl",
        "data/clippings/qrels.tsv",
        "data/clippings/queries.en.jsonl",
        "data/clippings/queries.fr.jsonl",
    ]
    assert [named(name, study) for name in ("tatoeba", "letters")] == ["tatoeba", "letters:moses"]
    assert "ha" in study.known_languages


def test_settings_of_a_collection_have_defaults_where_it_is_not_the_users():
    clippings = OWN["clippings"] | {"relevance_level": 2, "leave_out_query": True}
    study = load(REAL, edits=OWN_STUDY | {"own": OWN | {"clippings": clippings}})
    names = ("relevance_level", "leave_out_query")
    assert [study.of_collection("clippings", name) for name in names] == [2, True]
    assert [study.of_collection("xquad", name) for name in names] == [1, False]
    assert [load(REAL, edits=OWN_STUDY).of_collection("clippings", name) for name in names] == [
        *(1, False)
    ]


def test_a_data_set_may_say_which_grades_of_its_collections_are_relevant():
    edits = {"collections": ["xnli-premise", "clirmatrix-sw"]}
    study = load(REAL, edits=edits)
    levels = [study.of_collection(name, "relevance_level") for name in study["collections"]]
    assert levels == [1, 2]


def test_a_set_of_ir_datasets_is_downloaded_from_the_ids_of_its_parts():
    study = load(REAL, edits={"own": {"marco": MARCO}, "collections": ["xquad", "marco"]})
    assert named("marco", study) == "marco:beir"
    assert [file for file in downloads(study) if "/marco/" in file] == [
        "downloads/marco/corpus.jsonl",
        "downloads/marco/qrels.tsv",
        "downloads/marco/queries.en.jsonl",
        "downloads/marco/queries.fr.jsonl",
        "downloads/marco/queries.sw.jsonl",
    ]
    assert [file["id"] for file in study.datasets["marco"]["files"].values()] == [
        *["msmarco-passage/dev/small"] * 3,
        "mmarco/v2/fr/dev/small",
        "mmarco/v2/sw/dev/small",
    ]


def test_dutch_has_another_code_in_ir_datasets():
    marco = MARCO | {"languages": ["fr", "nl"]}
    edits = {"own": {"marco": marco}, "collections": ["xnli-premise", "marco"]}
    files = load(REAL, edits=edits).datasets["marco"]["files"]
    assert files["queries.nl.jsonl"]["id"] == "mmarco/v2/dt/dev/small"
    assert files["queries.fr.jsonl"]["id"] == "mmarco/v2/fr/dev/small"


@pytest.mark.parametrize("layout", ["tsv", "tmx"])
def test_a_layout_says_how_files_are_named(layout):
    own = OWN | {"letters": OWN["letters"] | {"layout": layout}}
    study = load(REAL, edits=OWN_STUDY | {"own": own})
    files = source_files(study, "letters", "ha")
    assert files == [f"data/my/letters/ha.{layout}"]


@pytest.mark.parametrize("file", ["ha.tmx", "ha.tmx.gz", "ha.tmx.zip"])
def test_of_the_names_that_a_layout_allows_the_one_that_is_there_is_needed(tmp_path, file):
    folder = tmp_path / "my/letters"
    folder.mkdir(parents=True)
    (folder / file).touch()
    own = OWN | {"letters": OWN["letters"] | {"layout": "tmx"}}
    study = load(REAL, edits=OWN_STUDY | {"own": own, "local": str(tmp_path)})
    assert source_files(study, "letters", "ha") == [f"{folder}/{file}"]


def test_what_a_study_needs_is_what_its_languages_need():
    study = load(REAL, edits=OWN_STUDY)
    needed = needed_files(study)
    assert needed["tatoeba"] == [
        "downloads/tatoeba/fr.source.txt",
        "downloads/tatoeba/fr.target.txt",
    ]
    assert needed["xquad"] == ["downloads/xquad/en.json"]
    assert "data/clippings/queries.ha.jsonl" in needed["clippings"]
    assert "data/clippings/queries.sw.jsonl" not in needed["clippings"]
    assert downloads(study) == [*needed["tatoeba"], *needed["xquad"]]
    assert hub_models(study) == {"results/real/encoders/base": "FacebookAI/xlm-roberta-base"}


TRANSLATED = {"methods": ["bm25", "bm25_translated", "zero_shot"]}


@pytest.mark.parametrize(
    ("hub", "codes"),
    [
        ("facebook/m2m100_418M", {"en": "en", "fr": "fr", "sw": "sw"}),
        (
            "facebook/nllb-200-distilled-600M",
            {"en": "eng_Latn", "fr": "fra_Latn", "sw": "swh_Latn"},
        ),
        ("google/madlad400-3b-mt", {"en": "en", "fr": "fr", "sw": "sw"}),
    ],
)
def test_the_names_that_a_known_translator_has_for_languages_need_no_table(hub, codes):
    study = load(REAL, edits=TRANSLATED | {"translation": {"hub": hub}})
    assert study["translation"]["codes"] == codes
    assert study["translation"]["revision"]
    own = {"hub": hub, "codes": {"sw": "mine"}, "revision": "f" * 40}
    study = load(REAL, edits=TRANSLATED | {"translation": own})
    assert study["translation"]["codes"] == codes | {"sw": "mine"}
    assert study["translation"]["revision"] == "f" * 40


def test_a_language_that_a_translator_does_not_have_is_told_before_anything_runs():
    own = {name: about | {"languages": ["fr", "ti"]} for name, about in OWN.items()}
    edits = OWN_STUDY | TRANSLATED | {"own": own, "languages.low": ["ti"]}
    edits |= {"translation": {"hub": "facebook/m2m100_418M"}}
    line = complaint(REAL, edits)
    assert "translation.codes: none for ti; expected what facebook/m2m100_418M calls" in line


def test_an_encoder_from_scratch_needs_the_bitext_that_it_reads():
    encoder = {"layers": 1, "width": 32, "heads": 2, "vocabulary": 500}
    edits = {"encoders": {"tiny": encoder}, "pretraining.text": {"en": 10, "de": 10}}
    assert "downloads/tatoeba/de.source.txt" in downloads(load(REAL, edits=edits))


def test_a_constructed_study_needs_nothing():
    assert needed_files(load(CONSTRUCTED)) == {}


@pytest.mark.parametrize(
    ("edits", "parts"),
    [
        ({"bitext.sources": ["letter"]}, ["sources.0: 'letter' is unknown", "tico19", "letters"]),
        ({"collections": ["clipping"]}, ["collections.0: 'clipping'", "xquad", "clippings"]),
        ({"bitext.sources": ["clippings"]}, ["sources.0: own.clippings.layout is beir", "tmx"]),
        ({"collections": ["letters"]}, ["collections.0: own.letters.layout is moses", "msmarco"]),
        ({"own.letters.layout": "csv"}, ["own.letters.layout: 'csv' is unknown", "moses"]),
        ({"own.letters.folder": None}, ["own.letters.folder: null"]),
        ({"own.letters.languages": []}, ["own.letters.languages: ", "at least 1"]),
        ({"own.my-letters": OWN["letters"]}, ["own: ", "my-letters"]),
        ({"own.tatoeba": OWN["letters"]}, ["own.tatoeba: ", "known source"]),
        ({"local": None}, ["local: null"]),
    ],
)
def test_a_mistake_about_own_sets_is_one_line_naming_the_key(edits, parts):
    line = complaint(REAL, copy.deepcopy(OWN_STUDY) | edits)
    assert [part for part in parts if part not in line] == [], line


def test_a_source_that_is_the_users_to_supply_needs_a_folder_to_lie_in():
    files = {f"{language}.json": {"language": language} for language in ("en", "fr", "sw")}
    datasets = DATASETS | {"xquad": DATASETS["xquad"] | {"folder": "clef", "files": files}}
    study = load_study(edited(REAL, {"collections": ["xquad"]}), datasets)
    files = source_files(study, "xquad", "sw")
    assert files == ["data/clef/en.json", "data/clef/sw.json"]
    assert downloads(study) == [
        f"downloads/tatoeba/{language}.{side}.txt"
        for language in ("fr", "sw")
        for side in ("source", "target")
    ]
    with pytest.raises(InputError, match=r"local: null, but xquad is yours .* local/clef"):
        check_local(replace(study, settings=study.settings | {"local": None}))


CLEF = {"collections": ["clef"], "languages": {"high": ["de"], "low": ["sw"]}}


@pytest.fixture
def topics(tmp_path):
    """A folder of the user's with topics of two years, and judgements of as many."""
    texts = {
        "clef/topics2000/TOP-G.txt": "<top><num>C001<G-title> x</top>",
        "clef/Top-de01.txt": "<top><num>C041<DE-title> x</top>",
        "clef/tl.topics.txt": "query_id: C001\ntitle: x\n",
        "clef/2000rels/biling_qrels": "",
        "clef/qrels_EN": "",
        "clef/documents/la/qrels": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_files_of_clef_are_those_that_are_there_under_their_own_names(topics):
    study = load(REAL, edits=CLEF | {"local": str(topics)})
    files = source_files(study, "clef", "de", "sw", role="test")
    assert [file.removeprefix(f"{topics}/clef/") for file in files] == [
        *("documents", "2000rels/biling_qrels", "qrels_EN"),
        *("Top-de01.txt", "topics2000/TOP-G.txt", "en.topics.txt", "sw.topics.txt"),
    ]
    assert "tl" in study.collection_languages("clef")


def test_a_language_without_public_topics_is_told_how_to_be_brought():
    line = complaint(REAL, CLEF | {"languages.low": ["tl"]})
    assert line.startswith("languages.low: 'tl' is in none of the collections; expected one of de,")
    assert "of clef's topics in it, none are public" in line
    assert "tl.topics.txt" in line


def test_newspapers_are_known_ones():
    line = complaint(REAL, {"clef.newspapers": ["times"]})
    assert line == (
        "clef.newspapers.0: 'times' is unknown; expected one of la_times, glasgow_herald"
    )


# --- the schema ----------------------------------------------------------------------------------


def keys_of(schema, path=""):
    """(dotted path, its schema) of every key that a study may have; * stands for any name."""
    for key, subschema in schema.get("properties", {}).items():
        yield f"{path}{key}", subschema
        yield from keys_of(subschema, f"{path}{key}.")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from keys_of(schema["additionalProperties"], f"{path}*.")


KEYS = dict(keys_of(SCHEMA))
# A variant says only in what it differs from the method's settings.
OPTIONAL = {"languages.mid"} | {
    key for key in KEYS if key.startswith(("encoders.*.", "teachers.*.", "variants.*."))
}


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("key", KEYS)
def test_the_schema_describes_a_key(key):
    schema = KEYS[key]
    assert schema.get("description", "").endswith(".")
    assert "type" in schema or "enum" in schema


@pytest.mark.parametrize("key", [key for key, schema in KEYS.items() if "default" in schema])
def test_a_default_is_allowed(key):
    Draft202012Validator(KEYS[key]).validate(KEYS[key]["default"])


@pytest.mark.parametrize("key", [key for key, schema in KEYS.items() if "properties" in schema])
def test_a_section_accepts_no_unknown_key(key):
    assert KEYS[key]["additionalProperties"] is False


@pytest.mark.parametrize("key", sorted(KEYS.keys() - OPTIONAL))
def test_a_key_is_required_or_has_a_default(key):
    section, _, name = key.rpartition(".")
    if section.endswith(".*"):
        parent = KEYS[section.removesuffix(".*")]["additionalProperties"]
    else:
        parent = KEYS[section] if section else SCHEMA
    assert (name in parent.get("required", [])) != ("default" in KEYS[key])


def test_a_student_has_all_methods_or_those_it_names():
    students = {
        "small": {"encoder": "small", "teacher": "small"},
        "cross": {"encoder": "small", "teacher": "large", "methods": ["zero_shot", "optical"]},
    }
    methods = ["zero_shot", "greedy", "optical"]
    study = load(CONSTRUCTED, edits={"students": students, "methods": methods})
    assert study.students_with("optical") == ["small", "cross"]
    assert study.students_with("greedy") == ["small"]


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        (["zero_shot", "greedy"], "students.cross.methods: 'greedy' is not a method of the study"),
        (["optical"], "students.cross.methods: .* lacks 'zero_shot'"),
    ],
)
def test_methods_of_a_student_are_those_of_the_study(methods, message):
    students = {"cross": {"encoder": "small", "teacher": "large", "methods": methods}}
    with pytest.raises(InputError, match=message):
        load(CONSTRUCTED, edits={"students": students, "methods": ["zero_shot", "optical"]})


@pytest.mark.parametrize("variant", [False, True])
@pytest.mark.parametrize(
    ("about", "longest"),
    [
        ({"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "bert", "max_position_embeddings": 512, "pad_token_id": 0}, 512),
        ({"model_type": "modernbert", "max_position_embeddings": 8192}, None),
    ],
    ids=lambda value: value["model_type"] if isinstance(value, dict) else "",
)
def test_no_sentence_is_longer_than_an_encoder_that_is_here_reads(
    tmp_path, monkeypatch, about, longest, variant
):
    monkeypatch.chdir(tmp_path)
    fetched = tmp_path / "results/real/encoders/base"
    fetched.mkdir(parents=True)
    (fetched / "config.json").write_text(json.dumps(about))
    section = "variants.long" if variant else "distillation"
    edits = {"variants": {"long": {"method": "optical"}}, "methods": ["zero_shot", "optical"]}
    load(REAL, edits=edits | {f"{section}.length": longest or 8192})
    if longest:
        message = f"{section}.length: 513, but encoder 'base' reads 512 tokens at most"
        with pytest.raises(InputError, match=message):
            load(REAL, edits=edits | {f"{section}.length": 513})


def test_a_length_counts_for_the_encoders_that_read_it():
    students = {"small": {"encoder": "small", "teacher": "small", "methods": ["zero_shot"]}}
    load(CONSTRUCTED, edits={"students": students, "distillation.length": 600})


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (
            {"distillation.batch_tokens": 32, "distillation.length": 64},
            "distillation.batch_tokens: 32 is less than a sentence of length, 64",
        ),
        (
            {"teacher.mini_batch": 128, "teacher.batch_size": 64},
            "teacher.mini_batch: 128 is more than teacher.batch_size, 64",
        ),
        (
            {"teacher.negatives": 2},
            "teacher.negatives: 2, but constructed data brings none; expected 0, or training_set",
        ),
        (
            {"teacher.loss": "kl"},
            "teacher.loss: kl, but constructed data has no cross-encoder's scores",
        ),
        (
            {"precision": "float16"},
            "precision: float16, but keep is models, which are whole; expected float32, or keep",
        ),
    ],
)
def test_settings_of_a_training_that_contradict_each_other(edits, message):
    with pytest.raises(InputError, match=message):
        load(CONSTRUCTED, edits=edits)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        ({"teacher.negatives": 0}, "teacher.negatives: 0, but teacher.loss is kl"),
        (
            {"teacher.negatives": 4, "teacher.mini_batch": 8},
            "teacher.mini_batch: only teacher.loss contrastive has it; .* larger teacher.accum",
        ),
    ],
)
def test_a_divergence_has_negatives_and_no_parts(teacher, message):
    load(REAL, edits={"teacher.loss": "kl", "teacher.negatives": 4})
    with pytest.raises(InputError, match=message):
        load(REAL, edits={"teacher.loss": "kl"} | teacher)


MARCO_SET = {"training_set": {"source": "mmarco", "scores": "monot5"}}
KL = {"teacher.loss": "kl", "teacher.negatives": 5}


def test_scores_bring_their_file_and_leave_out_other_negatives():
    needed = needed_files(load(REAL, edits=MARCO_SET | KL))
    assert needed["monot5"] == ["downloads/monot5/monot5.jsonl.gz"]
    assert "downloads/mmarco/negatives.jsonl.gz" not in needed["mmarco"]
    plain = needed_files(load(REAL, edits={"training_set": {"source": "mmarco"}}))
    assert "downloads/mmarco/negatives.jsonl.gz" in plain["mmarco"]
    assert "monot5" not in plain


def test_scores_of_the_users_own_lie_below_local():
    own = load(REAL, edits={"training_set.scores": "scores/mine.parquet"} | KL)
    assert scores_file(own) == "data/scores/mine.parquet"
    assert set(needed_files(own)) == {"tatoeba", "xnli"}


@pytest.mark.parametrize(
    ("text", "edits", "message"),
    [
        (REAL, {"training_set.margin": 1.0}, "training_set.margin: 1.0, but .*scores is null"),
        (
            REAL,
            {"training_set.scores": "monot5", "training_set.negatives": "bm25"},
            "training_set.negatives: bm25, but mined passages have no score",
        ),
        (
            REAL,
            {"training_set": {"source": "mmarco", "scores": "monot"}, "local": None},
            "training_set.scores: 'monot' is none of monot5, bge; expected one of them, or your",
        ),
        (
            REAL,
            {"training_set": {"source": "mmarco"}} | KL,
            "training_set.scores: null, but teacher.loss is kl, and mmarco has no scores",
        ),
        (CONSTRUCTED, {"training_set.scores": "monot5"}, "'monot5', but constructed data has none"),
    ],
)
def test_scores_that_could_not_be_had(text, edits, message):
    with pytest.raises(InputError, match=message):
        load(text, edits=edits)


TRANSLATING = {
    "languages": {"high": ["fr"], "low": ["sw"]},
    "methods": ["zero_shot", "translate_train"],
    "translation": {"hub": "org/model", "revision": "0" * 40},
}


def test_training_queries_that_are_published_are_not_translated():
    study = load(REAL, edits=MARCO_SET | TRANSLATING)
    file = "downloads/mmarco/fr.queries.train.tsv"
    assert translated_queries(study) == {"fr": file}
    assert origin_of_queries(study) == "published with mmarco: fr; translated here: sw"
    assert file in needed_files(study)["mmarco"]
    assert not any(
        ".queries.train.tsv" in name and "/fr." not in name
        for name in needed_files(study)["mmarco"]
    )
    assert "results/real/translators/hub" in hub_models(study)


def test_no_translator_is_fetched_where_all_training_queries_are_published():
    edits = MARCO_SET | TRANSLATING | {"languages": {"high": ["fr"], "low": ["hi"]}}
    edits["bitext.sources"] = ["opus100"]
    study = load(REAL, edits=edits)
    assert origin_of_queries(study) == "published with mmarco: fr, hi"
    assert "results/real/translators/hub" not in hub_models(study)
    asking = load(REAL, edits=edits | {"methods": ["zero_shot", "translate_query"]})
    assert "results/real/translators/hub" in hub_models(asking)
    assert origin_of_queries(asking) == ""


def test_a_training_set_of_the_users_own_is_translated_here():
    study = load(REAL, edits=TRANSLATING)
    assert origin_of_queries(study) == "translated here: fr, sw"


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"teacher.scale": float("inf")}, "teacher.scale: inf is not a finite number"),
        ({"distillation.learning_rate": float("nan")}, "distillation.learning_rate: nan is not"),
        ({"bitext.pairs": 10}, "distillation: 10 pairs are less than a batch, batch_size 64"),
        ({"windows.stride": 9}, "windows.stride: 9, but windows.words is null"),
        ({"windows": {"words": 8, "stride": 9}}, "windows.stride: 9 is more than windows.words, 8"),
        ({"training_set.queries": 9}, "training_set.queries: 9 is less than a batch, teacher"),
        (
            {"students": {"none": {"encoder": "small", "teacher": "small"}}},
            "students.none: this name stands for no student",
        ),
        (
            {"encoders": {"none": {"layers": 1, "width": 32, "heads": 2, "vocabulary": 500}}},
            "students.none: this name stands for no student",
        ),
    ],
)
def test_numbers_and_names_that_could_not_run(edits, message):
    with pytest.raises(InputError, match=message):
        load(CONSTRUCTED, edits=edits)


def test_what_is_not_tested_on_may_be_bitext():
    assert load(REAL, edits={"bitext.sources": ["ntrex", "talks"], "languages.high": ["fr"]})
