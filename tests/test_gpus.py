"""The hand-out of GPUs, on machines that have none: a driver is imitated, the locks are real."""

import ast
import itertools
import os
import re
import signal
import subprocess
import sys

import pytest

from optical.runtime.gpus import gpu_memory, visible_gpus
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


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("echo 81559, Disabled; echo 24564, [N/A]", 24564 * 2**20),
        ("echo 81559, Disabled; echo 81559, Enabled", None),  # parts of it have less
        ("echo [N/A], Disabled", None),
        ("echo No devices were found; exit 6", None),
    ],
)
def test_the_memory_is_that_of_the_smallest_gpu(said, expected, tmp_path, monkeypatch):
    machine_with(["GPU-aa"], tmp_path, monkeypatch)
    (tmp_path / "bin/nvidia-smi").write_text(f"#!/bin/sh\n{said}\n")
    assert gpu_memory() == expected


def test_a_machine_without_a_driver_has_no_gpus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_gpus() == []
    assert gpu_memory() is None


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


# As a driver names them; the last two begin alike.
FOUR = [
    "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",
    "GPU-11112222-d72c-4106-c12f-20bd9faed9f6",
    "GPU-77a00000-d72c-4106-c12f-20bd9faed9f6",
    "GPU-77b00000-d72c-4106-c12f-20bd9faed9f6",
]


@pytest.mark.parametrize(
    ("chosen", "places", "said"),
    [
        ("GPU-8932f937", [0], ""),
        ("GPU-77a,GPU-1", [2, 1], ""),
        (" GPU-77b , GPU-8 ", [3, 0], ""),
        (FOUR[3], [3], ""),
        ("0,-1,1", [0], ""),
        ("0,2,-1,1", [0, 2], ""),
        ("2,1,", [2, 1], ""),
        (",0", [], ""),
        ("0,7", [0], "no GPU from '7' on, not one of 0, 1, 2, 3"),
        ("7,0", [], "no GPU from '7' on"),
        ("0,0", [], "no GPU, since '0' is named before"),
        ("1,0,1,2", [], "since '1' is named before"),
        ("0,-1,0", [0], ""),  # what is behind -1 does not count
        ("GPU-8932f937,GPU-89", [], "since 'GPU-89' is named before"),
        ("GPU-77", [], "from 'GPU-77' on, which begins several names"),
        ("GPU-1,GPU-77,GPU-8", [1], "from 'GPU-77' on"),
        ("GPU-ffff", [], "from 'GPU-ffff' on, not one of"),
        ("8932f937", [], "from '8932f937' on"),
        ("0,GPU-1111", [0], "from 'GPU-1111' on"),
        ("GPU-1111,0", [1], "from '0' on"),
        ("NoDevFiles", [], "from 'NoDevFiles' on"),  # as Slurm says that there are none
        ("-1,0", [], ""),
        ("-2", [], "from '-2' on"),
    ],
)
def test_gpus_are_named_by_the_rules_of_cuda(tmp_path, monkeypatch, capsys, chosen, places, said):
    machine_with(FOUR, tmp_path, monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == [FOUR[place] for place in places]
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == bool(said)
    assert not said or line.startswith(f"CUDA_VISIBLE_DEVICES={chosen}: CUDA shows no GPU")


def test_jobs_that_name_a_gpu_in_several_ways_take_turns(tmp_path, monkeypatch):
    machine = machine_with(FOUR, tmp_path, monkeypatch)
    names = ("1", "GPU-1111", FOUR[1], "1,-1,0")
    jobs = [start(machine, seconds=0.2, CUDA_VISIBLE_DEVICES=name) for name in names]
    rows = sorted((first, last, devices) for job in jobs for _, devices, first, last in said(job))
    assert [devices for *_, devices in rows] == [[FOUR[1]]] * 4
    assert all(end <= begin for (_, end, _), (begin, _, _) in itertools.pairwise(rows))


# --- GPUs that are parted into instances (MIG)

MIGS = ["MIG-c7384736-a75d-5afc", "MIG-a28ad590-3fda-56dd", "MIG-a2999999-3fda-56dd"]


def parted(tmp_path, monkeypatch, instances=MIGS):
    """A machine with a GPU that is parted into three, and a whole one."""
    machine = machine_with([], tmp_path, monkeypatch)
    listed = [f"GPU 0: NVIDIA A100 (UUID: {FOUR[0]})"]
    listed += [f"  MIG 1g.5gb     Device  0: (UUID: {name})" for name in instances]
    listed += [f"GPU 1: NVIDIA A100 (UUID: {FOUR[1]})"]
    rows = [f"0, {FOUR[0]}, Enabled", f"1, {FOUR[1]}, Disabled"]
    (machine / "listed").write_text("".join(f"{line}\n" for line in listed))
    (machine / "rows").write_text("".join(f"{line}\n" for line in rows))
    driver = f'#!/bin/sh\n[ "$1" = -L ] && exec cat {machine}/listed\nexec cat {machine}/rows\n'
    (machine / "bin/nvidia-smi").write_text(driver)
    return machine


@pytest.mark.parametrize(
    ("chosen", "visible"),
    [
        (None, [*MIGS, FOUR[1]]),
        ("0", [MIGS[0]]),
        ("1,0", [FOUR[1], MIGS[0]]),
        ("MIG-c7", [MIGS[0]]),
        (f"{MIGS[2]},MIG-c7", [MIGS[2], MIGS[0]]),
        ("MIG-a2", []),
        ("MIG-c7,MIG-c73", []),
        ("MIG-ff", []),
        ("GPU-1111", [FOUR[1]]),
    ],
)
def test_instances_of_a_gpu_are_devices(tmp_path, monkeypatch, chosen, visible):
    parted(tmp_path, monkeypatch)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == visible


def test_jobs_on_one_gpu_have_an_instance_each(tmp_path, monkeypatch):
    """By the names of older drivers, which have slashes."""
    names = [f"MIG-{FOUR[0]}/{number}/0" for number in (7, 8)]
    machine = parted(tmp_path, monkeypatch, names)
    jobs = [
        start(machine, seconds=1.0, CUDA_VISIBLE_DEVICES=chosen)
        for chosen in (",".join(names), ",".join(names))
    ]
    assert sorted(said(job)[0][1] for job in jobs) == [[name] for name in names]


def test_a_program_cannot_have_two_instances(tmp_path, monkeypatch):
    process = start(parted(tmp_path, monkeypatch), gpus=2)
    _, err = process.communicate()
    assert "InputError: 2 GPUs asked for, but CUDA shows a program one MIG instance alone" in err


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
