"""Settings are chosen on development queries, which no table is about."""

import json
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from optical.evaluation.scores import is_development
from optical.runtime.errors import InputError
from optical.study.loading import load_study, read_datasets
from trees import ROOT, copy_tree, read_study, snakemake, succeeds

QUERIES = pd.Series([f"q{number}" for number in range(1000)])


def test_a_query_is_for_development_in_every_language_and_whatever_else_there_is():
    chosen = is_development(QUERIES, 0.2)
    assert 150 < chosen.sum() < 250
    turned = is_development(QUERIES[::-1].astype("category"), 0.2)
    assert turned.sort_index().equals(chosen)
    assert is_development(QUERIES[:10], 0.2).equals(chosen[:10])
    assert not is_development(QUERIES, 0.0).any()
    # A larger share has all of a smaller one.
    assert is_development(QUERIES, 0.4)[chosen].all()


def scores(folder, trial, language, test, development):
    """A score file whose queries for development have one value, and the others another."""
    values = is_development(QUERIES, 0.2).map({True: development, False: test})
    rows = pd.DataFrame({"query_id": QUERIES, "value": values})
    names = {"study": "s", "student": "small", "teacher": "small", "method": trial}
    rows = rows.assign(**names, language=language, collection="c", seed=1, metric="map")
    rows = rows.assign(exact_value=float("nan"), exact_recall=float("nan"), doubtful=False)
    file = folder / f"{trial}.{language}.parquet"
    rows.to_parquet(file)
    return file


def choose(folder, files, rates, *options):
    outputs = [f"--{name}={folder / name}" for name in ("table", "text", "choice")]
    command = [sys.executable, "workflow_scripts/choose_learning_rates.py", "--rates", *rates]
    variants = json.dumps({"few": {"method": "optical", "pairs": 500}})
    return subprocess.run(
        [*command, "--variants", variants, *outputs, *options, "--scores", *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_rates_of_many_digits_stay_apart_in_the_table(tmp_path):
    files = [scores(tmp_path, f"optical@{number}", "fr", 0.5, 0.5) for number in (1, 2)]
    rates = ["optical@1=0.0000025", "optical@2=0.0000031"]
    done = choose(tmp_path, files, rates, "--development", "0.2")
    assert done.returncode == 0, done.stderr
    assert sorted(pd.read_csv(tmp_path / "table")["learning_rate"]) == [2.5e-06, 3.1e-06]


RATES = ["optical@1=0.001", "optical@2=0.002", "optical@3=0.004", "few@1=0.001", "few@2=0.002"]


def test_the_rate_that_is_best_on_development_queries_is_chosen(tmp_path):
    values = {"optical@1": 0.3, "optical@2": 0.5, "optical@3": 0.4, "few@1": 0.2, "few@2": 0.1}
    files = [
        scores(tmp_path, trial, language, 1 - value, value + shift)
        for trial, value in values.items()
        for language, shift in (("fr", 0.1), ("sw", -0.1))
    ]
    done = choose(tmp_path, files, RATES, "--development", "0.2")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((tmp_path / "choice").read_text()) == {
        "variants": {
            "optical": {"learning_rate": 0.002},
            # As it was, so that the file may stand in place of the study's variants.
            "few": {"method": "optical", "pairs": 500, "learning_rate": 0.001},
        }
    }
    text = (tmp_path / "text").read_text()
    assert "| optical | 0.300 | 0.500 | 0.400 | 0.002 |" in text
    assert "At the end of what was tried: few." in text
    assert pd.read_csv(tmp_path / "table")["mean"].max() == pytest.approx(0.6)


def test_without_development_queries_nothing_is_chosen(tmp_path):
    done = choose(tmp_path, [scores(tmp_path, "optical@1", "fr", 0.5, 0.5)], RATES[:1])
    assert done.returncode != 0
    done = choose(
        tmp_path, [scores(tmp_path, "optical@1", "fr", 0.5, 0.5)], RATES[:1], "--development", "0"
    )
    assert "no development query with a score of map: tuning.development is 0" in done.stderr


TUNING = {"development": 0.2, "learning_rates": [0.002, 0.004]}


def test_learning_rates_without_development_queries_are_an_error():
    study = read_study(ROOT / "studies/smoke.yaml") | {"tuning": TUNING | {"development": 0}}
    with pytest.raises(InputError, match=r"tuning.development: 0, but tuning.learning_rates are"):
        load_study(study, read_datasets())


def test_a_method_that_no_student_has_is_not_tried():
    study = read_study(ROOT / "studies/smoke.yaml") | {"tuning": TUNING}
    study["students"] = {
        "small": {"encoder": "small", "teacher": "small", "methods": ["zero_shot", "optical"]}
    }
    trials = load_study(study, read_datasets()).trials
    assert {trial.partition("@")[0] for trial in trials} == {"optical"}


def test_every_method_that_distils_is_tried_at_every_rate(tmp_path):
    tree = copy_tree(tmp_path / "tree")
    study = read_study(tree / "studies/smoke.yaml") | {"tuning": TUNING}
    (tree / "tuned.yaml").write_text(yaml.safe_dump(study))
    shown = succeeds(
        snakemake(tree, "tune", "--dry-run", "-p", "--configfile", "tuned.yaml")
    ).stdout
    loaded = load_study(study, read_datasets())
    for method in loaded.distilled_methods:
        for number, rate in enumerate(TUNING["learning_rates"], start=1):
            place = f"results/smoke/students/small/{method}@{number}/ekti/seed-1"
            assert f"--learning-rate {rate} " in shown
            assert place in shown
    # The tables are of the methods alone.
    assert "@" not in "".join(loaded.methods)
