"""Where results lie: paths with wildcards, filled in and read back."""

import re
from pathlib import Path

import pytest

from optical.study import paths

PATHS = {name: path for name, path in vars(paths).items() if name.isupper()}
STUDENT = Path("results/demo/students/small/optical/sw/seed-1")


def wildcards(path):
    return re.findall(r"{(\w+)}", path)


@pytest.mark.parametrize("name", PATHS)
def test_the_wildcards_of_a_path_are_read_back(name):
    values = {wildcard: f"{wildcard}-1" for wildcard in wildcards(PATHS[name])}
    if name == "TRANSLATOR":
        values |= {"source": "en", "target": "sw"}  # a hyphen stands between them
    assert "study" in values
    path = Path(PATHS[name].format(**values))
    assert paths.match(PATHS[name], path) == values
    assert paths.match(PATHS[name], "/somewhere" / path) == values


def test_no_two_paths_are_one():
    assert len(set(PATHS.values())) == len(PATHS)


def test_a_path_that_is_filled_keeps_its_other_wildcards():
    path = paths.fill(paths.STUDENT, student="small", seed=1)
    assert path == "results/{study}/students/small/{method}/{lang}/seed-1"
    assert path.format(study="demo", method="optical", lang="sw") == STUDENT.as_posix()
    assert paths.fill(path, encoder="small") == path


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (paths.STUDENT, STUDENT.parent),
        (paths.STUDENT, STUDENT / "model.safetensors"),
        (paths.STUDENT, STUDENT.with_name("seed-1.training")),
        (paths.STUDENT, Path(f"old{STUDENT}")),
        (paths.RUN, Path("results/demo/runs/a/optical/sw/seed-1/xquad.exact.run.gz")),
        (paths.RUN, Path("results/demo/runs/a/optical/sw/seed-1/xquad_run.gz")),
    ],
)
def test_a_path_of_another_kind_has_no_wildcards(template, path):
    assert paths.match(template, path) == {}
