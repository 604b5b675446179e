"""Disks that are full, read-only or damaged, and two runs at once: a clear word, nothing lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from optical.retrieval.token_vectors import write_token_vectors
from trees import ROOT, SMOKE, snakemake, succeeds

RESULTS = Path("results/smoke")
TABLE = RESULTS / "gap/gap_table.csv"


@pytest.fixture
def disk(tmp_path):
    """A disk in memory, and a way to mount it anew."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder]).returncode:
        pytest.skip("no disk can be mounted here, which takes root")
    yield (
        folder,
        lambda options: subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True),
    )
    subprocess.run(["umount", "--lazy", folder], check=True)


def move_results(tree, folder):
    """Have the results of a study on a disk of their own."""
    shutil.copytree(tree / "results", folder, dirs_exist_ok=True)
    shutil.rmtree(tree / "results")
    (tree / "results").symlink_to(folder)


def fails(tree, *options):
    done = snakemake(tree, "--cores", 2, "--show-failed-logs", *options, *SMOKE)
    assert done.returncode
    return done.stdout + done.stderr


def test_a_full_disk_is_named_and_the_run_goes_on_when_there_is_room(
    run, finished, disk, record_property
):
    folder, remount = disk
    shutil.rmtree(finished / RESULTS / "students/small/sentence")
    shutil.rmtree(finished / RESULTS / "gap")
    move_results(finished, folder)
    used = shutil.disk_usage(folder).used
    remount(f"size={used + (100 << 10)}")
    assert "disk: the models alone take" in fails(finished)
    # Room for the models, and not for checkpoints beside them.
    remount(f"size={used + (640 << 10)}")
    assert "No space left on device" in fails(finished)
    remount("size=100m")
    succeeds(snakemake(finished, "--cores", 2, *SMOKE))
    assert (finished / TABLE).read_bytes() == (run[0] / TABLE).read_bytes()
    record_property("survived", "a full disk: named, and gone on with")


def test_an_index_without_room_is_an_error_and_no_dead_process(tmp_path, disk, record_property):
    folder, remount = disk
    vectors = np.random.default_rng(0).standard_normal((5000, 64)).astype(np.float16)
    write_token_vectors(tmp_path / "store", [(np.zeros(5000), vectors)], 64)
    remount(f"size={300 << 10}")  # of 320 kB of residuals
    program = (
        "import sys\n"
        "from optical.retrieval.token_index import build_index\n"
        "from optical.retrieval.token_vectors import TokenVectors\n"
        "build_index(TokenVectors(sys.argv[1]), sys.argv[2], kind='approximate', centroids=8)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "store", folder / "index"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts")},
    )
    assert "No space left on device" in done.stderr
    assert list(folder.iterdir()) == []
    record_property("survived", "an index that does not fit its disk: named, nothing left")


def test_results_that_cannot_be_written_are_named_and_stay(run, finished, disk, record_property):
    folder, remount = disk
    (finished / TABLE).unlink()
    move_results(finished, folder)
    before = sorted(folder.rglob("*"))
    remount("ro")
    assert "Write-protected output files" in fails(finished)
    assert sorted(folder.rglob("*")) == before
    remount("rw")
    succeeds(snakemake(finished, "--cores", 2, *SMOKE))
    assert (finished / TABLE).read_bytes() == (run[0] / TABLE).read_bytes()
    record_property("survived", "read-only results: named, and gone on with")


def test_a_second_run_in_a_folder_is_refused_and_the_first_finishes(run, finished, record_property):
    shutil.rmtree(finished / RESULTS / "students/small/optical/ekti")
    shutil.rmtree(finished / RESULTS / "gap")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *SMOKE]
    first = subprocess.Popen(
        command, cwd=finished, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    begun = next(line for line in first.stderr if line.startswith("Execute "))
    second = snakemake(finished, "--cores", 2, *SMOKE)
    assert second.returncode
    assert "Directory cannot be locked" in second.stdout + second.stderr
    _, said = first.communicate()
    assert first.returncode == 0, begun + said
    assert (finished / TABLE).read_bytes() == (run[0] / TABLE).read_bytes()
    record_property("survived", "a second run at the same time: refused")


DAMAGED = [
    "data/bitext/ekti.parquet",
    "data/collections/constructed/passages.parquet",
    "teachers/small/model.encoder.safetensors",
    "students/small/greedy/ekti/seed-1/model.encoder.safetensors",
    "students/small/optical/ekti/seed-1/1_Dense/model.safetensors",
    "students/small/sentence/bero/seed-1/config.json",
    "targets/small/bero/64-tokens/000000.vectors.npy",
    "passages/small/constructed/000000.lengths.npy",
    "indexes/small/constructed/codes.npy",
    "indexes/small/constructed/index.json",
    "translators/ekti-alba/model.safetensors",
    "queries/small/zero_shot/bero/seed-0/constructed/000000.tokens.npy",
    "runs/small/optical/ekti/seed-1/constructed.run.gz",
    "runs/small/optical/bero/seed-1/constructed.scores.parquet",
    "gap/plans.json",
]


@pytest.mark.parametrize("left", [0.0, 0.5], ids=["empty", "half"])
def test_damaged_files_are_named_and_made_anew(run, finished, left, record_property):
    """All at once, as a failing disk or an interrupted copy leaves them."""
    for name in DAMAGED:
        path = finished / RESULTS / name
        path.write_bytes(path.read_bytes()[: int(left * path.stat().st_size)])
    said = fails(finished, "--keep-going")
    named = [line for line in said.splitlines() if line.startswith("Damaged: ")]
    remove = {line.split(". Remove ")[1].split(" and start again")[0] for line in named}
    # What came after a damaged file has perhaps been removed by its step, which then failed.
    left_over = [name for name in DAMAGED if (finished / RESULTS / name).exists()]
    assert len(left_over) > len(DAMAGED) / 2
    for name in left_over:
        assert any(f"Damaged: {RESULTS / name} " in line for line in named), name
        assert any(f"{RESULTS / name}/".startswith(f"{one}/") for one in remove), name
    subprocess.run(["rm", "-r", *remove], cwd=finished, check=True)
    succeeds(snakemake(finished, "--cores", 2, *SMOKE))
    assert (finished / TABLE).read_bytes() == (run[0] / TABLE).read_bytes()
    record_property("survived", f"{len(DAMAGED)} damaged files: named, removed, made anew")
