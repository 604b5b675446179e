import os
import subprocess
import sys
from mmap import mmap
from pathlib import Path

import numpy as np
import pytest

from optical.retrieval import token_vectors
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError

ROOT = Path(__file__).parents[1]


def texts(number=20, dimension=4, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        length = int(rng.integers(1, 9))
        yield rng.integers(0, 100, length), rng.standard_normal((length, dimension))


def test_rows_come_back_as_they_were_written(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    store = TokenVectors(tmp_path)
    assert len(store) == 20
    for row, (ids, vectors) in enumerate(texts()):
        np.testing.assert_array_equal(store.ids(row), ids)
        np.testing.assert_array_equal(store[row], vectors.astype(np.float16))


def test_a_padded_batch_holds_the_rows_in_the_order_asked_for(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    store = TokenVectors(tmp_path)
    vectors, ids, mask = store.padded([7, 3, 7])
    for place, row in enumerate([7, 3, 7]):
        np.testing.assert_array_equal(vectors[place][mask[place]], store[row].astype(np.float32))
        np.testing.assert_array_equal(ids[place][mask[place]], store.ids(row))
        assert not vectors[place][~mask[place]].any()


def test_shards_are_one_store(tmp_path, monkeypatch):
    monkeypatch.setattr(token_vectors, "SHARD", 7)
    write_token_vectors(tmp_path, texts(), 4)
    assert len(list(tmp_path.glob("*.lengths.npy"))) == 3
    store = TokenVectors(tmp_path)
    for row, (ids, vectors) in enumerate(texts()):
        np.testing.assert_array_equal(store.ids(row), ids)
        np.testing.assert_array_equal(store[row], vectors.astype(np.float16))
    every = np.concatenate([vectors for _, vectors in texts()]).astype(np.float16)
    for most in (1, 10, 1000):
        blocks = list(store.blocks(most))
        np.testing.assert_array_equal(np.concatenate([block for _, _, block in blocks]), every)
        for first, last, block in blocks:
            assert len(block) == store.lengths[first:last].sum()
            assert len(block) <= most or last == first + 1


def test_vectors_are_mapped_and_not_loaded(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    (shard,) = TokenVectors(tmp_path).vectors
    assert isinstance(shard.base, mmap)


def test_a_store_and_its_indexes_need_few_open_files(tmp_path):
    """MS MARCO has 1,075 shards; a process often may open 1,024 files."""
    program = """
import resource, sys
from pathlib import Path
import numpy as np
from optical.retrieval.token_index import build_index, open_index, search
from optical.retrieval.token_vectors import TokenVectors, shard_file
texts = [(np.array([row]), row + np.ones((1, 8), dtype=np.float16)) for row in range(600)]
for row, (ids, vectors) in enumerate(texts):
    parts = {"vectors": vectors, "tokens": ids, "lengths": np.array([1])}
    for part, array in parts.items():
        np.save(shard_file(Path(sys.argv[1]), row, part), array)
resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
store = TokenVectors(sys.argv[1])
kept = [(store[row], store.ids(row)) for row in range(600)]
for (ids, vectors), (read, read_ids) in zip(texts, kept, strict=True):
    assert (read == vectors).all() and (read_ids == ids).all()
store.padded(range(600))
for kind in ("exact", "approximate"):
    build_index(store, f"{sys.argv[1]}/{kind}", kind=kind)
    index = open_index(f"{sys.argv[1]}/{kind}", store)
    assert len(list(search(index, store, depth=1, rows=range(16), threads=2))) == 16
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts")},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr


def test_a_store_of_no_text_is_empty(tmp_path):
    write_token_vectors(tmp_path, [], 4)
    assert len(TokenVectors(tmp_path)) == 0


def test_a_missing_shard_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(token_vectors, "SHARD", 7)
    write_token_vectors(tmp_path, texts(), 4)
    (tmp_path / "000001.lengths.npy").unlink()
    with pytest.raises(InputError, match="a shard is missing"):
        TokenVectors(tmp_path)


def test_vectors_of_another_dimension_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"shape \(1, 3\) for 1 tokens, expected 4 dimensions"):
        write_token_vectors(tmp_path, [(np.array([1]), np.ones((1, 3)))], 4)


def test_a_store_whose_files_disagree_is_refused(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    np.save(tmp_path / "000000.lengths.npy", np.array([1], dtype=np.int32))
    with pytest.raises(InputError, match="lengths.npy counts 1 tokens"):
        TokenVectors(tmp_path)


def test_a_store_whose_ids_are_of_another_number_is_refused(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    np.save(tmp_path / "000000.tokens.npy", np.array([1], dtype=np.int32))
    with pytest.raises(InputError, match="the ids beside it are 1"):
        TokenVectors(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_vector_that_is_not_finite_is_not_written(tmp_path, monkeypatch, value):
    monkeypatch.setattr(token_vectors, "SHARD", 2)
    some = list(texts())
    some[3][1][0, 2] = value  # 1e6 is beyond float16
    with pytest.raises(InputError, match="text 3 has a token vector that is not finite"):
        write_token_vectors(tmp_path, some, 4)
