"""What is said about the project beside its code: the files that are named, version and licence."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from readability import pages
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


LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
README = (ROOT / "README.md").read_text()
TEXTS = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in pages()}
TEXTS["config/README.md"] = (ROOT / "config/README.md").read_text()


def without_code(text):
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors of the headings of a page, as GitHub and mkdocs make them."""
    for heading in re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE):
        yield "#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_page_links_to_is_there(name):
    for target, anchor in LINK.findall(without_code(TEXTS[name])):
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{target}{anchor}"


def test_the_readme_is_short_and_links_to_the_pages():
    assert len(README.splitlines()) <= 130
    for name in ("docs/index.md", "docs/tutorial.md", "docs/results.md", "CITATION.cff", "LICENSE"):
        assert f"({name})" in README


QUESTIONS = re.findall(r"^\| (.+\?) \| (.+) \|$", TEXTS["docs/index.md"], flags=re.MULTILINE)


def test_a_newcomer_has_ten_questions_answered_within_two_clicks():
    assert len(QUESTIONS) == 10
    for question, answer in QUESTIONS:
        # From the README to the index is one click, and from there to the page another.
        assert LINK.search(answer) or "README" in answer, question


def test_commands_of_the_pages_are_targets_of_make():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for name, text in TEXTS.items():
        asked = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE))
        assert asked <= targets, name


def test_settings_on_the_pages_are_settings_of_a_study():
    """Each YAML example of the pages has only keys that a study has."""
    from optical.study.loading import schema

    known = schema()["properties"]
    for name, text in TEXTS.items():
        for block in re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
            example = yaml.safe_load(block)
            assert example.keys() <= known.keys(), name
            for section, settings in example.items():
                if "properties" in known[section] and isinstance(settings, dict):
                    assert settings.keys() <= known[section]["properties"].keys(), name


def test_programs_on_the_pages_have_the_options_that_are_shown():
    shown = {}
    for text in TEXTS.values():
        joined = text.replace("\\\n", " ")
        for program, rest in re.findall(r"workflow_scripts/(\w+)\.py([^\n`]*)", joined):
            shown.setdefault(program, set()).update(re.findall(r"--[a-z-]+", rest))
    assert {"ask", "convert_data", "rehearse_study"} <= shown.keys()
    for program, options in shown.items():
        command = [sys.executable, ROOT / f"workflow_scripts/{program}.py", "--help"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert options <= set(re.findall(r"--[a-z-]+", said)), program


def test_the_catalog_finds_what_it_looks_for():
    """What the Snakemake workflow catalog reads: both words in the README, and how to configure."""
    entry = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())
    assert entry["usage"]["software-stack-deployment"]["conda"]
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", README.lower()))
    assert (ROOT / "Snakefile").exists()
    assert not (ROOT / "workflow").exists()


def test_hooks_of_a_commit_run_the_tools_of_the_environment():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    pinned = (ROOT / "requirements.txt").read_text()
    for hook in hooks:
        tool = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert f"\n{tool}==" in pinned


def test_every_column_of_a_table_is_in_the_reference():
    from optical.evaluation.gap import COLUMNS
    from optical.report.costs import COST_COLUMNS

    text = TEXTS["docs/reference/results.md"]
    for column in {*COST_COLUMNS, *(name for table in COLUMNS for name in table)}:
        # A value has its interval and its p-values beside it, which the page says once.
        base = re.sub(r"_(from|to|p|p_holm)$", "", column)
        assert f"`{column}`" in text or f"`{base}`" in text, column
