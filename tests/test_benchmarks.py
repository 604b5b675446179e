"""The programs of benchmarks/ and interop/ start, and import nothing that the library has not."""

import ast
import importlib
import importlib.util
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from optical.models.encoders import load
from trees import ROOT, copy_tree

FOLDERS = ["benchmarks", "benchmarks/engines", "examples", "interop"]
PROGRAMS = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]
RATIO = r"^ratio (\d+\.\d\d)$"
# The smallest size of each, and the last line that it prints then, without its peers.
SMALLEST = {
    "cleaning": ("--pairs 9", r"^no file of tico19, tatoeba, lafand, ntrex is here$"),
    "distill": ("--shape tiny --steps 1 --size 4 --longest 16", RATIO),
    "dry_run": ("--languages 1", r"^config.yaml: not finished here, (\d+) jobs to run; \d+\.\d s$"),
    "embed": ("--shape tiny --passages 2 --repeat 1", RATIO),
    "gap": ("--languages 2 --queries 20", RATIO),
    "leaks": ("--passages 1000 --sentences 1000", RATIO),
    "lexical": ("--passages 100", RATIO),
    "marginals": ("--pairs 2 --iterations 3", r"^\| 0.2 of the spread \| (\S+) \[\S+\] \|$"),
    "rates": ("--output {tree}/rates.yaml --steps 1 --repeat 1", r"^written to (?:\S+); .*$"),
    "search": (
        "--tokens 10000 --queries 8 --threads 1 --codecs int8",
        "^ratio of no peer: none was measured$",
    ),
    "steps": (
        "--shape tiny --steps 1 --size 4 --pairs 20 --passages 3",
        r"^pairs / s (\d+\.\d\d)$",
    ),
    "transport": ("--problems 2 --tokens 4 --repeat 1", RATIO),
}
NO_PEER = {
    "embed": "no PyLate: `make .venv-interop/pylate/installed` installs it",
    "search": "no peer: `make .venv-interop/indexes/installed` installs them",
}


def test_every_benchmark_has_a_smallest_size():
    names = {path.stem for path in ROOT.glob("benchmarks/*.py")}
    assert names - {"machine"} == SMALLEST.keys()  # that is of what all say of the machine


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project without the environments of the peers."""
    return copy_tree(tmp_path_factory.mktemp("tree"))


def test_bm25_of_each_language_of_xnli_is_measured(tree, tmp_path):
    """As docs/explanation/words.md says; the other languages' files need not be there."""
    sentences = {"en": "A dog barks.\tA dog is loud.\n", "hi": "कुत्ता भौंकता है।\tकुत्ता शोर करता है।\n"}
    for language, row in sentences.items():
        (tmp_path / f"{language}.test.tsv").write_text(row * 2, encoding="utf-8")
    header = "genre\tlabel\tsentence1\tsentence2\n"
    rows = "x\tentailment\ta\tb\nx\tneutral\ta\tb\n"
    (tmp_path / "labels.test.tsv").write_text(header + rows)
    done = subprocess.run(
        [sys.executable, tree / "benchmarks/lexical.py", "--passages", "100", "--xnli", tmp_path],
        env=os.environ | {"PYTHONPATH": str(tree / "workflow_scripts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "| en | 1.000 | 1.000 | 1.000 | 1.000 |" in done.stdout
    assert "| hi | 0.000 | 0.000 | 1.000 | 1.000 |" in done.stdout


@pytest.mark.parametrize("name", SMALLEST)
def test_a_benchmark_runs_at_its_smallest_size_without_its_peers(tree, name):
    arguments, last = SMALLEST[name]
    done = subprocess.run(
        [sys.executable, tree / "benchmarks" / f"{name}.py", *arguments.format(tree=tree).split()],
        # The library of the copy, not the one that is installed.
        env=os.environ | {"PYTHONPATH": str(tree / "workflow_scripts")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(last, done.stdout.splitlines()[-1])
    assert found, done.stdout
    assert all(float(number) > 0 for number in found.groups())
    assert NO_PEER.get(name, "") in done.stdout


def names_of(program):
    """The (module, name or None) of all imports of the library, wherever they stand."""
    for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        yield from (pair for pair in found if pair[0].split(".")[0] == "optical")


def exists(module, name):
    """Whether a module has a name, which may be a module in it."""
    found = importlib.import_module(module)
    if name is None or hasattr(found, name):
        return True
    return importlib.util.find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_all_that_a_program_imports_of_the_library_is_there(program):
    assert [pair for pair in names_of(program) if not exists(*pair)] == []


@pytest.mark.parametrize("family", ["xlm-roberta", "deberta-v2", "modernbert", "eurobert"])
def test_interop_makes_a_model_whose_vectors_transformers_gives_too(tmp_path, monkeypatch, family):
    monkeypatch.syspath_prepend(ROOT / "interop")
    compare = importlib.import_module("compare")
    folder = compare.random_model(tmp_path, family)
    wanted = load(folder).encode_query(compare.QUERIES)
    found = compare.by_transformers(folder, compare.QUERIES)
    for ours, theirs in zip(wanted, found, strict=True):
        difference = np.abs(ours.cpu().numpy() - theirs).max()
        assert difference <= compare.LARGEST_DIFFERENCE
