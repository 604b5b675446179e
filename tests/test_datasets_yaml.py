"""The format of resources/datasets.yaml, and its files where this machine has them."""

import re
from pathlib import Path

import pytest
import yaml

from optical.corpora import ir_dataset, registry
from optical.runtime.downloads import mirrored
from optical.runtime.files import sha256

PATH = Path(__file__).parents[1] / "resources" / "datasets.yaml"
DATASETS = yaml.safe_load(PATH.read_text(encoding="utf-8"))
FILES = {
    f"{dataset}/{name}": file
    for dataset, entry in DATASETS.items()
    for name, file in entry["files"].items()
}
DOWNLOADS = {name: file for name, file in FILES.items() if "url" in file}

REQUIRED = {"title", "licence", "homepage", "citation", "files"}


def faults(name, entry):
    """What is wrong with a data set, a line each."""
    found = []

    def expect(holds, where, what):
        if not holds:
            found.append(f"{where}: expected {what}")

    expect(re.fullmatch("[a-z0-9][a-z0-9_]*", name), name, "a name without - or capitals")
    expect(set(entry) >= REQUIRED, name, f"the keys {sorted(REQUIRED)}")
    expect(
        set(entry)
        <= REQUIRED | {"access", "folder", "languages", "layout", "relevance_level", "topics"},
        name,
        "no other key",
    )
    level = entry.get("relevance_level", 1)
    expect(type(level) is int and level > 0, f"{name}.relevance_level", "a grade above 0")
    for key in set(entry) - {"files", "languages", "relevance_level", "topics"}:
        good = isinstance(entry[key], str) and entry[key].strip() and "\n" not in entry[key]
        expect(good, f"{name}.{key}", "a line of text")
    expect(str(entry.get("homepage")).startswith("https://"), f"{name}.homepage", "https://")
    expect(entry.get("files"), f"{name}.files", "at least one file")
    for group in entry.get("topics", ()):
        expect({"languages", "origin"} <= set(group), f"{name}.topics", "languages and origin")
        expect(set(group) <= {"languages", "origin", "public"}, f"{name}.topics", "no other key")
        expect(group.get("public", True) in (True, False), f"{name}.topics", "public true or false")
    own, exported = "folder" in entry, "layout" in entry
    expect(entry.get("layout", "ir_datasets") == "ir_datasets", f"{name}.layout", "ir_datasets")
    expect(not (own and exported), name, "a folder or a layout")
    if own:
        folder = Path(str(entry["folder"]))
        expect(not folder.is_absolute() and ".." not in folder.parts, name, "a folder below local")
    for file, about in (entry.get("files") or {}).items():
        where = f"{name}/{file}"
        expect(re.fullmatch(r"[A-Za-z0-9][\w.+-]*", file), where, "a plain file name")
        allowed = {"language", "licence", "citation", "role"}
        expect(about.get("role", "test") in ("train", "test"), where, "the role train or test")
        if exported:
            allowed |= {"id", "part", "fields", "rows"}
            expect({"id", "part"} <= set(about), where, "id and part")
            expect(about.get("part") in ir_dataset.PARTS, where, f"one of {[*ir_dataset.PARTS]}")
        elif not own:
            allowed |= {"url", "sha256", "md5", "bytes"}
        expect(
            set(about) <= allowed,
            where,
            "no other key; one without url lies in the folder of its data set",
        )
        if not (own or exported):
            url = about.get("url", "")
            expect(re.fullmatch(r"https://[^\s/@]+/\S+", url), where, "a url with https://")
        if "sha256" in about:
            expect(re.fullmatch("[0-9a-f]{64}", str(about["sha256"])), where, "64 hex digits")
        if "md5" in about:
            expect(re.fullmatch("[0-9a-f]{32}", str(about["md5"])), where, "32 hex digits")
        if "bytes" in about:
            size = about["bytes"]
            expect(type(size) is int and size > 0, where, "bytes above 0")
        if "language" in about:
            # YAML reads a bare no as false.
            language = about["language"]
            good = isinstance(language, str) and re.fullmatch("[A-Za-z0-9_-]+", language)
            expect(good, where, "a language as a string")
            expect(file.startswith(f"{language}."), where, "a name that begins with its language")
    return found


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_data_set_says_what_it_is_who_may_use_it_and_how_it_is_had(dataset):
    assert faults(dataset, DATASETS[dataset]) == []


ENTRY = """
title: Example
licence: CC0-1.0
homepage: https://example.org
citation: Nobody (2026).
"""
SOUND = {
    "a download": "files: {fr.txt: {language: fr, url: https://example.org/fr.txt}}",
    "a checked one": "files: {a: {url: https://example.org/a, sha256: '%s', bytes: 1}}"
    % ("0" * 64),
    "one to ask for": "access: Sign the form.\nfiles: {a: {url: https://example.org/a}}",
    "topics": "topics: [{languages: [sw], origin: x, public: false}]\nfolder: clef\nfiles: {a: {}}",
    "a set of ir_datasets": "layout: ir_datasets\nfiles: {a: {id: x/y, part: qrels, fields: [b]}}",
    "a graded set": "relevance_level: 2\nfiles: {a: {url: https://example.org/a}}",
    "a user's own": "folder: clef\nfiles: {documents.xml: {}, fr.txt: {language: fr}}",
}
UNSOUND = {
    "no files": ("files: {}", "at least one file"),
    "an unknown key": ("acess: x\nfiles: {a: {url: https://example.org/a}}", "no other key"),
    "topics from nowhere": ("topics: [{languages: [sw]}]\nfolder: x\nfiles: {a: {}}", "origin"),
    "a grade that all passages have": (
        "relevance_level: 0\nfiles: {a: {url: https://example.org/a}}",
        "a grade above 0",
    ),
    "no https": ("files: {a: {url: http://example.org/a}}", "https"),
    "a password": ("files: {a: {url: https://me:pass@example.org/a}}", "https"),
    "a part that ir_datasets has not": (
        "layout: ir_datasets\nfiles: {a: {id: x/y, part: docs}}",
        "one of",
    ),
    "an unknown layout": ("layout: beir\nfiles: {a: {id: x/y, part: qrels}}", "ir_datasets"),
    "no url": ("files: {a: {}}", "url"),
    "a url of a user's file": (
        "folder: clef\nfiles: {a: {url: https://example.org/a}}",
        "no other key",
    ),
    "a folder elsewhere": ("folder: ../clef\nfiles: {a: {}}", "below local"),
    "a short checksum": ("files: {a: {url: https://example.org/a, sha256: abc}}", "64 hex"),
    "an empty checksum": ("files: {a: {url: https://example.org/a, sha256: }}", "64 hex"),
    "a short md5": ("files: {a: {url: https://example.org/a, md5: abc}}", "32 hex"),
    "a size of nothing": ("files: {a: {url: https://example.org/a, bytes: 0}}", "above 0"),
    "a language that YAML misreads": (
        "files: {no.txt: {language: no, url: https://example.org/a}}",
        "as a string",
    ),
    "a name of another language": (
        "files: {de.txt: {language: fr, url: https://example.org/a}}",
        "begins with its language",
    ),
    "a name that leaves the folder": ("files: {../a: {url: https://example.org/a}}", "plain"),
}


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_data_set_has_no_fault(kind):
    assert faults("example", yaml.safe_load(ENTRY + SOUND[kind])) == []


@pytest.mark.parametrize("kind", UNSOUND)
def test_a_fault_is_found(kind):
    text, what = UNSOUND[kind]
    assert [what in fault for fault in faults("example", yaml.safe_load(ENTRY + text))].count(True)


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_a_key_that_is_missing_is_found(key):
    entry = yaml.safe_load(ENTRY + SOUND["a download"])
    del entry[key]
    assert faults("example", entry)


def test_no_two_files_have_one_address():
    urls = [entry["url"] for entry in DOWNLOADS.values()]
    assert len(urls) == len(set(urls))


def test_addresses_of_a_branch_are_the_known_ones():
    """Nobody here knows a commit of them: resources/datasets.yaml says what is to be done."""
    floating = {name for name, file in DOWNLOADS.items() if "/resolve/main/" in file["url"]}
    talks = {f"talks/{language}.parquet" for language in ("th", "tr", "ur", "vi", "zh")}
    assert floating == {*talks, "mmarco/negatives.jsonl.gz"}


def test_every_source_has_a_module_and_every_module_a_source():
    served = {
        *registry.BITEXT,
        *registry.SCORES,
        *registry.JUDGED,
        *(name.split("-")[0] for name in registry.COLLECTIONS),
    }
    assert served - {"constructed"} == set(DATASETS)


@pytest.mark.parametrize(("dataset", "file"), registry.SCORES.items())
def test_scores_are_in_the_file_that_is_read(dataset, file):
    assert set(DATASETS[dataset]["files"]) == {file}


@pytest.mark.parametrize("file", [name for name, file in DOWNLOADS.items() if "sha256" in file])
def test_a_mirrored_file_is_the_one_described(mirror, file):
    entry = FILES[file]
    path = mirrored(entry["url"], mirror)
    if not path.exists():
        pytest.skip("not in this mirror")
    assert path.stat().st_size == entry.get("bytes", path.stat().st_size)
    assert sha256(path) == entry["sha256"]
