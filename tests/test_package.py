"""The library as an installed package, and the loss as a folder copied elsewhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from conftest import TEXTS
from optical.models.encoders import load
from optical.models.export import save_for_all
from pin import canonical
from test_environments import distributions
from trees import ROOT, copy_tree, succeeds

LIBRARY = ROOT / "workflow_scripts/optical"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXAMPLE = ROOT / "examples/distil_with_sentence_transformers.py"
# PyTorch brings it where there is a GPU to use it.
WITH_TORCH = {"triton"}


def names(requirements):
    return {canonical(re.match(r"[\w.-]+", text)[0]) for text in requirements}


DEPENDENCIES = names(PROJECT["dependencies"])
EXTRAS = {extra: names(texts) for extra, texts in PROJECT["optional-dependencies"].items()}


def needed(package):
    return distributions((LIBRARY / package).rglob("*.py")) - WITH_TORCH


def test_the_losses_need_the_dependencies_and_one_solver_needs_more():
    assert needed("transport") == DEPENDENCIES | EXTRAS["exact"]


@pytest.mark.parametrize(
    ("extra", "package"), [("index", "retrieval"), ("gap", "evaluation"), ("report", "report")]
)
def test_an_extra_is_what_its_package_imports_beyond_the_dependencies(extra, package):
    assert needed(package) - DEPENDENCIES == EXTRAS[extra]


@pytest.mark.parametrize("folder", ["benchmarks", "examples", "interop"])
def test_what_lies_beside_the_library_imports_it_as_an_installed_one(folder):
    texts = [file.read_text() for file in (ROOT / folder).rglob("*.py")]
    assert any("from optical." in text for text in texts)
    assert not any("sys.path" in text for text in texts)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that `pip install .` has put the library in, without what it depends on."""
    tree, target = copy_tree(tmp_path_factory.mktemp("tree")), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    command = [*pip, "--target", target, tree]
    succeeds(subprocess.run(command, capture_output=True, text=True))
    return target


def test_the_library_is_installed_whole_and_no_program_with_it(installed):
    found = content(installed / "optical")
    assert found == content(LIBRARY)
    assert {Path("py.typed"), Path("report/report.html.j2")} <= found
    assert list(installed.glob("*.py")) == []


def content(folder):
    """The paths of the files in a folder, but for those that Python and Numba make."""
    files = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    return {file for file in files if "__pycache__" not in file.parts}


def test_the_sentence_transformers_example_brings_the_student_nearer(model, installed, tmp_path):
    distil(EXAMPLE, model, installed, tmp_path)


def distil(script, model, path, folder):
    """Run a script on two tiny models, with `path` alone to import from, and compare them."""
    save_for_all(folder / "teacher", model, "")
    torch.manual_seed(1)
    model[1].linear.weight.data += 0.02 * torch.randn_like(model[1].linear.weight)
    save_for_all(folder / "student", model, "")
    (folder / "pairs.tsv").write_text("".join(f"{text}\t{text}\n" for text in TEXTS * 30))
    paths = [folder / name for name in ("teacher", "student", "pairs.tsv", "distilled")]
    command = [sys.executable, script, *paths]
    environment = os.environ | {"PYTHONPATH": str(path)}
    succeeds(subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True))
    teacher, before, after = (load(folder / name) for name in ("teacher", "student", "distilled"))
    assert distance(after, teacher, TEXTS[:3]) < distance(before, teacher, TEXTS[:3])


def distance(student, teacher, sentences):
    """Mean squared distance of two models' token vectors of the same sentences."""
    pairs = [model.encode_query(sentences) for model in (student, teacher)]
    return np.mean([((a - b) ** 2).sum() for a, b in zip(*pairs, strict=True)])


@pytest.fixture
def copied(tmp_path):
    """A folder whose package `anything` is a copy of the folder of the losses."""
    shutil.copytree(
        LIBRARY / "transport", tmp_path / "anything", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_the_loss_distils_from_a_copy_of_its_folder_under_another_name(model, copied):
    script = copied / "distil.py"
    text = EXAMPLE.read_text()
    assert text.count("optical.transport") == 1
    script.write_text(
        text.replace("optical.transport", "anything")
        # An installed checkout would lend what the copy lacks.
        + "\nassert not [name for name in sys.modules if name.startswith('optical')]\n"
        + f"assert sys.modules['anything.solvers'].__file__.startswith({str(copied)!r})\n"
    )
    distil(script, model, "", copied)


def test_the_settings_of_the_transport_need_no_torch(copied):
    """Snakemake reads them, and alone has none."""
    script = "import anything.settings, sys; print(sorted({'torch', 'numpy'} & {*sys.modules}))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=copied, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
