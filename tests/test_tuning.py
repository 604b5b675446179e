"""Settings are chosen on development queries, which no table is about."""

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
    methods = [f"{trial.partition('=')[0]}=optical" for trial in rates]
    return subprocess.run(
        [*command, "--methods", *methods, *outputs, *options, "--scores", *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


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
            "few": {"learning_rate": 0.001, "method": "optical"},
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
