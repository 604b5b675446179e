from pathlib import Path

import pandas as pd
import pytest
import yaml

import verify_scores
from optical.evaluation.gap import GAP_COLUMNS
from optical.runtime.errors import InputError
from trees import ROOT


def table(low=0.2):
    row = dict.fromkeys(GAP_COLUMNS, float("nan"))
    labels = {"collection": "c", "student": "small", "teacher": "small", "metric": "map"}
    row |= labels | {"method": "zero_shot"}
    for name, value in (("pivot", 0.8), ("high", 0.5), ("low", low)):
        row |= {name: value, f"{name}_from": value - 0.03, f"{name}_to": value + 0.02}
    return pd.DataFrame([row])


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("study: demo\n")
    (tmp_path / "results/demo/gap").mkdir(parents=True)
    return tmp_path / "config.yaml"


def verified(study, low, capsys, write=False):
    table(low).to_csv(study.parent / "results/demo/gap/gap_table.csv", index=False)
    code = 0
    try:
        verify_scores.main(study=str(study), write=write)
    except SystemExit as ended:
        code = ended.code
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("low", "verdict", "code"),
    [
        *((0.23, "OK", 0), (0.231, "close", 0), (0.26, "close", 0), (0.261, "FAIL", 1)),
        *((0.18, "OK", 0), (0.179, "close", 0), (0.16, "close", 0), (0.159, "FAIL", 1)),
    ],
)
def test_a_cell_is_ok_within_its_interval_and_close_within_one_twice_as_wide(
    study, capsys, low, verdict, code
):
    verified(study, 0.2, capsys, write=True)
    found, lines = verified(study, low, capsys)
    assert found == code
    assert lines[0] == ("OK    c/small/zero_shot/map pivot: 0.800 [0.770, 0.820], expected 0.800")
    assert lines[2] == (
        f"{verdict:5} c/small/zero_shot/map low: {low:.3f} [{low - 0.03:.3f}, {low + 0.02:.3f}], "
        "expected 0.200"
    )


def test_a_score_that_is_certain_may_be_off_by_its_rounding_alone():
    assert verify_scores.verdict_of(0.2004, 0.2004, 0.2004, 0.2) == "OK"
    assert verify_scores.verdict_of(0.2006, 0.2006, 0.2006, 0.2) == "FAIL"
    assert verify_scores.verdict_of(0.2, float("nan"), float("nan"), 0.2) == "FAIL"


def test_what_is_written_is_as_certain_as_the_table(study, capsys):
    """No tolerance is wider than the interval that the report prints."""
    assert verified(study, 0.2, capsys, write=True)[0] == 0
    for file in [Path("studies/expected/demo.yaml"), *ROOT.glob("studies/expected/*.yaml")]:
        rows = yaml.safe_load(file.read_text())["rows"]
        assert rows
        assert {*verify_scores.KEYS} <= {*rows[0]} <= {*verify_scores.KEYS, *verify_scores.CELLS}


def test_a_row_that_is_missing_is_wrong(study, capsys):
    verified(study, 0.2, capsys, write=True)
    file = study.parent / "studies/expected/demo.yaml"
    file.write_text(file.read_text().replace("zero_shot", "optical"))
    code, lines = verified(study, 0.2, capsys)
    assert code == 1
    assert all("missing" in line for line in lines[:-1])


def test_what_is_not_there_is_said_in_one_line(study):
    with pytest.raises(InputError, match="gap_table.csv: not there; run the study first"):
        verify_scores.main(study=str(study))
    table().to_csv("results/demo/gap/gap_table.csv", index=False)
    with pytest.raises(InputError, match="no scores are expected of demo; --write takes these"):
        verify_scores.main(study=str(study))
