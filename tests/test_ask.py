"""Asking a finished study: the answer is that of the index, and what is unknown is said."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file, save_file

import ask
from conftest import embedder
from optical.corpora.rows import write_parquet
from optical.models.embedding import embed
from optical.retrieval.alignment import aligned
from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors

PASSAGES = [("p1", "d", "the dog"), ("p2", "d", "the cat sat on the mat"), ("p3", "d", "a mat")]
PROGRAM = Path(ask.__file__)


@pytest.fixture
def study(tmp_path, model, monkeypatch):
    """The results of a study whose one student was not changed by its training."""
    results = tmp_path / "results" / "tiny"
    teacher = embedder(model, results / "teachers" / "base")
    embedder(model, results / "students" / "base" / "optical" / "sw" / "seed-1")
    settings = {
        "students": {"base": {"encoder": "base", "teacher": "base"}},
        "methods": ["zero_shot", "optical"],
        "collections": ["made-up"],
        "seeds": [1],
    }
    (results / "study.yaml").write_text(yaml.safe_dump(settings))
    columns = ["passage_id", "judged_id", "text"]
    write_parquet(results / "data/collections/made-up/passages.parquet", columns, PASSAGES)
    store = results / "passages" / "base" / "made-up"
    texts = [text for _, _, text in PASSAGES]
    write_token_vectors(store, embed(teacher, texts, task="document"), teacher.dimension)
    build_index(TokenVectors(store), results / "indexes" / "base" / "made-up")
    monkeypatch.chdir(tmp_path)


TINY = ("--study", "tiny", "--student", "base", "--lang", "sw")


def asked(*arguments, questions=""):
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments],
        input=questions,
        capture_output=True,
        text=True,
        check=False,
    )


def languages(study, **settings):
    """Add settings to those of the study."""
    file = Path("results/tiny/study.yaml")
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | settings))


def test_the_passage_that_is_asked_for_comes_first_with_its_alignment(study):
    done = asked("--study", "tiny", "--student", "base", "--lang", "sw", "the cat sat on the mat")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("1. "))
    assert lines[first].startswith("1. p2  score ")
    assert lines[first + 1].strip() == "the cat sat on the mat"
    assert "t → t 1.00" in lines[first + 2]
    assert "[Q] → " in lines[first + 2]
    assert "\x1b" not in done.stdout  # no colour where it is not seen
    assert sum(line[:2] in ("1.", "2.", "3.") for line in lines) == 3


def test_without_a_seed_it_is_the_first_of_the_study(study):
    languages(study, seeds=[2, 3], teacher={"seeds": [2, 3]})
    for kind, of_teacher in (("teachers", "base"), ("passages", "base"), ("indexes", "base")):
        Path("results/tiny", kind, of_teacher).rename(Path("results/tiny", kind, "base@2"))
    own = Path("results/tiny/students/base/optical/sw")
    (own / "seed-1").rename(own / "seed-2")
    for method in ("optical", "zero_shot"):
        done = asked(*TINY, "--method", method, "the cat sat on the mat")
        assert done.returncode == 0, done.stderr
        assert "1. p2  score " in done.stdout


def test_a_model_that_gives_nan_is_refused(study):
    file = Path("results/tiny/students/base/optical/sw/seed-1/1_Dense/model.safetensors")
    weights = load_file(file)
    save_file({name: weight * np.nan for name, weight in weights.items()}, file)
    done = asked("--study", "tiny", "--student", "base", "--lang", "sw", "the cat")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith("seed-1 gives vectors that are not finite")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--study": "other"}, "no study other: those here are tiny"),
        ({"--student": "large"}, "no student 'large': expected one of base"),
        ({"--lang": "fr"}, "no language 'fr': expected one of sw"),
        ({"--method": "greedy"}, "no method 'greedy': expected one of zero_shot, optical"),
        ({"--collection": "mars"}, "no collection 'mars': expected one of made-up"),
        ({"--seed": "7"}, "no seed 7: expected one of 1"),
    ],
)
def test_what_is_unknown_is_a_line_that_says_what_there_is(study, change, message):
    arguments = {"--study": "tiny", "--student": "base", "--lang": "sw"} | change
    done = asked(*(word for pair in arguments.items() for word in pair), "the dog")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == f"ask: {message}"


def test_a_model_that_is_still_trained_cannot_be_asked(study):
    languages(study, seeds=[1, 2])
    Path("results/tiny/students/base/optical/sw/seed-2.training").mkdir()
    done = asked("--study", "tiny", "--student", "base", "--lang", "sw", "--seed", "2", "the dog")
    assert done.stderr.splitlines()[-1] == "ask: no model 'seed-2': expected one of seed-1"


def test_the_colour_of_a_token_is_seen_in_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    query = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    passage = np.array([[0.1, 0.8], [0.9, 0.2]], dtype=np.float16)
    pairs = aligned(["the", "dog"], ["mbwa", "ile"], query, passage)
    found = {"rank": 1, "id": "p", "score": 1.7, "most": 2, "text": "mbwa ile", "alignment": pairs}
    ask.show("", [found])
    out = capsys.readouterr().out
    assert "the → ile 0.90" in out
    assert "dog → mbwa 0.80" in out
    assert out.count("\x1b[30;48;5;") == 2


def test_questions_of_standard_input_are_answered_as_lines_of_json(study):
    questions = "the cat sat on the mat\nthe dog\n"
    done = asked(*TINY, "--json", "--passages", "2", "-", questions=questions)
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["question"] == "the cat sat on the mat"
    assert (first["method"], first["language"], first["collection"]) == ("optical", "sw", "made-up")
    assert [passage["id"] for passage in first["passages"]][0] == "p2"
    assert [passage["rank"] for passage in second["passages"]] == [1, 2]
    best = second["passages"][0]
    assert (best["id"], best["text"]) == ("p1", "the dog")
    similarities = [pair["similarity"] for pair in best["alignment"]]
    assert sum(similarities) == pytest.approx(best["score"], abs=1e-2)
    assert best["most"] == len(similarities)


@pytest.mark.parametrize(
    ("question", "questions", "message"),
    [
        ("", "", "the question: an empty question, expected some words"),
        (" \u200b ", "", "the question: an empty question, expected some words"),
        ("-", "", "standard input: no question there, expected one on each line"),
        ("-", "the dog\n\n", "standard input:2: an empty question, expected some words"),
    ],
)
def test_an_empty_question_is_refused(study, question, questions, message):
    done = asked(*TINY, question, questions=questions)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"ask: {message}"


def test_the_teacher_answers_questions_in_the_language_of_the_passages(study):
    languages(study, pivot="en", languages={"high": ["fr"], "low": ["sw"]})
    done = asked("--study", "tiny", "--student", "base", "--lang", "en", "--json", "the dog")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["method"] == "zero_shot"
    assert answer["model"].endswith("teachers/base")
    assert answer["passages"][0]["id"] == "p1"
    for wanted, message in (
        (("--lang", "en", "--method", "optical"), "expected --method zero_shot"),
        (("--lang", "de", "--method", "zero_shot"), "no language 'de': expected one of en, fr, sw"),
    ):
        done = asked("--study", "tiny", "--student", "base", *wanted, "the dog")
        assert done.stderr.splitlines()[-1].endswith(message)


def test_a_method_without_a_model_is_not_offered(study):
    languages(study, methods=["bm25", "zero_shot", "translate_query", "greedy", "optical"])
    done = asked(*TINY, "--method", "translate_query", "the dog")
    assert done.stderr.splitlines()[-1] == (
        "ask: no method 'translate_query': expected one of zero_shot, optical"
    )


def test_results_of_another_folder_and_another_encoder_are_asked(study, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree("results/tiny/teachers/base", elsewhere / "downloaded")
    monkeypatch.chdir(elsewhere)
    done = asked(*TINY, "--folder", tmp_path, "--model", "downloaded", "--json", "the dog")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["model"], answer["method"]) == ("downloaded", None)
    assert answer["passages"][0]["id"] == "p1"


def test_vectors_of_other_passages_are_refused(study):
    table = Path("results/tiny/data/collections/made-up/passages.parquet")
    write_parquet(table, ["passage_id", "judged_id", "text"], PASSAGES[:-1])
    done = asked(*TINY, "the dog")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        f"is of {len(PASSAGES)} texts, {table} of {len(PASSAGES) - 1}"
    )


def test_an_encoder_of_another_dimension_is_refused(study, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree("results/tiny/teachers/base", folder)
    file = folder / "1_Dense/model.safetensors"
    save_file({name: weight[:4] for name, weight in load_file(file).items()}, file)
    done = asked(*TINY, "--model", folder, "the dog")
    assert done.returncode == 1
    assert "other: vectors of 4 dimensions, those of the passages have " in done.stderr
