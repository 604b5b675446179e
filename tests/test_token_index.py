import numpy as np
import pytest

from optical.token_index import build_index, max_sim, read_index, search, write_index
from optical.token_vectors import TokenVectors, write_token_vectors


def store(folder, number, seed, dimension=16):
    """Random texts of one to twelve tokens of unit length."""
    rng = np.random.default_rng(seed)

    def texts():
        for _ in range(number):
            vectors = rng.standard_normal((int(rng.integers(1, 13)), dimension))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            yield np.zeros(len(vectors), dtype=int), vectors

    write_token_vectors(folder, texts(), dimension)
    return TokenVectors(folder)


@pytest.fixture
def passages(tmp_path):
    return store(tmp_path / "passages", 60, seed=1)


@pytest.fixture
def queries(tmp_path):
    return store(tmp_path / "queries", 5, seed=2)


def plain_max_sim(query, passage):
    return sum(max(float(q @ p) for p in passage) for q in query)


def test_scores_are_maxsim(passages, queries):
    query = queries[0].astype(np.float32)
    rows = np.array([3, 17, 4])
    expected = [plain_max_sim(query, passages[row].astype(np.float32)) for row in rows]
    np.testing.assert_allclose(max_sim(query, passages, rows), expected, rtol=1e-5)


def test_a_negative_similarity_counts_and_padding_does_not(tmp_path):
    write_token_vectors(tmp_path, [(np.array([0]), np.array([[-1.0, 0.0]]))], 2)
    query = np.array([[1.0, 0.0]], dtype=np.float32)
    assert max_sim(query, TokenVectors(tmp_path), np.array([0])).tolist() == [-1.0]


def test_search_with_all_neighbours_is_exhaustive(passages, queries):
    index = build_index(passages, "Flat")
    found = search(index, passages, queries, neighbours=len(passages.vectors), depth=60)
    for row, (rows, scores) in enumerate(found):
        exact = max_sim(queries[row].astype(np.float32), passages, np.arange(60))
        np.testing.assert_array_equal(rows, np.argsort(-exact, kind="stable"))
        np.testing.assert_allclose(scores, np.sort(exact)[::-1])


def test_few_neighbours_still_give_exact_scores(passages, queries):
    index = build_index(passages, "Flat")
    for row, (rows, scores) in enumerate(search(index, passages, queries, neighbours=3, depth=4)):
        assert 0 < len(rows) <= 4
        exact = max_sim(queries[row].astype(np.float32), passages, rows)
        np.testing.assert_allclose(scores, exact)


def test_an_index_comes_back_from_its_file(passages, queries, tmp_path):
    index = build_index(passages, "IVF4,Flat")
    write_index(index, tmp_path / "index.faiss")
    loaded = read_index(tmp_path / "index.faiss")
    first, second = (
        list(search(each, passages, queries, neighbours=9, depth=9)) for each in (index, loaded)
    )
    for (rows, scores), (loaded_rows, loaded_scores) in zip(first, second, strict=True):
        np.testing.assert_array_equal(rows, loaded_rows)
        np.testing.assert_array_equal(scores, loaded_scores)


@pytest.mark.parametrize("factory", ["Nonsense", "PQ7"])
def test_an_impossible_index_is_an_error_that_names_it(passages, factory):
    with pytest.raises(ValueError, match=f"index factory '{factory}' failed"):
        build_index(passages, factory)
