"""What is said about the project beside its code: the files that are named, version and licence."""

import re
import tomllib

import pytest
import yaml

from trees import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_version_and_the_licence_are_the_same_everywhere():
    newest = re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert PROJECT["version"] == CITATION["version"] == newest[1]
    assert PROJECT["license"] == CITATION["license"] == "Apache-2.0"
    assert (
        "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
    )


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w./]+/[\w./]*)`", CONTRIBUTING))))
def test_a_file_that_contributors_are_pointed_to_is_there(name):
    assert (ROOT / name).exists() or (ROOT / "workflow_scripts/optical" / name).exists()


def test_what_contributors_are_pointed_to_is_in_its_file():
    pairs = {
        "LOSSES": "training/distillation.py",
        "Distilled": "settings/methods.py",
        "Finetuned": "settings/methods.py",
        "CONTROLS": "report/verdict.py",
        "RIVALS": "report/verdict.py",
        "METRIC": "settings/languages.py",
        "RANKC": "evaluation/scoring.py",
        "metric_name": "report/tables.py",
    }
    for name, file in pairs.items():
        assert f"`{name}`" in CONTRIBUTING
        text = (ROOT / "workflow_scripts/optical" / file).read_text()
        assert re.search(rf"^(def )?{name}\b", text, flags=re.MULTILINE), f"{name} in {file}"
