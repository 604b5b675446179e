"""Formatting and linting, by the tools and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "ruff check": ["ruff", "check", "--no-cache"],
    "ruff format": ["ruff", "format", "--check", "--no-cache"],
    # Its settings are in pyproject.toml, as those of ruff are.
    "snakefmt": ["snakefmt", "--check", "--compact-diff", "Snakefile", "rules"],
    "snakemake --lint": ["snakemake", "--lint"],
}


@pytest.mark.parametrize("tool", COMMANDS)
def test_a_tool_finds_nothing(tool):
    done = subprocess.run(
        [sys.executable, "-m", *COMMANDS[tool]],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{tool}:\n{done.stdout}{done.stderr}", pytrace=False)
