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
