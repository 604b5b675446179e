"""The commands of docs/tutorial.md, run one after the other as they are there."""

import re
import subprocess
import sys

import pandas as pd
import pytest

from optical.evaluation.gap import GAP_COLUMNS, read_table
from optical.study.study_file import read_settings
from trees import ROOT, copy_tree

TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```", TUTORIAL, flags=re.MULTILINE | re.DOTALL)
STUDY, REAL_ENCODER = re.findall(r"^```yaml\n(.*?)^```", TUTORIAL, flags=re.MULTILINE | re.DOTALL)


def with_python(tree):
    """A .venv that runs this Python, in the place of one that make installs."""
    folder = tree / ".venv/bin"
    folder.mkdir(parents=True)
    for name, command in {"python": "", "snakemake": "-m snakemake"}.items():
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command} "$@"\n')
        (folder / name).chmod(0o755)


def run(tree, script):
    done = subprocess.run(["bash", "-ec", script], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{script}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def test_the_tutorial_goes_from_files_to_the_table(tmp_path):
    tree = copy_tree(tmp_path / "tree")
    with_python(tree)
    (tree / "studies/mine.yaml").write_text(STUDY)
    assert len(COMMANDS) == 5
    said = [run(tree, script) for script in COMMANDS]
    assert "60 queries" in re.sub(" +", " ", said[1])
    results = tree / "results/mine"
    assert "results/mine/report.html" in said[3]
    assert (results / "report.html").read_text().rstrip().endswith("</html>")
    gap = read_table(results / "gap/gap_table.csv", GAP_COLUMNS)
    gap = gap[gap.metric == "map"].set_index("method")
    assert list(gap.index) == ["bm25", "zero_shot", "optical"]
    # The teacher was trained, and so were the students.
    assert gap["pivot"]["zero_shot"] > 0.5
    assert gap["high"]["optical"] > gap["high"]["zero_shot"] + 0.1
    assert pd.notna(gap["relative_gap"]["optical"])
    assert "score" in said[4]


def test_a_real_encoder_takes_the_place_of_the_tiny_one(tmp_path):
    kept = re.sub(r"^encoders:.*", "", STUDY, flags=re.MULTILINE | re.DOTALL)
    file = tmp_path / "mine.yaml"
    file.write_text(kept + REAL_ENCODER)
    settings = read_settings(file)
    assert set(settings["encoders"]) == {"base"}
    assert "pretraining" not in settings


def test_every_file_that_the_tutorial_names_is_made(tmp_path):
    program = [sys.executable, ROOT / "examples/make_tutorial_data.py", tmp_path / "mydata"]
    subprocess.run(program, check=True)
    for name in ("letters/fr.tsv", "letters/ha.tsv", "train.json", "test.en.json"):
        assert name.rpartition("/")[2] in TUTORIAL
        assert (tmp_path / "mydata" / name).stat().st_size > 1000
