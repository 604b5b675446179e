"""The Python with PyTorch in memory, whose forks run programs of studies in these tests."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from trees import preloaded

TELL = """
import json, os, sys
print(json.dumps({
    "arguments": sys.argv[1:], "name": __name__, "file": __file__, "path": sys.path[0],
    "folder": os.getcwd(), "read": sys.stdin.read(), "given": os.environ.get("GIVEN"),
    "loaded": "torch" in sys.modules, "ours": [name for name in sys.modules if "optical" in name],
    "variables": [name for name in os.environ if "PRELOADED" in name or name == "PYTHONPATH"],
}))
"""
WAIT = """
import signal, sys, time
from pathlib import Path
{handler}
Path("begun").write_text(str(__import__("os").getpid()))
time.sleep(3600)
"""
HANDLER = "for number in (2, 15): signal.signal(number, lambda number, _: sys.exit(number))"


@pytest.fixture
def start(tmp_path):
    """A function that starts a Python on a program of this text."""

    def start(text, *arguments, **variables):
        program = tmp_path / "workflow_scripts/program.py"
        program.parent.mkdir()
        program.write_text(text)
        return subprocess.Popen(
            [sys.executable, "workflow_scripts/program.py", *arguments],
            cwd=tmp_path,
            env=os.environ | preloaded().variables | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def begun(folder):
    """The process of a program that waits, once it does."""
    while not (folder / "begun").exists() or not (number := (folder / "begun").read_text()):
        time.sleep(0.01)
    return int(number)


def test_a_fork_runs_a_program_as_a_new_python_would(start, tmp_path):
    out, _ = start(TELL, "--a", "b c", GIVEN="x").communicate("text")
    assert json.loads(out) == {
        "arguments": ["--a", "b c"],
        "name": "__main__",
        "file": str(tmp_path / "workflow_scripts/program.py"),
        "path": str(tmp_path / "workflow_scripts"),
        "folder": str(tmp_path),
        "read": "text",
        "given": "x",
        "loaded": True,
        "ours": [],
        "variables": [],
    }


@pytest.mark.parametrize("variables", [{"OMP_NUM_THREADS": "2"}, {"HF_HOME": "elsewhere"}])
def test_a_program_whose_libraries_would_be_imported_differently_is_a_new_python(start, variables):
    out, _ = start(TELL, **variables).communicate("")
    assert not json.loads(out)["loaded"]


def test_a_program_is_a_new_python_where_nobody_answers(start, tmp_path):
    out, _ = start(TELL, PRELOADED_PYTHON=str(tmp_path / "none")).communicate("")
    assert not json.loads(out)["loaded"]


@pytest.mark.parametrize(
    ("text", "status", "last"),
    [
        ("import atexit; atexit.register(print, 'end')", 0, ""),
        ("import sys; sys.exit('a mistake')", 1, "a mistake"),
        ("import sys; sys.exit(4)", 4, ""),
        ("def f(): 1 / 0\nf()", 1, "ZeroDivisionError: division by zero"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
    ],
)
def test_a_program_ends_as_its_fork_ends(start, text, status, last):
    process = start(text)
    out, error = process.communicate()
    assert process.returncode == status
    assert (out == "end\n") == ("atexit" in text)
    assert error.strip().rpartition("\n")[2] == last


@pytest.mark.parametrize(
    ("handler", "number", "status"),
    [
        (HANDLER, signal.SIGINT, signal.SIGINT),
        (HANDLER, signal.SIGTERM, signal.SIGTERM),
        ("", signal.SIGTERM, -signal.SIGTERM),
    ],
)
def test_a_signal_reaches_the_fork(start, tmp_path, handler, number, status):
    process = start(WAIT.format(handler=handler))
    begun(tmp_path)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == status


def test_a_fork_does_not_outlive_who_asked_for_it(start, tmp_path):
    process = start(WAIT.format(handler=""))
    assert begun(tmp_path) != process.pid
    process.kill()
    process.communicate()  # what it prints ends with the fork, which would wait for an hour
    assert process.returncode == -signal.SIGKILL
