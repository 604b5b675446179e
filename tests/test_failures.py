"""What is told of steps that have failed, from the log of a run."""

import os
import signal
import subprocess
import sys
import time
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
    shell: "printf 'begun\\nspeak: a.tsv:1: no text \\n\\n' > {{log}}; exit 1"

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


# --- Ctrl-C, which goes to every process of a terminal

WAITING = f"""
import sys
sys.path.insert(0, "{ROOT}/workflow_scripts")
from optical.runtime.failures import failures, tell_interruption

tell_interruption()

rule all:
    input: "program", "other", "failed"

rule run_program:
    output: "program"
    log: "program.log"
    shell: "python wait.py --output {{output}} > {{log}} 2>&1"

rule run_other:
    output: "other"
    log: "other.log"
    shell: "touch other.begun; sleep 600 2> {{log}}"

rule fail:
    output: "failed"
    log: "fail.log"
    shell: "until [ -e program.begun -a -e other.begun ]; do sleep 0.1; done;"
        " echo 'a.tsv:1: no text' > {{log}}; exit 1"

onerror:
    print(*failures(map(Path, log)), sep="\\n")
"""
PROGRAM = f"""
import sys, time
sys.path.insert(0, "{ROOT}/workflow_scripts")
from pathlib import Path
from optical.runtime.program import run_program

def main(*, output: Path) -> None:
    '''
    output: file to write
    '''
    Path("program.begun").touch()
    time.sleep(600)

run_program(main)
"""


def interrupted(folder, command, begun):
    """What a command says, and its exit code, that Ctrl-C ends when there is a file."""
    # A shell lets what it starts in the background ignore Ctrl-C, and the command would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while not begun():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=120)[0], process.returncode


def test_a_program_that_is_interrupted_says_so_in_one_line(tmp_path):
    (tmp_path / "wait.py").write_text(PROGRAM)
    said, code = interrupted(
        tmp_path, ["wait.py", "--output", "x"], (tmp_path / "program.begun").exists
    )
    assert (said, code) == ("wait: interrupted: run the same again\n", 130)


def test_a_run_that_is_interrupted_says_so_last_and_blames_no_step_for_it(tmp_path):
    (tmp_path / "Snakefile").write_text(WAITING)
    (tmp_path / "wait.py").write_text(PROGRAM)

    def failed():
        logs = (tmp_path / ".snakemake/log").glob("*.log")
        return any("Error in rule fail" in log.read_text() for log in logs)

    command = ("-m", "snakemake", "--cores", "3", "--keep-going")
    said, code = interrupted(tmp_path, command, failed)
    assert code == 1
    assert "fail failed: a.tsv:1: no text\n    its log: fail.log\n" in said
    assert "interrupted: run the same again\n" in said
    assert "run_program failed" not in said
    assert "run_other failed" not in said


def test_a_run_that_is_interrupted_before_its_first_step_says_so_in_one_line(tmp_path):
    text = WAITING.replace(
        "rule all:", 'Path("begun").touch(); import time; time.sleep(600)\n\nrule all:'
    )
    (tmp_path / "Snakefile").write_text(text)
    said, code = interrupted(
        tmp_path, ("-m", "snakemake", "--cores", "1"), (tmp_path / "begun").exists
    )
    assert code != 0
    assert said.splitlines()[-1] == "interrupted: run the same again"
    assert "Traceback" not in said
