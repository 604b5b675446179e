"""Judged pairs in a study: which language has which, what is needed, and which steps there are."""

import re
from copy import deepcopy

import ir_datasets
import pytest
import yaml
from ir_datasets.datasets.base import Dataset
from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries

from optical.corpora import first_rows
from optical.corpora.first_rows import NoRowsError
from optical.runtime.errors import InputError
from optical.study.files import collection_files, judged_sources, needed_files, origin_of_pairs
from optical.study.readings import needed_names, readings
from optical.study.rehearsal import Rehearsal
from test_study import CONSTRUCTED, REAL, load
from trees import copy_tree, snakemake, succeeds

WIKICLIR = {
    "queries": "3\tist eine Stadt .\n",
    "docs": "30\tUlm is a city .\n",
    "qrels": "3\t30\t3\n",
}


@pytest.fixture
def heidelberg(tmp_path):
    """A folder of WikiCLIR, with changes of some files."""

    def write(**changes):
        folder = tmp_path / "wikiclir"
        folder.mkdir(exist_ok=True)
        for kind, text in {**WIKICLIR, **changes}.items():
            (folder / f"de.train.{kind}").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def known(tmp_path, monkeypatch):
    """What ir_datasets knows of CLIRMatrix here; nothing of it is read."""
    documents = TsvDocs(None, lang="en")
    pairs = Dataset(documents, TsvQueries(None, lang="sw"), TrecQrels(None, {}))
    sets = {"clirmatrix/en": Dataset(documents), "clirmatrix/en/bi139-base/sw/train": pairs}
    monkeypatch.setattr(ir_datasets, "registry", sets)
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "home"))


STUDY = {
    "languages": {"high": ["de"], "low": ["sw", "so"]},
    "bitext.sources": ["tico19", "ntrex", "tatoeba"],
    "collections": ["belebele"],
    "methods": ["zero_shot", "wikiclir"],
    "judged_pairs": {"sources": ["wikiclir", "clirmatrix"]},
}


def test_a_language_has_the_first_source_that_has_it_and_else_the_bitext():
    study = load(REAL, edits=deepcopy(STUDY))
    assert judged_sources(study) == {"de": "wikiclir", "sw": "clirmatrix"}
    assert origin_of_pairs(study) == (
        "judged in wikiclir: de; judged in clirmatrix: sw; pairs of the bitext: so"
    )
    needed = needed_files(study)
    assert needed["wikiclir"] == [f"data/wikiclir/de.train.{kind}" for kind in WIKICLIR]
    assert needed["clirmatrix"] == [
        f"downloads/clirmatrix/{name}"
        for name in ("corpus.jsonl", "sw.train.queries.jsonl", "sw.train.qrels.tsv")
    ]
    turned = {"judged_pairs.sources": ["largeclir", "wikiclir"]}
    assert judged_sources(load(REAL, edits=deepcopy(STUDY) | turned)) == dict.fromkeys(
        ["de", "sw"], "largeclir"
    )


def test_a_language_has_the_pairs_of_its_other_codes(heidelberg, tmp_path):
    """Of zh-Hans those of zh: in what is downloaded, rehearsed and run."""
    edits = {"languages": {"high": ["de-AT", "zh-Hans"], "low": ["so"]}, "local": str(tmp_path)}
    study = load(REAL, edits=deepcopy(STUDY) | edits)
    assert judged_sources(study) == {"de-AT": "wikiclir", "zh-Hans": "clirmatrix"}
    names = needed_names(study)
    assert names["wikiclir"] == [f"de.train.{kind}" for kind in WIKICLIR]
    assert names["clirmatrix"][1:] == ["zh.train.queries.jsonl", "zh.train.qrels.tsv"]
    (reading,) = readings(study, "wikiclir", names["wikiclir"])
    reading.read(heidelberg())
    commands = dry_run(copy_tree(tmp_path / "tree"), study, tmp_path)
    paired = [line for name, line in commands if name == "prepare_judged_pairs"]
    for codes in ("--language de-AT --code de ", "--language zh-Hans --code zh "):
        assert len([line for line in paired if codes in line]) == 1


def test_a_study_without_judged_pairs_trains_on_the_bitext_as_ever():
    study = load(REAL, edits=deepcopy(STUDY) | {"judged_pairs": {}})
    assert judged_sources(study) == {}
    assert origin_of_pairs(study) == "pairs of the bitext: de, sw, so"
    study = load(REAL, edits=deepcopy(STUDY) | {"methods": ["zero_shot"]})
    assert (judged_sources(study), origin_of_pairs(study)) == ({}, "")
    assert not {"wikiclir", "clirmatrix"} & needed_files(study).keys()


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (
            {"judged_pairs.sources": ["wikclir"]},
            "judged_pairs.sources.0: 'wikclir' is unknown; exp",
        ),
        ({"judged_pairs.pairs": 3}, "judged_pairs.pairs: 3 is less than a batch, finetuning.batch"),
        (
            {"local": None, "training_set": {"source": "mmarco"}},
            "local: null, but wikiclir is yours",
        ),
    ],
)
def test_a_mistake_is_one_line(edits, message):
    with pytest.raises(InputError, match=message):
        load(REAL, edits=deepcopy(STUDY) | edits)


def test_constructed_data_has_no_judged_pairs():
    with pytest.raises(
        InputError, match="judged_pairs.sources: 'clirmatrix', but the study's data"
    ):
        load(CONSTRUCTED, edits={"judged_pairs": {"sources": ["clirmatrix"]}})


def test_the_first_rows_of_a_set_are_read_by_its_reader(heidelberg, tmp_path):
    first_rows.read_judged("wikiclir", heidelberg(), "de")
    heidelberg(docs="30\tUlm\tis a city\n")
    with pytest.raises(InputError, match="de.train.docs:1: 3 tab-separated columns, expected 2"):
        first_rows.read_judged("wikiclir", tmp_path / "wikiclir", "de")
    heidelberg(qrels="")
    with pytest.raises(NoRowsError, match=r"de.train.qrels: no row in it"):
        first_rows.read_judged("wikiclir", tmp_path / "wikiclir", "de")


def test_a_rehearsal_reads_what_is_the_users_and_asks_ir_datasets_for_the_rest(
    heidelberg, known, tmp_path, monkeypatch
):
    """Without a network: of what is downloaded only the set of ir_datasets is looked at."""
    edits = {"local": str(tmp_path), "training_set": {"source": "local", "folder": "x"}}
    study = load(REAL, edits=deepcopy(STUDY) | edits)
    heidelberg()
    rehearsal = Rehearsal(study, [], tmp_path / "lock.tsv", tmp_path / "scratch")
    names = needed_names(study)
    found = {name: rehearsal.find("wikiclir", name) for name in names["wikiclir"]}
    rehearsal.read("wikiclir", found)
    assert [file.fault for file in found.values()] == ["", "", ""]
    assert all(file.text.endswith("; yours; first rows read") for file in found.values())
    for name in names["clirmatrix"]:
        assert "ir_datasets has it and downloads it" in rehearsal.find("clirmatrix", name).text
    monkeypatch.setattr(ir_datasets, "registry", {})
    fault = rehearsal.find("clirmatrix", "corpus.jsonl").fault
    assert fault == "ir_datasets knows no 'clirmatrix/en'; see https://ir-datasets.com"


def test_a_collection_of_one_language_needs_its_files_alone():
    study = load(REAL, edits=deepcopy(STUDY) | {"collections": ["belebele", "clirmatrix-sw"]})
    assert study.collection_languages("clirmatrix-sw") == {"sw"}
    asked = [study.has_queries("clirmatrix-sw", language) for language in ("sw", "de", "en")]
    assert asked == [True, False, False]
    assert study.asked_languages("clirmatrix-sw") == ["sw"]
    assert study.asked_languages("belebele") == ["en", "de", "sw", "so"]
    names = ["corpus.jsonl", "sw.test1.queries.jsonl", "sw.test1.qrels.tsv"]
    assert collection_files(study, "clirmatrix-sw", "sw") == [
        f"downloads/clirmatrix/{name}" for name in names
    ]
    # The pairs that wikiclir is trained on are of another part.
    assert len(needed_files(study)["clirmatrix"]) == 5
    with pytest.raises(InputError, match="'de' is in none of the collections; expected one of sw"):
        load(REAL, edits=deepcopy(STUDY) | {"collections": ["clirmatrix-sw"]})


def test_a_collection_of_a_language_that_the_study_lacks_is_one_line():
    edits = {"collections": ["belebele", "clirmatrix-fi"]}
    message = "^collections.1: clirmatrix-fi has queries in 'fi' alone, which is none of the lang"
    with pytest.raises(InputError, match=message):
        load(REAL, edits=deepcopy(STUDY) | edits)
    # A study in miniature keeps one language of a group, and all collections.
    tiny = {
        "languages": {"high": ["de", "fi"], "low": ["sw"]},
        "bitext.sources": ["tatoeba", "tico19", "ntrex"],
        "scale": "tiny",
    }
    study = load(REAL, edits=deepcopy(STUDY) | edits | tiny)
    assert study.asked_languages("clirmatrix-fi") == []


WITHOUT_BITEXT = {
    "languages": {"high": ["ru"], "low": ["my"]},
    "bitext.sources": ["lafand"],
    "judged_pairs": {"sources": ["clirmatrix"]},
}


def test_a_language_needs_bitext_only_where_something_learns_from_it():
    edits = deepcopy(STUDY) | WITHOUT_BITEXT
    study = load(REAL, edits=deepcopy(edits))
    assert study.languages_with_bitext == []
    assert needed_files(study).keys() == {"belebele", "clirmatrix"}
    tiny = load(REAL, edits=deepcopy(edits) | {"scale": "tiny"})
    assert [*tiny["pretraining"]["text"]] == ["en"]
    # A translator of the hub has learnt from other bitext.
    hub = {"translation": {"hub": "facebook/m2m100_418M"}}
    translated = {"methods": ["bm25", "zero_shot", "bm25_translated", "translate_train"]}
    load(REAL, edits=deepcopy(edits) | hub | translated)
    published = {"training_set": {"source": "mmarco"}, "methods": ["zero_shot", "translate_train"]}
    languages = {"languages": {"high": ["ru"], "low": ["vi"]}}
    load(REAL, edits=deepcopy(edits) | published | languages)
    message = r"languages.high: 'ru' is in none of the bitext sources"
    for learning in (
        {"judged_pairs": {}},
        {"methods": ["zero_shot", "wikiclir", "greedy"]},
        translated,
    ):
        with pytest.raises(InputError, match=message):
            load(REAL, edits=deepcopy(edits) | learning)
    with pytest.raises(InputError, match=r"languages.low: 'my' is in none of the bitext sources"):
        load(REAL, edits=deepcopy(edits) | published)


def test_a_study_without_any_bitext_has_all_steps_to_its_report_and_models(tmp_path):
    study = load(REAL, edits=deepcopy(STUDY) | WITHOUT_BITEXT | {"local": str(tmp_path)})
    commands = dry_run(copy_tree(tmp_path / "tree"), study, tmp_path, "all", "models")
    assert "prepare_bitext" not in {name for name, _ in commands}
    exported = [line for name, line in commands if name == "export_student"]
    assert len(exported) == 2
    assert all(" --judged " in line and "--cleaning" not in line for line in exported)
    (report,) = (line for name, line in commands if name == "write_report")
    assert "--pairs 'judged in clirmatrix: ru, my'" in report


def dry_run(tree, study, local, *targets):
    """(program, its options) of each step of a study, whose own training set is empty."""
    (local / "squad").mkdir()
    for name in ("collection.tsv", "queries.train.tsv", "qrels.train.tsv"):
        (local / "squad" / name).touch()
    (tree / "studies/judged.yaml").write_text(yaml.safe_dump(dict(study.settings)))
    options = ("--configfile", "studies/judged.yaml", "--dry-run", "--printshellcmds")
    shown = succeeds(snakemake(tree, *targets, *options)).stdout
    return re.findall(r"python workflow_scripts/(\w+).py (.*?) > ", shown)


def test_the_steps_of_a_study_read_judged_pairs_or_the_bitext(heidelberg, tmp_path):
    collections = ["belebele", "clirmatrix-sw"]
    edits = {"local": str(tmp_path), "collections": collections}
    study = load(REAL, edits=deepcopy(STUDY) | edits)
    heidelberg()
    commands = dry_run(copy_tree(tmp_path / "tree"), study, tmp_path)
    trained = {
        re.search(r"--pairs (\S+)", line)[1]
        for name, line in commands
        if name == "finetune_student"
    }
    data = "results/real/data"
    assert trained == {
        f"{data}/pairs/wikiclir/de.parquet",
        f"{data}/pairs/wikiclir/sw.parquet",
        f"{data}/bitext/so.parquet",
    }
    paired = [line for name, line in commands if name == "prepare_judged_pairs"]
    assert len(paired) == 2
    assert all(f"--collections {data}/collections/belebele" in line for line in paired)
    assert all(f"--tests {data}/collections/belebele/ngrams/" in line for line in paired)
    exported = [line for name, line in commands if name == "export_ir_dataset"]
    assert sorted(line.partition(" --output")[0] for line in exported) == [
        "--id clirmatrix/en --part corpus --rows 5984197",
        *(
            f"--id clirmatrix/en/bi139-base/sw/{part} --part {what} "
            for part in ("test1", "train")
            for what in ("qrels", "queries")
        ),
    ]
    # In the pivot nobody asks the same: its passages alone are kept out of training.
    scored = [line for name, line in commands if name == "score_run" and "clirmatrix-sw" in line]
    assert {re.search(r"--language (\S+)", line)[1] for line in scored} == {"sw"}
    assert not any("--pivot-run" in line for line in scored)
    # Not relevant is the lowest of its grades, but of belebele the only one.
    assert all("--relevance-level 2 " in line for line in scored)
    others = [line for name, line in commands if name == "score_run" and line not in scored]
    assert others
    assert all("--relevance-level 1 " in line for line in others)
    hashed = [line for name, line in commands if name == "hash_collection"]
    (english,) = (line for line in hashed if "clirmatrix-sw/ngrams/en" in line)
    assert "--queries" not in english
    assert f"--passages {data}/collections/clirmatrix-sw/passages.parquet" in english
    (report,) = (line for name, line in commands if name == "write_report")
    assert f"--pairs '{origin_of_pairs(study)}'" in report
    assert " --levels clirmatrix-sw=2 " in report
