import numpy as np
import pytest

from optical.token_vectors import TokenVectors, write_token_vectors


def texts(number=20, dimension=4, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        length = int(rng.integers(1, 9))
        yield rng.integers(0, 100, length), rng.standard_normal((length, dimension))


def test_rows_come_back_as_they_were_written(tmp_path):
    assert write_token_vectors(tmp_path, texts(), 4) == 20
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


def test_the_row_of_a_token_is_found_from_its_place(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    store = TokenVectors(tmp_path)
    expected = np.repeat(np.arange(20), store.lengths)
    np.testing.assert_array_equal(store.row_of(np.arange(len(store.vectors))), expected)


def test_vectors_are_mapped_and_not_loaded(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    assert isinstance(TokenVectors(tmp_path).vectors, np.memmap)


def test_vectors_of_another_dimension_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"rows of shape \(3,\), expected \(4,\)"):
        write_token_vectors(tmp_path, [(np.array([1]), np.ones((1, 3)))], 4)


def test_a_store_whose_files_disagree_is_refused(tmp_path):
    write_token_vectors(tmp_path, texts(), 4)
    np.save(tmp_path / "lengths.npy", np.array([1], dtype=np.int32))
    with pytest.raises(ValueError, match="lengths.npy counts 1 tokens"):
        TokenVectors(tmp_path)
