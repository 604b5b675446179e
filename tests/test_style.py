"""Formatting and linting, by the tools and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "ruff check": ["ruff", "check", "--no-cache"],
    "ruff format": ["ruff", "format", "--check", "--no-cache"],
    # Its settings are in pyproject.toml, as those of all are.
    "snakefmt": ["snakefmt", "--check", "--compact-diff", "Snakefile", "rules"],
    "mypy": ["mypy", "--no-error-summary", "--cache-dir", os.devnull],
}

# A function that one stage needs stands beside its rules, where the reader looks for it.
ALLOWED = {"Mixed rules and functions in same snakefile."}


def run(*command):
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("tool", COMMANDS)
def test_a_tool_finds_nothing(tool):
    done = run(*COMMANDS[tool])
    if done.returncode:
        pytest.fail(f"{tool}:\n{done.stdout}{done.stderr}", pytrace=False)


def test_snakemake_finds_nothing_but_what_is_meant():
    done = run("snakemake", "--lint")
    said = done.stdout + done.stderr
    found = set(re.findall(r"^ +\* (.+?):?$", said, flags=re.MULTILINE))
    assert found <= ALLOWED, said
    assert done.returncode == 0 or found, said
