"""A study that is killed over and over, whole: the same command ends with the same tables."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from trees import FEWER, ROOT, SMOKE, command, copy_tree, read_study, snakemake, succeeds

STUDY = os.environ.get("OPTICAL_STUDY", "config.yaml")
KILLS = 20
COMMAND = ("--cores", 2, "--configfile", STUDY, *(FEWER if SMOKE[1] == STUDY else ()))


def made(tree):
    """{name: bytes} of the tables and of every run of a finished study, all but what it cost."""
    results = tree / "results" / read_study(ROOT / STUDY)["study"]
    tables = [file for file in results.glob("gap/*_table.*") if "cost" not in file.name]
    files = [*tables, *results.glob("runs/**/*.run.gz"), *results.glob("runs/**/*.scores.parquet")]
    assert len(files) > 20
    return {str(file.relative_to(results)): file.read_bytes() for file in files}


def names(tree):
    return {file.relative_to(tree) for file in (tree / "results").rglob("*")}


def start(tree, jobs):
    """Start the study in a process group of its own, and wait until it has finished some jobs."""
    process = subprocess.Popen(
        **command(*COMMAND),
        cwd=tree,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said, finished = [], -1
    for line in process.stderr:
        said.append(line)
        # The first line of this kind says that it begins.
        finished += line.startswith("Finished jobid" if finished >= 0 else "Execute ")
        if finished == jobs:
            return process
    pytest.fail(f"ended by itself, exit {process.wait()}\n{''.join(said)}")


def kill(process):
    """End all processes of a run as a machine does that goes down."""
    os.killpg(process.pid, signal.SIGKILL)
    process.stderr.close()
    process.wait()


@pytest.fixture
def undisturbed(request, tmp_path):
    """The folder of a finished run of the study, which may hold results of more methods."""
    if SMOKE[1] == STUDY:
        return request.getfixturevalue("fewer")[0]
    tree = copy_tree(tmp_path / "undisturbed")
    succeeds(snakemake(tree, *COMMAND))
    return tree


def test_kills_at_random_moments_leave_no_trace(undisturbed, tmp_path, record_property):
    tree, whole = copy_tree(tmp_path / "tree"), undisturbed
    planned = succeeds(snakemake(tree, "--dry-run", *COMMAND)).stdout
    jobs = int(re.search(r"^total +(\d+)$", planned, flags=re.MULTILINE)[1])
    seed = random.randrange(1000)
    moments = random.Random(seed)
    print(f"{STUDY}: {jobs} jobs; seed of the moments {seed}", flush=True)
    for number in range(1, KILLS + 1):
        # Few enough jobs in all lives that there is work left at the last kill.
        lived, seconds = moments.randint(0, int(1.3 * jobs / KILLS)), moments.uniform(0, 3)
        process = start(tree, lived)
        time.sleep(seconds)
        assert process.poll() is None
        kill(process)
        print(f"kill {number}, {seconds:.1f} s after {lived} jobs", flush=True)
    succeeds(snakemake(tree, *COMMAND))
    assert names(tree) <= names(whole)  # nothing half-written lies about
    found, expected = made(tree), made(whole)
    assert [name for name in found if found[name] != expected[name]] == []
    text = f"{KILLS} kills of {STUDY}: {len(found)} files as of an undisturbed run, to the byte"
    record_property("survived", text)
