"""Scoring exported models with MTEB: the example, and the page that shows it.

mteb is not among the packages of the project. With OPTICAL_MTEB_PYTHON=.venv-mteb/bin/python, of an
environment made as docs/how-to/score-with-mteb.md says, the example runs.
"""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
import torch

from optical.models.encoders import load
from optical.models.export import save_for_all
from trees import ROOT, succeeds

EXAMPLE = ROOT / "examples/score_with_mteb.py"
PAGE = ROOT / "docs/how-to/score-with-mteb.md"
PYTHON = os.environ.get("OPTICAL_MTEB_PYTHON")
if not PYTHON and importlib.util.find_spec("mteb"):
    PYTHON = sys.executable

WORDS = ["the", "cat", "sat", "on", "the", "mat", "and", "a", "dog", "sat", "on", "the", "mat"]
PASSAGES = {f"p{n}": " ".join(WORDS[n : n + 2 + n % 3]) for n in range(10)}
QUERIES = {f"q{n}": " ".join(WORDS[n : n + 1 + n % 2]) for n in range(8)}
RELEVANT = {f"q{n}": f"p{(3 * n + 1) % 10}" for n in range(8)}


def test_the_code_of_the_page_is_that_of_the_example():
    blocks = re.findall("```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    assert all(block in EXAMPLE.read_text() for block in blocks)
    compile(EXAMPLE.read_text(), EXAMPLE, "exec")


@pytest.fixture
def models(model, tmp_path):
    """The folders of a teacher and of a student of another marker and other weights."""
    save_for_all(tmp_path / "teacher", model, "")
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * torch.randn_like(weight)
    save_for_all(tmp_path / "student", model, "")
    return [tmp_path / "teacher", tmp_path / "student"]


def mean_average_precision(queries, passages):
    """MAP by this project's own vectors: each query has one relevant passage."""
    names = list(PASSAGES)
    of_passages = passages.encode_document(list(PASSAGES.values()))
    total = 0.0
    for name, text in QUERIES.items():
        (query,) = queries.encode_query([text])
        scores = [float((query @ one.T).max(dim=1).values.sum()) for one in of_passages]
        right = scores[names.index(RELEVANT[name])]
        total += 1 / (1 + sum(score > right for score in scores))
    return total / len(QUERIES)


@pytest.mark.skipif(not PYTHON, reason="mteb is not installed; see OPTICAL_MTEB_PYTHON")
@pytest.mark.parametrize("number", [1, 2], ids=["teacher", "student and teacher"])
def test_mteb_scores_a_collection_of_files_by_the_same_vectors(models, tmp_path, number):
    folder = tmp_path / "own"
    folder.mkdir()
    for name, texts in (("collection", PASSAGES), ("queries.sw", QUERIES)):
        rows = "".join(f"{key}\t{text}\n" for key, text in texts.items())
        (folder / f"{name}.tsv").write_text(rows + ("q9\tnot judged\n" * (texts is QUERIES)))
    qrels = "".join(f"{query}\t0\t{passage}\t1\n" for query, passage in RELEVANT.items())
    (folder / "qrels.tsv").write_text(qrels)
    command = [PYTHON, EXAMPLE, *models[:number], "--collection", folder, "--lang", "sw"]
    offline = {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT / "workflow_scripts")}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | offline)
    found = re.search(r"^own-sw, default, test: map_at_1000 (\S+),", succeeds(done).stdout, re.M)
    teacher, student = (load(folder, "cpu") for folder in models)
    queries = student if number == 2 else teacher
    assert float(found[1]) == pytest.approx(mean_average_precision(queries, teacher), abs=1e-4)
    # The passages of the student, which no index has, would give something else.
    wrong = mean_average_precision(queries, student)
    assert float(found[1]) != pytest.approx(wrong, abs=1e-3)
