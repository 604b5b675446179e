import pandas as pd
import pytest

import verify_scores
from optical.evaluation.gap import GAP_COLUMNS
from optical.runtime.errors import InputError


def table(low=0.2):
    row = dict.fromkeys(GAP_COLUMNS, float("nan"))
    labels = {"collection": "c", "student": "small", "teacher": "small", "metric": "map"}
    rows = [row | labels | {"method": "zero_shot", "pivot": 0.8, "high": 0.5, "low": low}]
    return pd.DataFrame(rows)


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
        verify_scores.main(study=study, write=write, tolerance=0.02)
    except SystemExit as ended:
        code = ended.code
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("low", "verdict", "code"), [(0.21, "OK", 0), (0.235, "close", 0), (0.25, "FAIL", 1)]
)
def test_a_cell_is_ok_close_or_wrong(study, capsys, low, verdict, code):
    verified(study, 0.2, capsys, write=True)
    found, lines = verified(study, low, capsys)
    assert found == code
    assert lines[0].startswith("OK    c/small/zero_shot/map pivot: 0.800, expected 0.800")
    assert lines[2] == (
        f"{verdict:5} c/small/zero_shot/map low: {low:.3f}, expected 0.200 within 0.02"
    )


def test_a_row_that_is_missing_is_wrong(study, capsys):
    verified(study, 0.2, capsys, write=True)
    file = study.parent / "studies/expected/demo.yaml"
    file.write_text(file.read_text().replace("zero_shot", "optical"))
    code, lines = verified(study, 0.2, capsys)
    assert code == 1
    assert all("missing" in line for line in lines[:-1])


def test_what_is_not_there_is_said_in_one_line(study):
    with pytest.raises(InputError, match="gap_table.csv: not there; run the study first"):
        verify_scores.main(study=study)
    table().to_csv("results/demo/gap/gap_table.csv", index=False)
    with pytest.raises(InputError, match="no scores are expected of demo; --write takes these"):
        verify_scores.main(study=study)
