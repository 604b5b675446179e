"""Asking a finished study: the answer is that of the index, and what is unknown is said."""

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
    }
    (results / "study.yaml").write_text(yaml.safe_dump(settings))
    columns = ["passage_id", "judged_id", "text"]
    write_parquet(results / "data/collections/made-up/passages.parquet", columns, PASSAGES)
    store = results / "passages" / "base" / "made-up"
    texts = [text for _, _, text in PASSAGES]
    write_token_vectors(store, embed(teacher, texts, task="document"), teacher.dimension)
    build_index(TokenVectors(store), results / "indexes" / "base" / "made-up")
    monkeypatch.chdir(tmp_path)


def asked(*arguments):
    return subprocess.run(
        [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, check=False
    )


def test_the_passage_that_is_asked_for_comes_first_with_its_alignment(study):
    done = asked("--study", "tiny", "--student", "base", "--lang", "sw", "the cat sat on the mat")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("1. "))
    assert lines[first].startswith("1. p2  score ")
    assert lines[first + 1].strip() == "the cat sat on the mat"
    assert "t → t 1.00" in lines[first + 2]
    assert "\x1b" not in done.stdout  # no colour where it is not seen
    assert sum(line[:2] in ("1.", "2.", "3.") for line in lines) == 3


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
        ({"--seed": "7"}, "no model 'seed-7': expected one of seed-1"),
    ],
)
def test_what_is_unknown_is_a_line_that_says_what_there_is(study, change, message):
    arguments = {"--study": "tiny", "--student": "base", "--lang": "sw"} | change
    done = asked(*(word for pair in arguments.items() for word in pair), "the dog")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == f"ask: {message}"


def test_a_model_that_is_still_trained_cannot_be_asked(study):
    Path("results/tiny/students/base/optical/sw/seed-2.training").mkdir()
    done = asked("--study", "tiny", "--student", "base", "--lang", "sw", "--seed", "2", "the dog")
    assert done.stderr.splitlines()[-1] == "ask: no model 'seed-2': expected one of seed-1"


def test_the_colour_of_a_token_is_seen_in_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    similarity = np.array([[0.1, 0.9], [0.8, 0.2]])
    ask.show_alignment(["the", "dog"], ["mbwa", "ile"], similarity)
    out = capsys.readouterr().out
    assert "the → ile 0.90" in out
    assert "dog → mbwa 0.80" in out
    assert out.count("\x1b[30;48;5;") == 2
