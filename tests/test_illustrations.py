"""Pictures of studies in which there is little or nothing to show: none of them ends a study."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

import plot_amounts
import plot_gap
import plot_map
import plot_pairs
import plot_plans
import plot_training
from optical.evaluation.gap import GAP_COLUMNS, LANGUAGE_COLUMNS
from optical.report.pictures import draw, reason_of
from optical.runtime.errors import InputError
from optical.study import paths
from test_figures import made_up

TWO = (["tiny"], ["zero_shot", "optical"], ["fr", "sw"], ["c"])
NUMBERS = [
    *("value", "value_from", "value_to", "floor"),
    *("relative_gap", "relative_gap_from", "relative_gap_to"),
    *("gap_closed", "gap_closed_from", "gap_closed_to"),
]


def all_values(value):
    """An edit that puts a value into every cell that is drawn."""

    def edit(table):
        drawn = [name for name in NUMBERS if name in table]
        return table.assign(**dict.fromkeys(drawn, value))

    return edit


def pivot_alone_in_another_collection(table):
    """A collection that has none of the study's languages."""
    if "language" not in table:
        return table
    other = table[table["language"] == "en"].assign(collection="other")
    return pd.concat([table, other], ignore_index=True)


def first_value_missing(table):
    drawn = [name for name in NUMBERS if name in table]
    table.loc[table.index[-1], drawn] = np.nan
    return table


# by name: (what the study has, an edit of its tables)
STUDIES = {
    "one language": ((["tiny"], ["zero_shot", "optical"], ["sw"], ["c"]), None),
    "one language of the other group": ((["tiny"], ["zero_shot", "optical"], ["fr"], ["c"]), None),
    "one method": ((["tiny"], ["zero_shot"], ["fr", "sw"], ["c"]), None),
    "scores of 0": (TWO, all_values(0.0)),
    "scores that are not a number": (TWO, all_values(np.nan)),
    "scores without an end": (TWO, all_values(np.inf)),
    "a score that is missing": (TWO, first_value_missing),
    "a collection without their languages": (TWO, pivot_alone_in_another_collection),
    "no score": (TWO, lambda table: table[:0]),
    "no score of a student": (TWO, lambda table: table[table["student"] == "none"]),
    "another metric": (TWO, lambda table: table.assign(metric="P_5")),
    "the pivot alone": (
        TWO,
        lambda table: table[table["language"] == "en"] if "language" in table else table[:0],
    ),
}
SHOWN = {"one language", "one language of the other group", "one method", "scores of 0"}
ALONE = {"one language", "one language of the other group"}
SHOWN |= {"a score that is missing", "a collection without their languages"}


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(params=STUDIES)
def study(request, tmp_path):
    """The name of a study, and its folder."""
    about, edit = STUDIES[request.param]
    for table, columns, name in zip(
        made_up(*about), (LANGUAGE_COLUMNS, GAP_COLUMNS), ("language", "gap"), strict=True
    ):
        edited = edit(table.copy()) if edit else table
        edited[list(columns)].to_csv(tmp_path / f"{name}_table.csv", index=False)
    return request.param, tmp_path


def cleaning_files(folder, **kept):
    for language, pairs in kept.items():
        text = f"origin,rule,pairs\na,read,10\na,kept,{pairs}\n"
        (folder / f"{language}.cleaning.csv").write_text(text)
    return sorted(folder.glob("*.cleaning.csv"))


def pictures(folder):
    return [folder / "picture.svg"]


def left_out(folder):
    """Why a picture is left out, for a reason that was foreseen, or nothing."""
    reason = reason_of((folder / "picture.svg").read_text())
    assert "Error: " not in reason
    return reason


@pytest.mark.parametrize("metric", ["map", "rankc"])
def test_the_picture_of_languages(study, metric):
    name, folder = study
    plot_map.main(
        language_table=folder / "language_table.csv", metric=metric, output=pictures(folder)
    )
    if metric == "rankc":
        assert "no student has the metric rankc" in left_out(folder)
    elif name in SHOWN:
        assert not left_out(folder)


@pytest.mark.parametrize("measure", ["relative_gap", "gap_closed"])
def test_the_picture_of_the_gap(study, measure):
    name, folder = study
    plot_gap.main(gap_table=folder / "gap_table.csv", measure=measure, output=pictures(folder))
    nothing = {*ALONE, "a score that is missing"} if measure == "gap_closed" else set()
    if name in nothing:
        assert left_out(folder) == "no gap: a group has no language, or no score"
    elif name in SHOWN - {"one method"}:
        assert not left_out(folder)
    if (name, measure) == ("one method", "gap_closed"):
        assert left_out(folder) == "no method was trained that could close a gap"


@pytest.mark.parametrize(
    ("kept", "texts"),
    [
        ({"fr": 100, "sw": 10}, {"fr": 5.0, "sw": 7.0}),
        ({"fr": 0, "sw": 0}, None),
        ({"fr": 100, "sw": 0}, {"fr": 0.0}),
        ({"de": 100}, {"de": 1.0}),
        ({}, None),
    ],
)
def test_the_picture_of_amounts(study, kept, texts):
    name, folder = study
    plot_amounts.main(
        language_table=folder / "language_table.csv",
        cleaning=cleaning_files(folder, **kept),
        texts=texts,
        output=pictures(folder),
    )
    if name in SHOWN - ALONE and kept.get("fr") and kept.get("sw"):
        assert not left_out(folder)
    if name in ALONE:  # one place on the axis
        assert left_out(folder)


@pytest.mark.parametrize(
    ("kept", "numbers"),
    [
        ({"fr": 100, "sw": 10}, {"optical": 0}),
        ({"fr": 100, "sw": 0}, {"optical": 5, "none": 9}),
        ({"fr": 3}, {"none": 3}),
        ({}, {"optical": 5}),
    ],
)
def test_the_picture_of_pairs(study, kept, numbers):
    name, folder = study
    plot_pairs.main(
        language_table=folder / "language_table.csv",
        cleaning=cleaning_files(folder, **kept),
        pairs=numbers,
        output=pictures(folder),
    )
    if "optical" not in numbers:
        assert left_out(folder)
    elif name in SHOWN - ALONE - {"one method"} and kept.get("sw"):
        assert not left_out(folder)
    elif name in ALONE:
        assert left_out(folder)


def line(examples, loss):
    return json.dumps({"examples": examples, "loss": loss}) + "\n"


STEADY = line(32, 2.0) + line(64, 1.0)
# by name: (the log of a training beside a steady one of its kind, whether any loss can be drawn)
LOGS = {
    "two trainings": (line(32, 4.0) + line(64, 1.0), True),
    "one line": (line(32, 2.0), True),
    "a loss that is not a number": (line(32, float("nan")) + line(64, float("nan")), False),
    "a loss that comes to be none": (line(32, 2.0) + line(64, float("nan")), True),
    "a loss that begins as none": (line(32, float("nan")) + line(64, 1.0), True),
    "a loss of 0": (line(32, 0.0) + line(64, 0.0), False),
    "a loss below 0": (line(32, -2.0) + line(64, -1.0), False),
    "a loss without an end": (line(32, 2.0) + line(64, float("inf")), True),
    "a line twice": (STEADY + line(64, 1.5), True),
    "other examples": (line(10, 2.0) + line(20, 1.0), True),
    "an empty log": ("", False),
    "no loss in it": ('{"examples": 64, "seconds": 3.0}\n', False),
}


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("name", LOGS)
def test_the_picture_of_trainings(tmp_path, name, alone):
    logs = []
    for seed, text in enumerate([LOGS[name][0]] if alone else [LOGS[name][0], STEADY]):
        names = {"student": "small", "method": "optical", "lang": "sw", "seed": seed}
        log = tmp_path / paths.STUDENT_LOG.format(study="s", **names)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
        logs.append(log)
    assert {plot_training.place(log) for log in logs} == {("students: small", "optical")}
    plot_training.main(logs=logs, output=pictures(tmp_path))
    drawn = LOGS[name][1] or not alone
    assert left_out(tmp_path) == ("" if drawn else "no training wrote down a loss")


def test_no_training_is_left_out(tmp_path):
    plot_training.main(logs=[], output=pictures(tmp_path))
    assert left_out(tmp_path) == "no training wrote down a loss"


def pair(source, target, plan=None):
    plan = np.full((source, target), 0.1) if plan is None else plan
    both = {"before": plan.tolist(), "after": plan.tolist()}
    masses = [[1.0] * source, [1.0] * target]
    about = {"language": "sw", "sentences": ["a", "b"], "masses": masses}
    return {"source": ["a"] * source, "target": ["b"] * target, "plans": both} | about


@pytest.mark.parametrize(
    ("plans", "reason"),
    [
        ([pair(3, 2)], ""),
        ([pair(1, 1), pair(9, 2)], ""),
        ([pair(700, 2000)], ""),
        ([pair(2, 2, np.zeros((2, 2)))], ""),
        ([pair(2, 2, np.full((2, 2), np.nan))], ""),
        ([], "no sentence pair to align"),
        ([pair(0, 3)], "no sentence pair to align"),
        ([pair(3, 2), pair(0, 0)], ""),
        ({"left_out": "CUDA out of memory"}, "CUDA out of memory"),
    ],
)
def test_the_picture_of_plans(tmp_path, plans, reason):
    (tmp_path / "plans.json").write_text(json.dumps(plans))
    # A grid of pixels has an end, which that of lines has not.
    plot_plans.main(
        plans=tmp_path / "plans.json", output=[*pictures(tmp_path), tmp_path / "picture.png"]
    )
    assert left_out(tmp_path) == reason


def test_a_fault_of_the_drawing_is_said_in_its_place_and_in_the_log(tmp_path, capsys):
    def fail():
        raise ValueError("axes & <labels>\nfell out")

    both = [*pictures(tmp_path), tmp_path / "picture.png"]
    draw(fail, *both)
    assert reason_of(both[0].read_text()) == "ValueError: axes & <labels> fell out"
    assert both[1].read_bytes().startswith(b"\x89PNG")
    assert "Traceback" in capsys.readouterr().err


def test_a_disk_that_is_full_is_not_a_picture_to_be_left_out(tmp_path):
    def fail():
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        draw(fail, *pictures(tmp_path))
    assert not any(path.exists() for path in pictures(tmp_path))


def test_a_picture_of_another_format_is_refused(tmp_path):
    with pytest.raises(InputError, match="svg or .png"):
        draw(lambda: None, tmp_path / "a.bmp")
