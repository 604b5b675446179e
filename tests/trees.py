"""Copies of the tree of this project, and Snakemake in them, as a user runs it."""

import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
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


def snakemake(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )


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
