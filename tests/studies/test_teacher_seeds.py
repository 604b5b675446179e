"""A study whose seeds have a teacher each, run to its report."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from trees import copy_tree, snakemake, succeeds

TRAINING = {"steps": 2, "batch_size": 8, "learning_rate": 0.01}
STUDY = {
    "study": "seeded",
    "seeds": [1, 2],
    "pivot": "alba",
    "languages": {"high": ["bero"], "low": ["ekti"]},
    # Of another family than the other studies of the tests have.
    "encoders": {
        "small": {"layers": 1, "width": 16, "heads": 2, "vocabulary": 500}
        | {"architecture": "modernbert"}
    },
    "bitext": {"sources": ["constructed"], "pairs": 64},
    "training_set": {"source": "constructed", "queries": 64},
    "collections": ["constructed"],
    "methods": ["bm25", "zero_shot", "optical"],
    "constructed": {"entities": 20, "relations": 6, "passages": 40, "queries": 20},
    "pretraining": {"text": {"alba": 300}, "largest_loss": 2.0, **TRAINING},
    "model": {"dimension": 16},
    "teacher": TRAINING | {"seeds": [5, 7]},
    "distillation": TRAINING,
    "search": {"depth": 100},
}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """The finished study: (its folder, the options of its run)."""
    tree = copy_tree(tmp_path_factory.mktemp("seeded"))
    (tree / "seeded.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    options = ("--configfile", "seeded.yaml")
    succeeds(snakemake(tree, "--cores", 2, "--show-failed-logs", *options))
    return tree, options


def test_each_seed_has_a_teacher_and_the_tables_know_it(seeded):
    results = seeded[0] / "results/seeded"
    teachers = {folder.name for folder in (results / "teachers").iterdir()}
    assert teachers == {"small@5", "small@7"}
    folders = [results / f"teachers/small@{seed}" for seed in (5, 7)]
    weights = [(folder / "model.encoder.safetensors").read_bytes() for folder in folders]
    assert weights[0] != weights[1]
    scores = pd.concat(pd.read_parquet(path) for path in results.glob("runs/**/*.scores.parquet"))
    for method, seeds in (("bm25", {0}), ("zero_shot", {1, 2}), ("optical", {1, 2})):
        assert set(scores[scores["method"] == method]["seed"]) == seeds
    languages = read_table(results / "gap/language_table.csv", LANGUAGE_COLUMNS)
    pivot = languages[(languages["group"] == "pivot") & (languages["metric"] == "map")]
    means = scores[(scores["metric"] == "map") & (scores["language"] == "alba")]
    means = means.groupby(["student", "method"], observed=True)["value"].mean()
    for _, row in pivot.iterrows():
        if row["method"] != "optical":  # which has the pivot of its teacher
            assert row["value"] == pytest.approx(means[row["student"], row["method"]], abs=1e-6)
    assert (results / "report.html").read_text().rstrip().endswith("</html>")


def test_a_student_starts_as_the_teacher_of_its_seed(seeded):
    tree, options = seeded
    done = snakemake(
        tree, "--dry-run", "--forcerun", "distill_student", "--printshellcmds", *options
    )
    commands = [line for line in succeeds(done).stdout.splitlines() if "distill_student.py" in line]
    assert len(commands) == 4
    for command in commands:
        seed = {"1": "5", "2": "7"}[command.split("--seed ")[1].split()[0]]
        assert f"@{seed} " in command.split("--start ")[1]
        assert f"@{seed} " in command.split("--teacher ")[1]


def test_a_question_is_answered_by_the_teacher_of_a_seed(seeded):
    for seed in ("1", "2"):
        command = [sys.executable, "workflow_scripts/ask.py", "a zebra", "--study", "seeded"]
        command += ["--student", "small", "--lang", "ekti", "--seed", seed]
        asked = subprocess.run(command, cwd=seeded[0], capture_output=True, text=True)
        assert "score" in succeeds(asked).stdout
