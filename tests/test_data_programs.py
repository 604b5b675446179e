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
    "hash_collection",
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
    (tmp_path / "sw.source.txt").write_text("Jambo\nHabari.\nAsante sana.\n")
    (tmp_path / "sw.target.txt").write_text("jambo\nHello.\nMany thanks.\n")
    output, cleaning = tmp_path / "sw.parquet", tmp_path / "sw.csv"
    removed = tmp_path / "sw.removed.parquet"
    done = run(
        *("prepare_bitext", "--language", "sw", "--sources", f"tatoeba={tmp_path}"),
        *("--pairs", 1, "--held-out-share", 0),
        *("--output", output, "--cleaning", cleaning, "--removed", removed),
    )
    assert done.returncode == 0
    assert list(pd.read_parquet(output).target) == ["Hello."]
    assert "tatoeba,kept,1" in cleaning.read_text()
    assert list(pd.read_parquet(removed).rule) == ["copy"]


def test_a_collection_and_its_queries_are_prepared(ntrex):
    collection = ("--collection", "ntrex", "--folder", ntrex)
    qrels = ("--qrels", ntrex / "qrels.txt")
    done = run("prepare_collection", *collection, "--passages", ntrex / "p.parquet", *qrels)
    assert done.returncode == 0
    output = ("--output", ntrex / "sw.tsv", "--doubtful", ntrex / "sw.doubtful.txt")
    done = run("prepare_queries", *collection, "--language", "sw", *qrels, *output)
    assert done.returncode == 0
    assert len(pd.read_parquet(ntrex / "p.parquet")) == 2
    assert (ntrex / "sw.tsv").read_text() == "a\tsentence 0 sw\n"


def test_what_a_collection_says_is_kept_out_of_bitext_and_training_set(ntrex):
    collection = ("--collection", "ntrex", "--folder", ntrex)
    passages, qrels = ntrex / "passages.parquet", ntrex / "qrels.txt"
    run("prepare_collection", *collection, "--passages", passages, "--qrels", qrels)
    for language in ("en", "sw"):
        queries = ntrex / "queries" / f"{language}.tsv"
        made = run(
            *("prepare_queries", *collection, "--language", language),
            *("--qrels", qrels, "--output", queries),
            *("--doubtful", ntrex / "queries" / f"{language}.doubtful.txt"),
        )
        assert made.returncode == 0, made.stderr
        also = ("--passages", passages) if language == "en" else ()
        hashes = ("--queries", queries, *also, "--output", ntrex / f"{language}.u64")
        assert run("hash_collection", "--language", language, *hashes).returncode == 0
    (ntrex / "fit").mkdir()
    (ntrex / "fit" / "sw.source.txt").write_text("Sentence, 0 SW!\nHabari yako.\n")
    (ntrex / "fit" / "sw.target.txt").write_text("Another one here\nHow are you.\n")
    cleaning = ntrex / "sw.csv"
    done = run(
        *("prepare_bitext", "--language", "sw", "--sources", f"tatoeba={ntrex / 'fit'}"),
        *("--held-out-share", 0),
        *("--tests", ntrex / "sw.u64", "--pivot-tests", ntrex / "en.u64"),
        *("--output", ntrex / "sw.parquet", "--cleaning", cleaning),
    )
    assert done.returncode == 0, done.stderr
    assert list(pd.read_parquet(ntrex / "sw.parquet").source) == ["Habari yako."]
    assert "tatoeba,leak,1" in cleaning.read_text()

    (ntrex / "collection.tsv").write_text("p0\ttext\n")
    (ntrex / "queries.train.tsv").write_text("q0\twhat\nq1\tSentence 0 en\n")
    (ntrex / "qrels.train.tsv").write_text("q0\t0\tp0\t1\nq1\t0\tp0\t1\n")
    done = run(
        *("prepare_training_set", "--source", f"msmarco={ntrex}", "--tests", ntrex),
        *("--output", ntrex / "out", "--counts", ntrex / "out.csv"),
    )
    assert done.returncode == 0, done.stderr
    assert "left out: queries that a test collection has,1" in (ntrex / "out.csv").read_text()
    assert (ntrex / "out" / "queries.tsv").read_text() == "q0\twhat\n"


def test_a_training_set_is_prepared(tmp_path):
    (tmp_path / "collection.tsv").write_text("p0\ttext\n")
    (tmp_path / "queries.train.tsv").write_text("q0\twhat\nq1\twho\n")
    (tmp_path / "qrels.train.tsv").write_text("q0\t0\tp0\t1\n")
    done = run(
        *("prepare_training_set", "--source", f"msmarco={tmp_path}"),
        *("--output", tmp_path / "out", "--counts", tmp_path / "out.csv"),
    )
    assert done.returncode == 0
    counts = dict(line.split(",") for line in (tmp_path / "out.csv").read_text().splitlines())
    assert counts.pop("what") == "number"
    assert counts["queries"] == "1"
    assert counts["left out: queries without a judgement"] == "1"
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
        *("--doubtful", ntrex / "doubtful.txt"),
    )
    assert done.returncode == 1
    assert missing in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (ntrex / "out.tsv").exists()
