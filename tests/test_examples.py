"""The examples, those in docstrings too, run as they stand."""

import doctest
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import TEXTS
from optical.models.encoders import load
from optical.models.export import save_for_all
from optical.transport.solvers import losses

EXAMPLES = Path(__file__).parents[1] / "examples"


def distance(student, teacher, sentences):
    """Mean squared distance of two models' token vectors of the same sentences."""
    pairs = [model.encode_query(sentences) for model in (student, teacher)]
    return np.mean([((a - b) ** 2).sum() for a, b in zip(*pairs, strict=True)])


def test_the_sentence_transformers_example_brings_the_student_nearer(model, tmp_path):
    save_for_all(tmp_path / "teacher", model, "")
    torch.manual_seed(1)
    model[1].linear.weight.data += 0.02 * torch.randn_like(model[1].linear.weight)
    save_for_all(tmp_path / "student", model, "")
    sentences = TEXTS * 30
    (tmp_path / "pairs.tsv").write_text("".join(f"{text}\t{text}\n" for text in sentences))
    script = EXAMPLES / "distil_with_sentence_transformers.py"
    folders = [tmp_path / name for name in ("teacher", "student", "pairs.tsv", "distilled")]
    run = subprocess.run(
        [sys.executable, script, *folders],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    teacher, before, after = (load(tmp_path / name) for name in ("teacher", "student", "distilled"))
    assert distance(after, teacher, TEXTS[:3]) < distance(before, teacher, TEXTS[:3])


def test_the_example_is_as_short_as_it_is_said_to_be():
    text = (EXAMPLES / "distil_with_sentence_transformers.py").read_text()
    code = text.split('"""')[2].strip().splitlines()
    assert len([line for line in code if line]) <= 32


@pytest.mark.parametrize("name", ["OptimalTransportLoss", "GreedyAlignmentLoss", "SentenceLoss"])
def test_the_example_of_a_loss_runs(name, model):
    kind = getattr(losses, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(
        kind, name, globs={"student": model, "teacher": deepcopy(model), name: kind}
    )
    assert len(example.examples) >= 3
    assert doctest.DocTestRunner().run(example).failed == 0
