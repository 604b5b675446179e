"""The programs of the data stage, run as a user runs them."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PROGRAMS = Path(__file__).parents[1] / "workflow_scripts"
NAMES = [
    "download_file",
    "prepare_bitext",
    "prepare_training_set",
    "prepare_collection",
    "prepare_queries",
]


def run(name, *arguments):
    command = [sys.executable, PROGRAMS / f"{name}.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def ntrex(tmp_path):
    (tmp_path / "documents.tsv").write_text("a\n" * 5)
    for language in ("en", "sw"):
        lines = [f"sentence {i} {language}\n" for i in range(5)]
        (tmp_path / f"{language}.txt").write_text("".join(lines))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_program_describes_itself_without_loading_torch(name):
    code = (
        f"import sys; sys.path.insert(0, {str(PROGRAMS)!r}); import {name}; "
        "sys.exit(' '.join(sys.modules.keys() & {'torch', 'snakemake', 'transformers'}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stderr.strip() == ""
    assert "--output" in run(name, "--help").stdout or name == "prepare_collection"


def test_bitext_is_prepared(tmp_path):
    (tmp_path / "sw.source.txt").write_text("Habari.\nAsante sana.\n")
    (tmp_path / "sw.target.txt").write_text("Hello.\nMany thanks.\n")
    output, cleaning = tmp_path / "sw.parquet", tmp_path / "sw.csv"
    done = run(
        *("prepare_bitext", "--language", "sw", "--sources", f"tatoeba={tmp_path}", "--pairs", 1),
        *("--output", output, "--cleaning", cleaning),
    )
    assert done.returncode == 0
    assert list(pd.read_parquet(output).target) == ["Hello."]
    assert "tatoeba,kept,1" in cleaning.read_text()


def test_a_collection_and_its_queries_are_prepared(ntrex):
    collection = ("--collection", "ntrex", "--folder", ntrex)
    qrels = ("--qrels", ntrex / "qrels.txt")
    done = run("prepare_collection", *collection, "--passages", ntrex / "p.parquet", *qrels)
    assert done.returncode == 0
    output = ("--output", ntrex / "sw.tsv")
    done = run("prepare_queries", *collection, "--language", "sw", *qrels, *output)
    assert done.returncode == 0
    assert len(pd.read_parquet(ntrex / "p.parquet")) == 2
    assert (ntrex / "sw.tsv").read_text() == "a\tsentence 0 sw\n"


def test_a_training_set_is_prepared(tmp_path):
    (tmp_path / "collection.tsv").write_text("p0\ttext\n")
    (tmp_path / "queries.train.tsv").write_text("q0\twhat\nq1\twho\n")
    (tmp_path / "qrels.train.tsv").write_text("q0\t0\tp0\t1\n")
    done = run(
        "prepare_training_set", "--source", f"msmarco={tmp_path}", "--output", tmp_path / "out"
    )
    assert done.returncode == 0
    assert "left out: 1 queries without a judgement" in done.stderr
    assert (tmp_path / "out" / "qrels.tsv").read_text() == "q0\t0\tp0\t1\n"


def test_a_file_is_taken_from_a_mirror(tmp_path):
    copy = tmp_path / "mirror" / "example.org" / "file"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"data")
    done = run(
        *("download_file", "--url", "https://example.org/file", "--bytes", 4),
        *("--sha256", hashlib.sha256(b"data").hexdigest()),
        *("--mirrors", tmp_path / "mirror", "--output", tmp_path / "file"),
    )
    assert done.returncode == 0
    assert (tmp_path / "file").read_bytes() == b"data"


@pytest.mark.parametrize("missing", ["sw.txt", "documents.tsv"])
def test_a_users_mistake_is_one_line_and_a_failure(ntrex, missing):
    (ntrex / missing).unlink()
    (ntrex / "qrels.txt").write_text("a 0 a.0 1\n")
    done = run(
        *("prepare_queries", "--collection", "ntrex", "--folder", ntrex, "--language", "sw"),
        *("--qrels", ntrex / "qrels.txt", "--output", ntrex / "out.tsv"),
    )
    assert done.returncode == 1
    assert missing in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (ntrex / "out.tsv").exists()
