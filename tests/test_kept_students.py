"""A study whose students are kept as adapters, and one that keeps their scores alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from optical.study import paths
from trees import SMOKE, edit_study, read_study, snakemake, succeeds

FILE = "studies/smoke.yaml"
NAMES = {"study": "smoke", "student": "small", "method": "optical", "lang": "ekti", "seed": 1}
QUESTION = {"collection": "constructed"}


def file_of(folder, path, **names):
    return folder / path.format(**NAMES, **QUESTION, **{"teacher": "small"} | names)


def edit(folder, **changes):
    """Leave one method that distils, and change its settings and those of the study."""
    distillation = read_study(folder / FILE)["distillation"] | changes.pop("distillation")
    edit_study(
        folder / FILE,
        methods=["zero_shot", "optical"],
        variants={},
        distillation=distillation,
        **changes,
    )


def run_program(folder, name, *arguments):
    command = [sys.executable, f"workflow_scripts/{name}.py", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def ask(folder):
    names = ("--study", "smoke", "--student", "small", "--method", "optical", "--lang", "ekti")
    return run_program(folder, "ask", *names, "a question")


def scores_by(folder, encoder):
    """The scores of every query, as the study's own, with another model to read the queries."""
    out = folder / "again"
    queries = file_of(folder, paths.QUERIES)
    given = {
        name: file_of(folder, path)
        for name, path in (
            ("index", paths.INDEX),
            ("vectors", paths.PASSAGE_VECTORS),
            ("passages", paths.PASSAGES),
        )
    }
    succeeds(
        run_program(
            folder, "embed_queries", "--encoder", encoder, "--queries", f"all={queries}",
            "--output", out,
        )
    )  # fmt: skip
    options = [word for name, path in given.items() for word in (f"--{name}", path)]
    search = read_study(folder / FILE)["search"].items()
    settings = [word for name, value in search for word in (f"--{name.replace('_', '-')}", value)]
    succeeds(
        run_program(
            folder, "search_passages", *options, *settings, "--query-vectors", out / "all",
            "--queries", queries, "--output", out / "run.gz", "--exact", out / "exact.run.gz",
        )
    )  # fmt: skip
    labels = {"study": "smoke", "student": "small", "teacher": "small", "method": "optical"}
    labels |= {"language": "ekti", "collection": "constructed"}
    options = [word for name, value in labels.items() for word in (f"--{name}", value)]
    succeeds(
        run_program(
            folder, "score_run", *options, "--run", out / "run.gz",
            "--qrels", file_of(folder, paths.QRELS), "--output", out / "scores.parquet",
        )
    )  # fmt: skip
    return mean_map(out / "scores.parquet")


def mean_map(file):
    table = pd.read_parquet(file)
    return table[table["metric"] == "map"]["value"].mean()


@pytest.mark.parametrize("rank", [None, 4])
def test_adapters_are_searched_asked_and_published_as_whole_models(finished, rank):
    about = {"lora_rank": rank, "embeddings": "frozen"}
    edit(finished, keep="adapters", precision="float16", distillation=about)
    succeeds(snakemake(finished, "--cores", 2, *SMOKE))
    student = file_of(finished, paths.STUDENT)
    assert (student / "adapter.json").exists()
    assert not (student / "model.encoder.safetensors").exists()
    answer = succeeds(ask(finished)).stdout
    assert answer.count("score") == 3
    succeeds(snakemake(finished, "models", "--cores", 2, *SMOKE))
    exported = file_of(finished, paths.EXPORTED_STUDENT)
    assert (exported / "model.encoder.safetensors").exists()
    assert not (exported / "adapter.json").exists()
    assert "## Scores" in (exported / "README.md").read_text()
    assert not file_of(finished, paths.MERGED_STUDENT).exists()
    own = mean_map(file_of(finished, paths.SCORES))
    assert scores_by(finished, exported) == pytest.approx(own, abs=1e-4)
    # Without its base an adapter is of no use, and says so.
    shutil.rmtree(file_of(finished, paths.TEACHER))
    failed = run_program(finished, "merge_student", "--model", student, "--output", "whole")
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert "an adapter without its base" in line


def test_where_scores_alone_are_kept_students_are_gone_and_nothing_is_made_again(finished):
    edit(finished, keep="scores", distillation={"steps": 60})
    succeeds(snakemake(finished, "--cores", 2, *SMOKE))
    assert not file_of(finished, paths.STUDENT).exists()
    log = file_of(finished, paths.STUDENT_LOG)
    assert '"step": 60' in log.read_text().splitlines()[-1]
    assert Path(finished, paths.REPORT.format(**NAMES)).exists()
    again = succeeds(snakemake(finished, "--cores", 2, "--dry-run", *SMOKE))
    assert "Nothing to be done" in again.stdout + again.stderr
    asked = ask(finished)
    assert asked.returncode == 1
    assert asked.stderr.splitlines()[-1] == (
        "ask: smoke has kept its scores alone (keep: scores), no student; try --method zero_shot"
    )
