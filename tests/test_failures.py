"""What is told of steps that have failed, from the log of a run."""

from ast import literal_eval

import pytest

from optical.runtime.failures import failures, last_line
from trees import ROOT, snakemake

SNAKEFILE = f"""
import sys
from pathlib import Path

sys.path.insert(0, "{ROOT}/workflow_scripts")
from optical.runtime.failures import failures

rule all:
    input: "spoken", "silent", "unlogged", "good"

rule speak:
    message: "Speaking"
    output: "spoken"
    log: "logs/speak.a.log"
    shell: "echo begun > {{log}}; echo 'a.tsv:1: no text ' >> {{log}}; echo >> {{log}}; exit 1"

rule keep_silent:
    output: "silent"
    log: "logs/silent.log"
    shell: "exit 1"

rule keep_no_log:
    output: "unlogged"
    shell: "exit 1"

rule succeed:
    output: "good"
    log: "logs/good.log"
    shell: "echo fine | tee {{log}} > {{output}}"

onerror:
    print("told:", failures(map(Path, log)))
"""

TOLD = [
    "keep_silent failed\n    its log: logs/silent.log",
    "speak failed: a.tsv:1: no text\n    its log: logs/speak.a.log",
]


def test_each_failed_step_is_told_with_the_last_line_of_its_log(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    done = snakemake(tmp_path, "--cores", 1, "--keep-going")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("told: ")]
    assert sorted(literal_eval(line.removeprefix("told: "))) == TOLD
    assert (tmp_path / "good").exists()


def test_a_step_that_several_logs_tell_of_is_told_once(tmp_path):
    log = "Error in rule speak:\n    jobid: 1\n    log: {0} (check it)\n\nError in rule speak:\n"
    (tmp_path / "run.log").write_text(log.format(tmp_path / "speak.log"))
    (told,) = failures([tmp_path / "run.log", tmp_path / "run.log"])
    assert told == f"speak failed\n    its log: {tmp_path / 'speak.log'}"


def test_a_run_without_a_failure_tells_nothing(tmp_path):
    (tmp_path / "run.log").write_text("rule speak:\n    log: speak.log\n")
    assert list(failures([tmp_path / "run.log"])) == []
    assert list(failures([])) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, ""),
        (b"", ""),
        (b" \n\n", ""),
        (b"one\n two \n\n", "two"),
        (b"10 %\r100 %\r\n", "100 %"),
        (b"caf\xe9\n", "caf\ufffd"),
    ],
)
def test_the_last_line_that_says_something(tmp_path, content, line):
    if content is not None:
        (tmp_path / "log").write_bytes(content)
    assert last_line(tmp_path / "log") == line
