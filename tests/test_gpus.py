"""The hand-out of GPUs, on machines that have none: a driver is imitated, the locks are real."""

import ast
import os
import re
import signal
import subprocess
import sys

import pytest

from optical.runtime.errors import InputError
from optical.runtime.gpus import visible_gpus
from test_environments import RULES, program_of
from trees import ROOT, SMOKE, copy_tree, snakemake, succeeds

# Takes its GPUs, says which and when, and holds them for a while.
PROGRAM = """
import os, sys, time
from optical.runtime.processes import local_rank, spread
spread(int(sys.argv[1]))
start = time.monotonic()
time.sleep(float(sys.argv[2]))
seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
text = f"{local_rank()} {seen} {start} {time.monotonic()}\\n"
os.write(1, text.encode())
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with three GPUs."""
    return machine_with(["GPU-aa", "GPU-bb", "GPU-cc"], tmp_path, monkeypatch)


def machine_with(names, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    driver = tmp_path / "bin/nvidia-smi"
    listed = "".join(f"echo {number}, {name}\n" for number, name in enumerate(names))
    driver.write_text(f"#!/bin/sh\n{listed or 'echo No devices were found; exit 6'}\n")
    driver.chmod(0o755)
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow_scripts"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def start(machine, gpus=1, seconds=0.0, after=0.0, **environment):
    return subprocess.Popen(
        [sys.executable, machine / "program.py", *map(str, (gpus, seconds, after))],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process):
    """(rank, devices, start, end) of each process that a program became."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    lines = [line.split(" ") for line in out.splitlines()]
    return [
        (int(rank), devices.split(","), float(first), float(last))
        for rank, devices, first, last in lines
    ]


def test_a_machine_without_a_driver_has_no_gpus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == []


def test_a_login_node_whose_driver_finds_none_has_no_gpus(tmp_path, monkeypatch, capsys):
    machine_with([], tmp_path, monkeypatch)
    assert visible_gpus() == []
    assert "no GPU: nvidia-smi: No devices were found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("chosen", "visible"),
    [
        (None, ["GPU-aa", "GPU-bb", "GPU-cc"]),
        ("2,0", ["GPU-cc", "GPU-aa"]),
        ("GPU-bb", ["GPU-bb"]),
        ("MIG-42", ["MIG-42"]),
        ("", []),
        ("-1", []),
    ],
)
def test_the_visible_gpus_are_those_that_the_scheduler_chose(machine, monkeypatch, chosen, visible):
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == visible


def test_a_gpu_that_is_not_there_is_refused(machine, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,7")
    with pytest.raises(InputError, match="CUDA_VISIBLE_DEVICES=0,7: this machine has the GPUs 0, "):
        visible_gpus()


def test_programs_at_one_time_have_a_device_each_and_all_are_used(machine):
    processes = [start(machine, seconds=0.5) for _ in range(7)]
    held = sorted(row for process in processes for row in said(process))
    assert {tuple(devices) for _, devices, _, _ in held} == {("GPU-aa",), ("GPU-bb",), ("GPU-cc",)}
    for device in ("GPU-aa", "GPU-bb", "GPU-cc"):
        times = sorted((first, last) for _, (one,), first, last in held if one == device)
        assert all(last <= first for (_, last), (first, _) in zip(times, times[1:], strict=False))


def test_programs_that_want_two_of_three_take_turns_and_none_waits_for_ever(machine):
    processes = [start(machine, gpus=number, seconds=0.2) for number in (2, 1, 2, 2)]
    held = [said(process) for process in processes]
    for number, rows in zip((2, 1, 2, 2), held, strict=True):
        # Each process of a program sees the devices of all, and its rank says which is its own.
        assert sorted(rank for rank, *_ in rows) == list(range(number))
        assert {len(set(devices)) for _, devices, _, _ in rows} == {number}
    twos = sorted(
        (min(row[2] for row in rows), max(row[3] for row in rows)) for rows in held if len(rows) > 1
    )
    assert all(last <= first for (_, last), (first, _) in zip(twos, twos[1:], strict=False))


def test_the_devices_of_a_killed_program_are_free(machine):
    killed = start(machine, gpus=1, after=600)
    assert killed.stdout.readline().split(" ")[1] == "GPU-aa"
    others = start(machine, seconds=0)
    assert said(others)[0][1] == ["GPU-bb"]
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert said(start(machine))[0][1] == ["GPU-aa"]


def test_jobs_of_a_cluster_keep_the_devices_that_it_gave_them(machine):
    """And two that were given the same one take turns."""
    jobs = [start(machine, seconds=0.3, CUDA_VISIBLE_DEVICES=chosen) for chosen in ("1", "2", "1")]
    assert [said(job)[0][1] for job in jobs] == [["GPU-bb"], ["GPU-cc"], ["GPU-bb"]]


def test_more_gpus_than_the_machine_has_are_refused(machine):
    process = start(machine, gpus=4)
    _, err = process.communicate()
    assert "InputError: 4 GPUs asked for, 3 visible: GPU-aa, GPU-bb, GPU-cc" in err


def test_without_gpus_programs_share_the_processors(tmp_path, monkeypatch):
    machine = machine_with([], tmp_path, monkeypatch)
    rows = said(start(machine, gpus=2))
    assert [(rank, devices) for rank, devices, _, _ in sorted(rows)] == [(0, [""]), (1, [""])]


@pytest.mark.parametrize("gpus", [0, 1, 3])
def test_no_more_jobs_run_at_a_time_than_the_machine_has_gpus(tmp_path, monkeypatch, gpus):
    machine_with([f"GPU-{number}" for number in range(gpus)], tmp_path, monkeypatch)
    tree = copy_tree(tmp_path / "tree")
    planned = succeeds(snakemake(tree, "--dry-run", "--printshellcmds", *SMOKE)).stdout
    asked = set(re.findall(r"--processes (\d+)", planned))
    assert asked == {str(min(gpus, 1))}
    run = succeeds(snakemake(tree, "--cores", 1, "results/smoke/data/world/world.json", *SMOKE))
    provided = re.findall(r"Provided resources: (.*)", run.stdout + run.stderr)
    assert provided == ([f'gpu=Resource("gpu", {gpus})'] if gpus else [])


def test_a_profile_may_say_how_many_gpus_jobs_have_at_a_time(tmp_path):
    planned = snakemake(ROOT, "--dry-run", "--printshellcmds", "--resources", "gpu=8", *SMOKE)
    assert set(re.findall(r"--processes (\d+)", succeeds(planned).stdout)) == {"1"}


@pytest.mark.parametrize("rule", [rule for rule in RULES if program_of(rule)])
def test_a_rule_asks_for_a_gpu_if_its_program_takes_one(rule):
    tree = ast.parse((ROOT / "workflow_scripts" / f"{program_of(rule)}.py").read_text())
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and hasattr(node.func, "id")
    }
    assert ("gpu=gpus" in RULES[rule]) == bool(called & {"take_gpus", "spread"})
