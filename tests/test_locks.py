"""Locks on the file systems of clusters: those of NFS, and none at all."""

import errno
import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import embedder
from optical.models.vector_stores import embed_texts
from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime import files, gpus, lock_file
from optical.runtime.errors import InputError
from optical.runtime.parts import held
from train_tiny import train_linear
from trees import ROOT, SMOKE, copy_tree, snakemake, succeeds

# On NFS a lock of a file is a POSIX lock: a shared one needs a file that is open for reading, an
# exclusive one a file that is open for writing.
AS_ON_NFS = "import fcntl; fcntl.flock = fcntl.lockf"
NO_LOCKS = """
import fcntl, os
def flock(file, operation):
    raise OSError({number}, os.strerror({number}))
fcntl.flock = flock
"""
LACKING = [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A tree of the project, and the Python code that every process runs when it starts."""
    (tmp_path / "site").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    tree = copy_tree(tmp_path / "tree")
    left = tree / ".snakemake/locks/0.output.lock"
    left.parent.mkdir(parents=True)
    left.touch()
    return tree, tmp_path / "site/sitecustomize.py", left


def test_a_study_starts_on_nfs_and_clears_what_a_killed_run_left(tree):
    folder, startup, left = tree
    startup.write_text(AS_ON_NFS)
    succeeds(snakemake(folder, "--dry-run", *SMOKE, fresh=True))
    assert not left.exists()


@pytest.mark.parametrize("number", LACKING, ids=errno.errorcode.get)
def test_a_study_starts_where_the_file_system_has_no_locks(tree, number):
    folder, startup, left = tree
    startup.write_text(NO_LOCKS.format(number=number))
    done = succeeds(snakemake(folder, "--dry-run", *SMOKE, fresh=True))
    assert done.stderr.count(f"has no locks ({os.strerror(number)})") == 1
    assert "--unlock" in done.stderr
    assert "Traceback" not in done.stderr
    # Nobody can tell whether it is of a run that is still at work.
    assert left.exists()


def test_a_failure_of_another_kind_is_not_taken_for_a_file_system_without_locks(tree):
    folder, startup, _ = tree
    startup.write_text(NO_LOCKS.format(number=errno.EIO))
    done = snakemake(folder, "--dry-run", *SMOKE, fresh=True)
    assert done.returncode
    assert os.strerror(errno.EIO) in done.stdout + done.stderr


def hold_folder(folder):
    with files.lock(folder / "unfinished"):
        pass


def hold_part(folder):
    with held(folder / "part") as part:
        part.write_text("half")


def record_download(folder):
    found = lock_file.Record("0" * 64, 1)
    lock_file.record(folder / "lock.tsv", "https://example.org/a", found)
    assert lock_file.recorded(folder / "lock.tsv", "https://example.org/a") == found


def lock_device(folder):
    assert gpus.lock_device(folder / "GPU-aa")


USERS = [hold_folder, hold_part, record_download, lock_device]


@pytest.mark.parametrize("use", USERS)
def test_programs_lock_on_nfs(monkeypatch, tmp_path, capsys, use):
    monkeypatch.setattr(fcntl, "flock", fcntl.lockf)
    use(tmp_path)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", LACKING, ids=errno.errorcode.get)
@pytest.mark.parametrize("use", USERS)
def test_programs_go_on_where_there_are_no_locks(monkeypatch, tmp_path, capsys, use, number):
    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    use(tmp_path)
    use(tmp_path)
    said = capsys.readouterr().err.splitlines()
    # Once for each folder, not once for each time.
    assert len(said) == 1
    assert said[0].startswith(str(tmp_path))
    assert f"has no locks ({os.strerror(number)})" in said[0]


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EACCES], ids=errno.errorcode.get)
def test_what_another_process_holds_is_told_apart(monkeypatch, tmp_path, number):
    """POSIX locks may say so in two ways."""

    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert not gpus.lock_device(tmp_path / "GPU-aa")
    with pytest.raises(InputError, match="is at work here"):
        hold_folder(tmp_path)


HOLDING = """
import fcntl, sys
fcntl.flock = fcntl.lockf
from pathlib import Path
from optical.runtime import files, gpus

with files.lock(Path(sys.argv[1], "unfinished")):
    assert gpus.lock_device(Path(sys.argv[1], "GPU-aa"))
    print("held", flush=True)
    sys.stdin.read()
"""


def test_on_nfs_one_program_has_what_another_has_not(monkeypatch, tmp_path):
    """Locks of NFS are those of a process: another one is needed to meet them."""
    monkeypatch.setattr(fcntl, "flock", fcntl.lockf)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts")},
        text=True,
    )
    assert other.stdout.readline() == "held\n"
    assert not gpus.lock_device(tmp_path / "GPU-aa")
    with pytest.raises(InputError, match=f"process {other.pid} on .* is at work here"):
        hold_folder(tmp_path)
    other.communicate()
    hold_folder(tmp_path)
    assert gpus.lock_device(tmp_path / "GPU-aa")


# --- what is unfinished is removed


@pytest.fixture
def kept_while_open(monkeypatch):
    """On NFS an open file that is removed has another name until it is closed."""
    unlink = os.unlink

    def removed(path, *, dir_fd=None):
        folder = os.readlink(f"/proc/self/fd/{dir_fd}") if dir_fd else ""
        file = os.path.join(folder, path)
        if file in map(os.path.realpath, Path("/proc/self/fd").iterdir()):
            os.rename(file, f"{os.path.dirname(file)}/.nfs0001")
        else:
            unlink(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", removed)


def train(folder, _):
    train_linear(folder / "made")


def index(folder, _):
    write_token_vectors(folder / "vectors", [(np.zeros(2), np.eye(2))], 2)
    build_index(TokenVectors(folder / "vectors"), folder / "made")


def index_the_impossible(folder, _):
    write_token_vectors(folder / "vectors", [(np.zeros(2), np.eye(2))], 2)
    with pytest.raises(InputError, match="codec"):
        build_index(
            TokenVectors(folder / "vectors"), folder / "made", kind="approximate", codec="int4"
        )


def embed(folder, model):
    embedder(model, folder / "model")
    (folder / "texts").touch()
    embed_texts(
        folder / "model", ["the cat"], folder / "made", task="query", origin=folder / "texts"
    )


@pytest.mark.parametrize("make", [train, index, index_the_impossible, embed])
def test_on_nfs_nothing_unfinished_is_left(kept_while_open, tmp_path, model, make):
    make(tmp_path, model)
    left = {path.name for path in tmp_path.iterdir()} - {"model", "texts", "vectors"}
    assert left == (set() if make is index_the_impossible else {"made"})


# --- the clocks of file servers

CLOCKS = re.compile(r"\b(st_[amc]time(_ns)?|get[amc]time|time\.time(_ns)?|from time import)\b")


def test_no_program_compares_the_time_of_a_file_with_a_clock():
    """A server may be behind the machine that reads its files."""
    files = [*ROOT.glob("workflow_scripts/**/*.py"), *ROOT.glob("rules/*.smk"), ROOT / "Snakefile"]
    assert len(files) > 100
    found = [str(file) for file in files if CLOCKS.search(file.read_text(encoding="utf-8"))]
    assert found == []
    assert CLOCKS.search("if path.stat().st_mtime > time.time() - 60:")
