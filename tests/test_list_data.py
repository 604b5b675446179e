"""The listing of the data sources, as a user asks for it."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from optical.study.files import with_found

ROOT = Path(__file__).parents[1]
DATASETS = yaml.safe_load((ROOT / "resources/datasets.yaml").read_text())
STUDY = """
study: own
pivot: en
languages: {high: [fr], low: [sw]}
encoders:
  base: {hub: FacebookAI/xlm-roberta-base, revision: e73636d4f797dec63c3081bb6ed5c7b0bb3f2089}
bitext: {sources: [lafand, tatoeba, letters]}
training_set: {source: local, folder: squad}
collections: [ntrex]
methods: [zero_shot]
own:
  letters: {folder: letters, layout: moses, languages: [fr]}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path / "study.yaml"


def run(folder, *arguments):
    program = ROOT / "workflow_scripts/list_data.py"
    command = [sys.executable, program, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def listing(folder, *arguments):
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def paragraph(text, name):
    return next(part for part in text.split("\n\n") if part.startswith(f"{name}: "))


def test_all_sources_are_listed_with_what_is_missing(tmp_path):
    text = listing(tmp_path)
    for name, entry in DATASETS.items():
        part = paragraph(text, name)
        assert entry["title"] in part
        # The files of clef are those of its languages too.
        files = with_found(entry, None)["files"] if "topics" in entry else entry["files"]
        assert f"licence {entry['licence']}; {len(files)} files" in part
        assert entry["citation"] not in part
    assert f"{len(DATASETS)} sources" in text


def test_what_to_cite_is_told_when_asked(tmp_path):
    text = listing(tmp_path, "--citations")
    assert [name for name, entry in DATASETS.items() if entry["citation"] not in text] == []


def test_a_study_lists_only_what_it_needs_and_where_that_is(tmp_path, study):
    (tmp_path / "downloads/lafand").mkdir(parents=True)
    (tmp_path / "downloads/lafand/sw.dev.source.txt").touch()
    copy = tmp_path / "mirror" / DATASETS["ntrex"]["files"]["en.txt"]["url"].split("://")[1]
    copy.parent.mkdir(parents=True)
    copy.touch()
    text = listing(tmp_path, "--study", study, "--mirrors", tmp_path / "mirror")
    assert "xquad" not in text
    assert "6 files, 8.2 MB\n    1 here, 0 in a mirror, 5 missing" in paragraph(text, "lafand")
    assert "0 here, 1 in a mirror, 3 missing" in paragraph(text, "ntrex")
    assert "FacebookAI/xlm-roberta-base from the hub\n    size unknown; missing" in text
    assert "and 1 models from the hub: unknown" in text


def test_a_known_translator_is_listed_with_its_licence(tmp_path, study):
    methods = "methods: [bm25, bm25_translated, zero_shot]"
    text = STUDY.replace("methods: [zero_shot]", methods)
    study.write_text(f"{text}translation: {{hub: facebook/m2m100_418M}}\n")
    text = listing(tmp_path, "--study", study)
    assert "translator hub: facebook/m2m100_418M from the hub\n    licence MIT; 1.9 GB" in text


def test_a_users_own_set_is_looked_for_below_local(tmp_path, study):
    (tmp_path / "mine/letters").mkdir(parents=True)
    (tmp_path / "mine/letters/fr.source.txt").touch()
    part = paragraph(listing(tmp_path, "--study", study, "--local", tmp_path / "mine"), "letters")
    assert "1 here, 0 in a mirror, 1 missing\n    missing: fr.target.txt" in part
    assert "2 files, unknown" in part
    assert f"yours to supply, in {tmp_path / 'mine/letters'}" in part


def test_where_topics_of_clef_come_from_is_told_by_language(tmp_path):
    folder = tmp_path / "mine/clef/topics2001"
    folder.mkdir(parents=True)
    title = "<top><num>C041</num><DE-title>Brücken</DE-title></top>"
    (folder / "Top-de01.txt").write_bytes(title.encode("iso-8859-1"))
    (folder / "tl.topics.txt").write_text("query_id: C041\n")
    part = paragraph(listing(tmp_path, "--local", tmp_path / "mine"), "clef")
    assert "topics in de, en, es, fi, fr, it: the campaign's own, in ELRA-E0008" in part
    assert "topics in so, sw: University of Massachusetts, https://ciir.cs.umass.edu/" in part
    assert "topics in mr, tl: none are public" in part
    assert f"here: {folder}/Top-de01.txt: 1 topics in de, ISO-8859-1" in part
    assert f"here: {folder}/tl.topics.txt:1: topic C041 without a title; expected one" in part
    assert "missing: documents, qrels.txt, en.topics.txt, es.topics.txt" in part


def test_scores_are_listed_by_their_name_or_as_the_users_own(tmp_path, study):
    own = STUDY.replace("{source: local, folder: squad}", "{source: mmarco, scores: mine.jsonl}")
    study.write_text(own)
    (tmp_path / "local").mkdir()
    shown = listing(tmp_path, "--study", study, "--local", "local")
    assert "scores: yours, in local/mine.jsonl\n    missing" in shown
    (tmp_path / "local/mine.jsonl").touch()
    shown = listing(tmp_path, "--study", study, "--local", "local")
    assert "scores: yours, in local/mine.jsonl\n    here" in shown
    study.write_text(own.replace("mine.jsonl", "monot5"))
    shown = listing(tmp_path, "--study", study)
    assert "licence MIT; 1 files, unknown" in paragraph(shown, "monot5")
    assert "scores: yours" not in shown


def test_who_translated_the_training_queries_is_told(tmp_path, study):
    text = STUDY.replace("{source: local, folder: squad}", "{source: mmarco}")
    study.write_text(text)
    assert "translate_train" not in listing(tmp_path, "--study", study)
    study.write_text(text.replace("[zero_shot]", "[zero_shot, translate_train]"))
    shown = listing(tmp_path, "--study", study)
    origin = "published with mmarco: fr; translated here: sw"
    assert f"training queries of translate_train\n    {origin}\n" in shown


def test_a_constructed_study_needs_no_data(tmp_path):
    assert "0 sources, 0 files" in listing(tmp_path, "--study", ROOT / "config.yaml")


def test_a_mistake_in_a_study_is_one_line(tmp_path, study):
    study.write_text(STUDY.replace("[sw]", "[xx]"))
    done = run(tmp_path, "--study", study)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("list_data: languages.low: 'xx' is in none of the collections")
