"""Copies of the tree of this project, and Snakemake in them, as a user runs it."""

import csv
import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PRELOADED = ROOT / "tests/preloaded"
SMOKE = ("--configfile", "studies/smoke.yaml")
# Methods of smoke that together run every program of it.
SOME = "bm25, bm25_translated, zero_shot, translate_train, optical"
FEWER = ("--config", f"methods=[{SOME}]", "variants={}")


def copy_tree(folder):
    """Copy the files of the project, committed or not yet, and nothing that runs have made."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # not one that is deleted but still in the index
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


class Preloaded:
    """A Python with PyTorch and its kind in memory, which ends with this process.

    Where the environment has its `variables`, programs of a study are forks of it: see
    tests/preloaded/server.py.
    """

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="preloaded-")
        place = os.path.join(self.folder.name, "socket")
        # As rules/machine.smk and Snakemake set them for a job of one thread.
        threads = ("GOTO", "MKL", "NUMEXPR", "OMP", "OPENBLAS")
        self.variables = {f"{name}_NUM_THREADS": "1" for name in threads} | {
            "PRELOADED_PYTHON": place,
            "PYTHONNOUSERSITE": "1",
            "PYTHONPATH": str(PRELOADED),
        }
        self.process = subprocess.Popen(
            [sys.executable, PRELOADED / "server.py", place],
            env=os.environ | self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout.readline() == b"ready\n"


preloaded = cache(Preloaded)


def command(*arguments):
    """A command of Snakemake, whose programs are forks of a `Preloaded`, for `subprocess`."""
    line = [sys.executable, "-m", "snakemake", *map(str, arguments)]
    return {"args": line, "env": os.environ | preloaded().variables}


def snakemake(folder, *arguments, fresh=False):
    """Run Snakemake in a folder. fresh: each program is a new Python, as where users run it."""
    asked = command(*arguments) | ({"env": None} if fresh else {})
    return subprocess.run(**asked, cwd=folder, capture_output=True, text=True)


def succeeds(done):
    """A finished command, whose output is shown if it failed."""
    if done.returncode:
        pytest.fail(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done


def pending(folder, *arguments):
    """{output: rule} of everything that a run would make now."""
    done = succeeds(snakemake(folder, "--summary", *arguments))
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    assert len(rows) > 10
    assert {row["plan"] for row in rows} <= {"no update", "update pending"}
    return {row["output_file"]: row["rule"] for row in rows if row["plan"] != "no update"}


def read_study(path):
    return yaml.safe_load(Path(path).read_text())


def edit_study(path, **changes):
    Path(path).write_text(yaml.safe_dump(read_study(path) | changes, sort_keys=False))
