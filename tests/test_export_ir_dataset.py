"""What ir_datasets knows, exported and read as a test collection of the user's own."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ir_datasets
import pytest
from ir_datasets.datasets.base import Dataset
from ir_datasets.formats import TrecQrels, TsvDocs, TsvQueries
from ir_datasets.util import LocalDownload
from requests import ConnectionError

import export_ir_dataset
from optical.corpora import ir_dataset, registry
from optical.runtime.errors import InputError

PASSAGES, QUERIES = "made-here/dev", "made-here/{lang}/dev"


@pytest.fixture
def known(tmp_path, monkeypatch):
    """ir_datasets with a set of two languages that lies here."""
    for name, text in {
        "docs.tsv": 'p1\tA dog sat\n0x\t"Cats" ate\n',
        "en.tsv": "1\twhich dog\n2\twhich cat\n3\tunjudged\n",
        "sw.tsv": "1\tmbwa gani\n2\tpaka gani\n3\thapana\n",
        "qrels": "1 0 p1 1\n1 0 0x 0\n2 0 0x 2\n",
    }.items():
        (tmp_path / name).write_text(text)

    def here(name):
        return LocalDownload(tmp_path / name)

    docs, qrels = TsvDocs(here("docs.tsv"), lang="en"), TrecQrels(here("qrels"), {})
    sets = {
        PASSAGES: Dataset(docs, TsvQueries(here("en.tsv"), lang="en"), qrels),
        QUERIES.format(lang="sw"): Dataset(TsvQueries(here("sw.tsv"), lang="sw")),
    }
    monkeypatch.setattr(ir_datasets, "registry", sets)
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "home"))


def test_an_exported_set_is_read_as_ones_own(known, tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    for id, part, name in (
        (PASSAGES, "corpus", "corpus.jsonl"),
        (PASSAGES, "qrels", "qrels.tsv"),
        (PASSAGES, "queries", "queries.en.jsonl"),
        (QUERIES.format(lang="sw"), "queries", "queries.sw.jsonl"),
    ):
        export_ir_dataset.main(id=id, part=part, output=folder / name)
    found = registry.collection("mine:beir")
    texts = {passage.passage_id: passage.text for passage in found.passages(folder)}
    assert texts == {"p1": "A dog sat", "0x": '"Cats" ate'}
    assert {query.id: query.text for query in found.queries(folder, "en")} == {
        "1": "which dog",
        "2": "which cat",
        "3": "unjudged",
    }
    assert {query.id: query.text for query in found.queries(folder, "sw")} == {
        "1": "mbwa gani",
        "2": "paka gani",
        "3": "hapana",
    }
    assert list(found.judgements(folder)) == [("1", "p1", 1), ("1", "0x", 0), ("2", "0x", 2)]


@pytest.mark.parametrize(
    ("rows", "fault"), [(2, ""), (3, "made-here/dev: 2 docs, expected 3; rem")]
)
def test_what_was_unpacked_in_part_is_no_data_set(known, tmp_path, monkeypatch, rows, fault):
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "home"))
    job = {"id": PASSAGES, "part": "corpus", "rows": rows, "output": tmp_path / "out"}
    if fault:
        with pytest.raises(InputError, match=f"{fault}ove {tmp_path}/home/made-here, and it is"):
            export_ir_dataset.main(**job)
        assert not (tmp_path / "out").exists()
    else:
        export_ir_dataset.main(**job)
        assert len((tmp_path / "out").read_text().splitlines()) == rows


@pytest.mark.parametrize(
    ("id", "part", "message"),
    [
        ("nothing/here", "corpus", "knows no 'nothing/here'"),
        ("made-here/sw/dev", "qrels", "has no qrels"),
    ],
)
def test_what_is_not_there_is_said_in_a_line_and_nothing_is_written(
    known, tmp_path, id, part, message
):
    with pytest.raises(InputError, match=message):
        export_ir_dataset.main(id=id, part=part, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_that_is_away_is_said_in_a_line(tmp_path, monkeypatch):
    def load(id):
        raise ConnectionError("no route")

    monkeypatch.setattr(ir_datasets, "load", load)
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "home"))
    with pytest.raises(InputError, match="made-here/dev: .* could not download it: no route"):
        export_ir_dataset.main(id=PASSAGES, part="corpus", output=tmp_path / "out")


# A data set that is unpacked slowly, where nothing is yet, and taken for whole where something is.
UNPACKING = """
import os, sys, time
from collections import namedtuple
from pathlib import Path
import ir_datasets
import export_ir_dataset

Passage = namedtuple("Passage", "doc_id text")
Passage.default_text = lambda self: self.text
cache = Path(os.environ["IR_DATASETS_HOME"], "unpacked")

class Unpacked:
    def has_docs(self):
        return True

    def docs_iter(self):
        if not cache.exists():
            with open(cache, "w") as file:
                for number in range(40):
                    print(f"p{number}", file=file, flush=True)
                    time.sleep(0.02)
        for line in open(cache):
            yield Passage(line.strip(), "A dog sat")

ir_datasets.load = lambda name: Unpacked()
export_ir_dataset.main(id="made-here", part="corpus", output=Path(sys.argv[1]))
"""


def exports(folder, number):
    """What so many exports at one time wrote, and what they said."""
    environment = os.environ | {
        "IR_DATASETS_HOME": str(folder / "home"),
        "PYTHONPATH": str(Path(export_ir_dataset.__file__).parent),
    }
    outputs = [folder / f"{place}.jsonl" for place in range(number)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", UNPACKING, output],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for output in outputs
    ]
    said = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * number, said
    return [output.read_text().splitlines() for output in outputs], said


def test_exports_at_one_time_wait_for_what_another_unpacks(tmp_path):
    written, _ = exports(tmp_path, 3)
    assert [len(lines) for lines in written] == [40] * 3


def test_an_export_says_whom_it_waits_for(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        with ir_dataset.cache_alone():
            waiting = pool.submit(enter)
            said = ""
            while not (said := capsys.readouterr().err):
                time.sleep(0.01)
            assert said == f"waiting: another export is at work in {tmp_path}\n"
            assert not waiting.done()
        assert waiting.result(timeout=60) == "entered"


def enter():
    with ir_dataset.cache_alone():
        return "entered"
