"""Files that studies make, cut off anywhere, and what is then said of them."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from optical.runtime.errors import InputError
from optical.runtime.wholeness import OWN_PROOFS, damaged

WRITERS = {
    "a.parquet": lambda path: pq.write_table(pa.table({"text": ["ab", "c"] * 50}), path),
    "a.npy": lambda path: np.save(path, np.arange(60, dtype=np.float16).reshape(20, 3)),
    "none.npy": lambda path: np.save(path, np.empty((0, 8), dtype=np.int32)),
    "a.safetensors": lambda path: save_file({"b": torch.ones(3, 4), "a": torch.ones(2)}, path),
    "a.json": lambda path: path.write_text(json.dumps({"a": [1, 2, {"b": "c"}]})),
    "a.run.gz": lambda path: path.write_bytes(gzip.compress(b"q0 Q0 p0 1 2.0 run\n" * 50)),
}


@pytest.fixture(params=WRITERS)
def file(request, tmp_path):
    WRITERS[request.param](tmp_path / request.param)
    return tmp_path / request.param


def test_a_whole_file_is_whole(file):
    OWN_PROOFS[file.suffix](file)


def test_a_file_cut_off_anywhere_is_not(file):
    whole = file.read_bytes()
    for length in {0, 1, 9, 64, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
        if length < len(whole):
            file.write_bytes(whole[:length])
            with pytest.raises(InputError, match="whole|read to its end"):
                OWN_PROOFS[file.suffix](file)


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 99\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.safetensors", POINTER),
        ("a.safetensors", b"\xff" * 64),
        ("a.safetensors", (2).to_bytes(8, "little") + b"[]"),
        ("a.safetensors", (7).to_bytes(8, "little") + b'{"a":1}'),
        ("a.npy", POINTER),
        ("a.npy", b"\x93NUMPY\x01\x00\x40\x00" + bytes(64)),
        ("a.npy", b"\x93NUMPY\x01\x00\x02\x00[]"),
        ("a.json", b"[" * 100_000),
    ],
)
def test_a_file_of_other_bytes_is_not_whole_either(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    ((remove, told),) = damaged(tmp_path)
    assert remove == tmp_path / name
    assert " no whole " in told


def test_what_to_remove_is_what_a_step_made(tmp_path):
    model = tmp_path / "students/small/optical/seed-1"
    for folder in (model / "1_Dense", tmp_path / "runs", tmp_path / "small.training"):
        folder.mkdir(parents=True)
    (model / ".snakemake_timestamp").touch()
    broken = [
        model / "1_Dense/model.safetensors",
        tmp_path / "runs/a.run.gz",
        # These their own programs judge, and make again.
        tmp_path / "small.training/half.json",
        tmp_path / "runs/.half.npy",
    ]
    for path in broken:
        path.write_bytes(b"")
    WRITERS["a.npy"](tmp_path / "whole.npy")
    found = list(damaged(tmp_path))
    assert [remove for remove, _ in found] == [tmp_path / "runs/a.run.gz", model]
    assert f"{broken[0]} holds no whole weights" in found[1][1]
