"""Methods of the smoke study on a Slurm of two nodes, one of which goes down: the same tables."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from trees import FEWER, SMOKE, command, copy_tree

CLUSTER = Path(__file__).with_name("cluster.sh")
PROFILE = (
    ("--profile", "profiles/slurm", *SMOKE, *FEWER)
    # What is this cluster's own: nothing is accounted, and two processors have all to do.
    + ("--slurm-no-account", "--slurm-status-command", "squeue", "--jobs", "6")
    + ("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2")
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    if os.getuid() or not shutil.which("slurmctld"):
        pytest.skip("no root, or slurm-wlm and munge are not installed")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run([CLUSTER, "start", folder], capture_output=True, text=True)
    if started.returncode:
        pytest.skip(f"no cluster can be set up here: {started.stderr}")
    yield folder
    subprocess.run([CLUSTER, "stop", folder], check=True)


def slurm(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def running(rule, log):
    """The number of a job of a rule that has run for a moment, and its node."""
    submitted = re.findall(r"SLURM jobid (\d+) \(log: \S*/rule_(\w+)/", log.read_text())
    jobs = {number for number, name in submitted if name == rule}
    for line in slurm("squeue", "-h", "-t", "R", "-o", "%A %N %M").splitlines():
        number, where, minutes = line.split()
        if number in jobs and minutes >= "0:03":
            return number, where
    return None


def memory(job):
    """What a job asked for, in MB."""
    shown = slurm("scontrol", "show", "job", job)
    number, unit = re.search(r"MinMemoryNode=([\d.]+)([MG])", shown).groups()
    return float(number) * (1024 if unit == "G" else 1)


def wait_for(process, log, look):
    while not (found := look()):
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)
    return found


def take_down(node, folder):
    """End every process of a node at once: its daemon, its jobs and who watches them."""
    os.kill(int((folder / f"slurmd.{node}.pid").read_text()), signal.SIGKILL)
    here = set(slurm("squeue", "-h", "-w", node, "-o", "%A").split())
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = status.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            own = f"SLURMD_NODENAME={node}".encode() in status.with_name("environ").read_bytes()
        except OSError:  # it has ended
            continue
        watches = re.match(r"slurmstepd: \[(\d+)", line)
        if own or (watches and watches[1] in here):
            os.kill(int(status.parent.name), signal.SIGKILL)


def test_a_study_survives_a_cancelled_job_and_a_lost_node(
    cluster, fewer, tmp_path, record_property
):
    local, _ = fewer
    tree, log = copy_tree(tmp_path / "tree"), tmp_path / "log"
    with open(log, "w") as said:
        process = subprocess.Popen(**command(*PROFILE), cwd=tree, stdout=said, stderr=said)
    try:
        cancelled, _ = wait_for(process, log, lambda: running("train_translator", log))
        slurm("scancel", cancelled)
        lost, node = wait_for(process, log, lambda: running("distill_student", log))
        take_down(node, cluster)
        # Of the node itself sinfo goes on to say "mixed*".
        wait_for(process, log, lambda: "Restarts=1" in slurm("scontrol", "show", "job", lost))
        print(f"job {cancelled} cancelled; {node} down, and with it job {lost}", flush=True)
        assert process.wait() == 0, log.read_text()
    finally:
        process.kill()
    text = log.read_text()
    assert f"{cancelled}' failed" in text or f"external_jobid: {cancelled}" in text
    # A try after the first has more memory.
    again = re.findall(r"SLURM jobid (\d+) \(log: \S*/rule_train_translator/", text)
    assert sorted({memory(number) for number in again}) == [32000, 64000]
    # What uses a GPU ran where there are some.
    partition = {
        rule: re.search(r"Partition=(\w+)", slurm("scontrol", "show", "job", number))[1]
        for number, rule in re.findall(r"SLURM jobid (\d+) \(log: \S*/rule_(\w+)/", text)
    }
    assert partition["distill_student"] == partition["train_teacher"] == "gpu"
    assert partition["prepare_bitext"] == partition["score_run"] == "cpu"
    for name in ("gap", "language", "size", "contrast", "language_contrast"):
        table = Path("results/smoke/gap", f"{name}_table.csv")
        assert (tree / table).read_bytes() == (local / table).read_bytes(), name
    text = f"a job cancelled, a node of Slurm lost: {len(partition)} rules, the tables the same"
    record_property("survived", text)
