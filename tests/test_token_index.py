"""The index against loops over all passages that nobody can get wrong."""

import filecmp
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import faiss
import numpy as np
import pytest

import search_passages
from optical.corpora.collection_files import PASSAGE_COLUMNS
from optical.corpora.rows import write_parquet
from optical.retrieval import centroid_build, token_index, token_vectors
from optical.retrieval.centroid_build import CODECS
from optical.retrieval.token_index import build_index, open_index, search
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError
from optical.settings.index import centroids_for
from optical.settings.search import Search

ROOT = Path(__file__).parents[1]


def store(folder, number, seed, dimension=16, longest=12):
    """Texts of random length whose tokens lie around thirty words."""
    rng = np.random.default_rng(seed)
    words = np.random.default_rng(0).standard_normal((30, dimension))

    def texts():
        for _ in range(number):
            length = int(rng.integers(1, longest + 1))
            vectors = words[rng.integers(0, 30, length)]
            vectors = vectors + 0.4 * rng.standard_normal(vectors.shape)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            yield np.zeros(length, dtype=int), vectors

    write_token_vectors(folder, texts(), dimension)
    return TokenVectors(folder)


@pytest.fixture
def passages(tmp_path):
    return store(tmp_path / "passages", 400, seed=1)


@pytest.fixture
def queries(tmp_path):
    return store(tmp_path / "queries", 70, seed=2)


def naive(queries, passages):
    """MaxSim of every query with every passage, [queries, passages]."""
    return np.array(
        [
            [
                sum(max(float(q @ p) for p in passage) for q in query)
                for passage in (passages[row].astype(np.float64) for row in range(len(passages)))
            ]
            for query in (queries[row].astype(np.float64) for row in range(len(queries)))
        ]
    )


def built(passages, folder, *, probes=16, candidates=2000, **settings):
    build_index(passages, folder, **settings)
    return open_index(folder, passages, probes=probes, candidates=candidates)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("longest", [1, 5, 40])
def test_exact_search_is_a_naive_maxsim(tmp_path, seed, longest):
    passages = store(tmp_path / "passages", 50, seed=seed, longest=longest)
    queries = store(tmp_path / "queries", 7, seed=seed + 100, longest=longest)
    expected = naive(queries, passages)
    found = list(search(built(passages, tmp_path / "index"), queries, depth=20))
    assert len(found) == 7
    for (rows, scores), all_scores in zip(found, expected, strict=True):
        best = np.argsort(-all_scores, kind="stable")[:20]
        np.testing.assert_allclose(scores, all_scores[best], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(all_scores[rows], all_scores[best], rtol=1e-4, atol=1e-5)


def test_blocks_of_queries_and_passages_and_threads_change_nothing(tmp_path, passages, queries):
    index = built(passages, tmp_path / "index")
    first = list(search(index, queries, depth=30, threads=1))
    second = list(search(index, queries, depth=30, threads=3))
    alone = [index.search([queries[row].astype(np.float32)], 30)[0] for row in range(len(queries))]
    for one, two, three in zip(first, second, alone, strict=True):
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[1], two[1])
        np.testing.assert_allclose(one[1], three[1], rtol=1e-5)


@pytest.mark.parametrize("kind", ["exact", "approximate"])
@pytest.mark.parametrize("seed", range(5))
def test_a_document_has_the_score_of_its_best_passage(tmp_path, monkeypatch, seed, kind):
    monkeypatch.setattr(token_vectors, "SHARD", 7)  # documents lie across the ends of shards
    passages = store(tmp_path / "passages", 60, seed=seed)
    queries = store(tmp_path / "queries", 7, seed=seed + 100)
    parts = np.random.default_rng(seed).integers(1, 9, 60)
    documents = np.repeat(np.arange(60), parts)[:60]
    settings = {"probes": 30, "centroids": 30, "codec": "float16"} if kind != "exact" else {}
    index = built(passages, tmp_path / "index", kind=kind, **settings)
    found = search(index, queries, depth=5, documents=documents)
    for (rows, scores), of_passages in zip(found, naive(queries, passages), strict=True):
        expected = {}
        for document, score in zip(documents.tolist(), of_passages, strict=True):
            expected[document] = max(score, expected.get(document, -np.inf))
        best = sorted(expected.values(), reverse=True)[:5]
        assert len(set(rows.tolist())) == 5
        error = 1e-4 if kind == "exact" else 0.03
        np.testing.assert_allclose(scores, best, atol=error)
        np.testing.assert_allclose([expected[row] for row in rows.tolist()], best, atol=error)


def test_centroids_without_a_passage_take_no_probe(tmp_path):
    vectors = store(tmp_path / "one", 1, seed=1)[0]
    same = [(np.zeros(len(vectors)), vectors)] * 300
    write_token_vectors(tmp_path / "passages", same, 16)
    passages = TokenVectors(tmp_path / "passages")
    index = built(passages, tmp_path / "index", kind="approximate")
    assert np.diff(index.starts).min() == 0
    for rows, _ in search(index, store(tmp_path / "queries", 20, seed=2), depth=10):
        assert len(rows) == 10


def test_as_many_documents_are_found_as_asked_for(tmp_path, passages, queries):
    settings = {"probes": 30, "centroids": 30, "candidates": 40}
    index = built(passages, tmp_path / "index", kind="approximate", **settings)
    documents = np.arange(400) // 8
    for rows, _ in search(index, queries, depth=40, documents=documents):
        assert len(rows) == 40


def test_shards_change_nothing(tmp_path, monkeypatch, queries):
    found = []
    for shard in (8192, 7):
        monkeypatch.setattr(token_vectors, "SHARD", shard)
        passages = store(tmp_path / f"{shard}", 400, seed=1)
        found.append(list(search(built(passages, tmp_path / f"i{shard}"), queries, depth=30)))
    for (rows, scores), (other_rows, other_scores) in zip(*found, strict=True):
        np.testing.assert_array_equal(rows, other_rows)
        np.testing.assert_allclose(scores, other_scores, rtol=1e-5)


def test_some_of_the_queries_are_searched(tmp_path, passages, queries):
    index = built(passages, tmp_path / "index")
    every = list(search(index, queries, depth=5))
    for row, found in zip([3, 60], search(index, queries, depth=5, rows=[3, 60]), strict=True):
        np.testing.assert_array_equal(found[0], every[row][0])


def test_equal_scores_are_in_the_order_of_the_rows_also_at_the_last_place(tmp_path):
    same = [(np.array([0]), np.array([[1.0, 0.0]]))] * 9
    write_token_vectors(tmp_path / "passages", same, 2)
    write_token_vectors(tmp_path / "queries", same[:1], 2)
    index = built(TokenVectors(tmp_path / "passages"), tmp_path / "index")
    ((rows, scores),) = search(index, TokenVectors(tmp_path / "queries"), depth=4)
    assert rows.tolist() == [0, 1, 2, 3]
    assert scores.tolist() == [1.0] * 4


def test_a_negative_similarity_counts(tmp_path):
    write_token_vectors(tmp_path / "passages", [(np.array([0]), np.array([[-1.0, 0.0]]))], 2)
    write_token_vectors(tmp_path / "queries", [(np.array([0]), np.array([[1.0, 0.0]]))], 2)
    for kind in ("exact", "approximate"):
        index = built(TokenVectors(tmp_path / "passages"), tmp_path / kind, kind=kind)
        ((_, scores),) = search(index, TokenVectors(tmp_path / "queries"), depth=4)
        assert scores.tolist() == [-1.0]


@pytest.mark.parametrize(
    ("codec", "error"), [("float16", 2e-3), ("int8", 0.01), ("pq4", 0.04), ("pq", 0.2)]
)
def test_all_probes_and_candidates_give_the_scores_of_the_codec(
    tmp_path, passages, queries, codec, error
):
    settings = {"kind": "approximate", "codec": codec, "centroids": 30, "probes": 30}
    found = search(built(passages, tmp_path / "index", **settings), queries, depth=400)
    expected = naive(queries, passages)
    for query, (rows, scores) in enumerate(found):
        assert sorted(rows) == list(range(400))
        atol = error * queries.lengths[query]
        np.testing.assert_allclose(scores, expected[query][rows], atol=atol)
        assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("codec", CODECS)
def test_few_candidates_find_most_of_the_best(tmp_path, passages, queries, codec):
    settings = {"codec": codec, "centroids": 60, "probes": 8, "candidates": 60}
    index = built(passages, tmp_path / "index", kind="approximate", **settings)
    found = [rows for rows, _ in search(index, queries, depth=10)]
    best = np.argsort(-naive(queries, passages), axis=1)[:, :10]
    shared = [len(set(rows) & set(expected)) for rows, expected in zip(found, best, strict=True)]
    recall = np.mean(shared) / 10
    assert recall > {"float16": 0.95, "int8": 0.95, "pq4": 0.9, "pq": 0.8}[codec]


def test_threads_share_an_approximate_index(tmp_path, passages, queries):
    settings = {"centroids": 30, "probes": 4, "candidates": 50}
    index = built(passages, tmp_path / "index", kind="approximate", **settings)
    one, many = (list(search(index, queries, depth=20, threads=threads)) for threads in (1, 4))
    for (rows, scores), (other_rows, other_scores) in zip(one, many, strict=True):
        np.testing.assert_array_equal(rows, other_rows)
        np.testing.assert_array_equal(scores, other_scores)


@pytest.mark.parametrize("kind", ["exact", "approximate"])
def test_an_index_is_built_alike_twice(tmp_path, passages, kind):
    for name in ("first", "second"):
        build_index(passages, tmp_path / name, kind=kind)
    names = sorted(file.name for file in (tmp_path / "first").iterdir())
    same = filecmp.cmpfiles(tmp_path / "first", tmp_path / "second", names, shallow=False)
    assert same == (names, [], [])


def test_a_killed_build_starts_anew_and_leaves_nothing_behind(tmp_path, passages):
    program = """
import sys, time
from optical.retrieval import centroid_build
from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors
def encoded(*_):
    print("encoding", flush=True)
    time.sleep(60)
centroid_build.encoded = encoded
build_index(TokenVectors(sys.argv[1]), sys.argv[2], kind="approximate")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "passages", tmp_path / "index"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts")},
    )
    assert process.stdout.readline() == "encoding\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert not (tmp_path / "index").exists()
    for name in ("index", "undisturbed"):
        build_index(passages, tmp_path / name, kind="approximate")
    names = sorted(file.name for file in (tmp_path / "undisturbed").iterdir())
    same = filecmp.cmpfiles(tmp_path / "index", tmp_path / "undisturbed", names, shallow=False)
    assert same == (names, [], [])
    assert {path.name for path in tmp_path.iterdir()} == {"passages", "index", "undisturbed"}


def test_threads_build_the_same_index(tmp_path, monkeypatch):
    monkeypatch.setattr(token_vectors, "SHARD", 100)
    passages = store(tmp_path / "passages", 450, seed=1)
    at_work = set()
    find = centroid_build.Finder.__call__

    def found(self, vectors):
        at_work.add(threading.current_thread().name)
        time.sleep(0.05)  # so that no thread does all
        return find(self, vectors)

    monkeypatch.setattr(centroid_build.Finder, "__call__", found)
    for threads in (1, 3):
        monkeypatch.setattr(centroid_build.faiss, "omp_get_max_threads", lambda own=threads: own)
        at_work.clear()
        build_index(passages, tmp_path / str(threads), kind="approximate", centroids=30)
        assert len([name for name in at_work if name.startswith("code")]) == threads
    names = [file.name for file in (tmp_path / "1").iterdir()]
    same = filecmp.cmpfiles(tmp_path / "1", tmp_path / "3", names, shallow=False)
    assert same == (names, [], [])


@pytest.mark.parametrize("most_compared", [1024, 8192])
def test_a_collection_with_fewer_tokens_than_many_centroids(tmp_path, monkeypatch, most_compared):
    monkeypatch.setattr(centroid_build, "MOST_COMPARED", most_compared)
    passages = store(tmp_path / "passages", 300, seed=1)
    assert 1024 < passages.offsets[-1] < 4096
    queries = store(tmp_path / "queries", 5, seed=2)
    index = built(passages, tmp_path / "index", kind="approximate", centroids=4096)
    assert len(index.centroids) == passages.offsets[-1]
    expected = naive(queries, passages)
    for query, (rows, scores) in enumerate(search(index, queries, depth=10)):
        np.testing.assert_allclose(scores, expected[query][rows], atol=0.01)


def test_a_code_book_is_of_the_whole_collection():
    def vectors(of, seed):
        drawn = np.random.default_rng(seed).standard_normal((70_000, 4)) * [of, of, 1 - of, 1 - of]
        return (drawn + [3, 0, 3, 0]).astype(np.float16)

    # The second language of a collection spreads where the first does not.
    sample = np.concatenate([vectors(1, seed=1), vectors(0, seed=2)])
    finder = centroid_build.Finder(np.array([[3, 0, 3, 0]], dtype=np.float32), faiss.IndexFlatIP(4))
    finder.index.add(finder.centroids)
    words = centroid_build.code_book(sample, finder, size=2)
    used = [len(np.unique(part.round(3), axis=0)) for part in words]
    assert min(used) > 100


@pytest.mark.parametrize(("codec", "dimension"), [("pq4", 15), ("pq", 18)])
def test_a_codec_that_cannot_part_the_dimensions_is_an_error(tmp_path, codec, dimension):
    passages = store(tmp_path / "passages", 20, seed=1, dimension=dimension)
    size = {"pq4": 2, "pq": 4}[codec]
    with pytest.raises(InputError, match=f"{dimension} dimensions are no multiple of {size}"):
        build_index(passages, tmp_path / "index", kind="approximate", codec=codec)


def test_an_index_says_what_built_it(tmp_path, passages):
    build_index(passages, tmp_path / "index", kind="approximate", codec="pq", centroids=20)
    record = json.loads((tmp_path / "index" / "index.json").read_text())
    assert record["kind"] == "approximate"
    assert (record["codec"], record["centroids"], record["passages"]) == ("pq", 20, 400)


def test_the_kind_follows_the_size(tmp_path, passages, monkeypatch):
    for limit, kind in ((10**6, "exact"), (100, "approximate")):
        monkeypatch.setattr(token_index, "EXACT_TOKENS", limit)
        build_index(passages, tmp_path / kind)
        assert json.loads((tmp_path / kind / "index.json").read_text())["kind"] == kind


def test_centroids_grow_slower_than_tokens():
    sizes = [centroids_for(tokens) for tokens in (10**6, 10**7, 10**8, 7 * 10**8, 10**12)]
    assert sizes == [4096, 16_384, 65_536, 262_144, 262_144]
    # Of a small collection a larger share: its lists would hold most of it.
    assert [centroids_for(tokens) for tokens in (0, 2500, 10**5)] == [1, 512, 2048]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "aproximate"}, "kind 'aproximate': expected one of auto, exact, approximate"),
        ({"centroids": 0}, "0 centroids: expected 1 to 1048576"),
        ({"centroids": 10**7}, "10000000 centroids: expected 1 to 1048576"),
        ({"codec": "int4"}, "codec 'int4': expected one of int8, float16, pq4, pq"),
    ],
)
def test_an_impossible_index_is_an_error_and_changes_nothing(tmp_path, passages, settings, message):
    build_index(passages, tmp_path / "index")
    with pytest.raises(InputError, match=message):
        build_index(passages, tmp_path / "index", **{"kind": "approximate"} | settings)
    assert {path.name for path in tmp_path.iterdir()} == {"passages", "index"}
    assert open_index(tmp_path / "index", passages)


KINDS = [
    {"kind": "exact"},
    *({"kind": "approximate", "codec": codec} for codec in CODECS),
    {"kind": "approximate", "codec": "pq", "centroids": 4096},
    {"kind": "approximate", "codec": "int8", "centroids": 1},
]


@pytest.mark.parametrize(
    "settings", KINDS, ids=lambda settings: "-".join(map(str, settings.values()))
)
@pytest.mark.parametrize(
    ("number", "longest"), [(1, 1), (1, 12), (2, 1), (2, 12), (5, 12), (60, 12)]
)
def test_a_tiny_collection_has_any_index(tmp_path, number, longest, settings):
    passages = store(tmp_path / "passages", number, seed=1, longest=longest)
    queries = store(tmp_path / "queries", 3, seed=2)
    index = built(passages, tmp_path / "index", probes=4096, **settings)
    # Of few tokens each is a centroid or a word.
    error = 0.05 if number <= 5 else 0.5
    for (rows, scores), expected in zip(
        search(index, queries, depth=100), naive(queries, passages), strict=True
    ):
        assert sorted(rows) == list(range(number))
        np.testing.assert_allclose(scores, expected[rows], atol=error)


def test_a_passage_without_a_token_is_refused(tmp_path):
    write_token_vectors(tmp_path / "passages", [(np.empty(0), np.empty((0, 4)))], 4)
    with pytest.raises(InputError, match="at least one token"):
        build_index(TokenVectors(tmp_path / "passages"), tmp_path / "index")


def test_a_folder_without_an_index_is_refused(tmp_path, passages):
    with pytest.raises(InputError, match="no index here"):
        open_index(tmp_path, passages)


def test_an_index_of_another_store_is_refused(tmp_path, passages, queries):
    build_index(passages, tmp_path / "index")
    with pytest.raises(InputError, match="of 400 passages with .* expected the 70 passages with"):
        open_index(tmp_path / "index", queries)


@pytest.mark.parametrize("kind", ["exact", "approximate"])
def test_an_index_of_another_models_vectors_is_refused(tmp_path, passages, kind):
    build_index(passages, tmp_path / "index", kind=kind)
    for name, dimension, message in (
        ("wider", 18, "tokens of 16 dimensions, expected the 400 .* of 18 dimensions of .*wider$"),
        ("other", 16, "index: of other vectors than those of .*other; build it anew"),
    ):
        rng = np.random.default_rng(3)
        vectors = ((np.zeros(n), rng.standard_normal((n, dimension))) for n in passages.lengths)
        write_token_vectors(tmp_path / name, vectors, dimension)
        with pytest.raises(InputError, match=message):
            open_index(tmp_path / "index", TokenVectors(tmp_path / name))


@pytest.mark.parametrize(
    ("texts", "asked", "message"),
    [
        (399, 70, "passages is of 400 texts, .*passages.parquet of 399"),
        (401, 70, "passages is of 400 texts, .*passages.parquet of 401"),  # a shard is missing
        (400, 69, "queries is of 70 texts, .*queries.tsv of 69"),
    ],
)
def test_vectors_of_other_texts_are_not_searched(
    tmp_path, passages, queries, texts, asked, message
):
    build_index(passages, tmp_path / "index")
    rows = ((f"p{row}", f"p{row}", "a text") for row in range(texts))
    write_parquet(tmp_path / "passages.parquet", PASSAGE_COLUMNS, rows)
    (tmp_path / "queries.tsv").write_text("".join(f"q{row}\ta query\n" for row in range(asked)))
    with pytest.raises(InputError, match=message):
        search_passages.main(
            **{"index": tmp_path / "index", "vectors": passages.folder},
            **{"passages": tmp_path / "passages.parquet", "queries": tmp_path / "queries.tsv"},
            **{"query_vectors": queries.folder, "settings": Search(depth=3)},
            **{"output": tmp_path / "x.run.gz", "exact": tmp_path / "exact.run.gz"},
        )
    assert not (tmp_path / "x.run.gz").exists()


def test_one_probe_which_could_rank_nothing_is_refused(tmp_path, passages):
    with pytest.raises(InputError, match="probes: 1; expected 2 or more"):
        built(passages, tmp_path / "index", kind="approximate", probes=1)


def spoil(folder, token):
    """Make a number of a token's vector, in a store that was written already, NaN."""
    file = token_vectors.shard_file(folder, 0, "vectors")
    vectors = np.load(file)
    vectors[token, 3] = np.nan
    np.save(file, vectors)
    return TokenVectors(folder)


@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.parametrize("text", [0, 7, 399])
def test_no_approximate_index_is_built_of_nan(tmp_path, monkeypatch, passages, text, sampled):
    if not sampled:  # k-means does not see it
        some = np.random.default_rng(0).standard_normal((500, 16)).astype(np.float16)
        monkeypatch.setattr(centroid_build, "sampled", lambda *_: some)
    spoilt = spoil(tmp_path / "passages", passages.offsets[text])
    with pytest.raises(InputError, match=f"passages: text {text} has a token vector that is not"):
        build_index(spoilt, tmp_path / "index", kind="approximate", centroids=30)
    assert [path.name for path in tmp_path.iterdir()] == ["passages"]


def test_exact_search_refuses_nan_of_a_passage(tmp_path, passages, queries):
    index = built(passages, tmp_path / "index")
    index.vectors = spoil(tmp_path / "passages", passages.offsets[8] - 1)
    with pytest.raises(InputError, match="passages: text 7 has a token vector that is not finite"):
        list(search(index, queries, depth=5))


@pytest.mark.parametrize("kind", ["exact", "approximate"])
def test_a_query_with_nan_is_refused(tmp_path, passages, queries, kind):
    index = built(passages, tmp_path / "index", kind=kind)
    spoilt = spoil(tmp_path / "queries", queries.offsets[5])
    with pytest.raises(InputError, match="queries: text 5 has a token vector that is not finite"):
        list(search(index, spoilt, depth=5))


def test_an_index_of_an_earlier_version_is_refused_unless_it_is_exact(tmp_path, passages):
    for kind in ("exact", "approximate"):
        build_index(passages, tmp_path / kind, kind=kind)
        record = json.loads((tmp_path / kind / "index.json").read_text())
        del record["sample_sha256"]
        (tmp_path / kind / "index.json").write_text(json.dumps(record))
    # Which holds nothing but the vectors of the store itself.
    assert open_index(tmp_path / "exact", passages)
    with pytest.raises(InputError, match="approximate: an index of an earlier version; build it"):
        open_index(tmp_path / "approximate", passages)


@pytest.mark.parametrize(
    ("number", "dimension", "least"),
    # All are compared, by 4 bits or exactly; or those of 16 of 128 groups.
    [(1000, 16, 0.999), (2048, 16, 0.95), (2048, 15, 0.8), (16_384, 16, 0.8)],
)
def test_most_tokens_find_their_nearest_centroid(number, dimension, least):
    tokens = np.random.default_rng(0).standard_normal((40_000, dimension))
    tokens = (tokens / np.linalg.norm(tokens, axis=1, keepdims=True)).astype(np.float16)
    finder = centroid_build.train(tokens, number)
    vectors = tokens[::20].astype(np.float32)
    nearest = (vectors @ finder.centroids.T).argmax(axis=1)
    assert np.mean(finder(vectors) == nearest) > least


def test_an_index_may_have_more_centroids_than_two_bytes_count(tmp_path):
    passages = store(tmp_path / "passages", 2000, seed=1, longest=80)
    queries = store(tmp_path / "queries", 5, seed=2)
    index = built(passages, tmp_path / "index", kind="approximate", centroids=66_000)
    assert np.load(tmp_path / "index" / "codes.npy").max() > 65_535
    for query, (rows, scores) in enumerate(search(index, queries, depth=20)):
        expected = [
            (queries[query].astype(float) @ passages[row].T.astype(float)).max(axis=1).sum()
            for row in rows
        ]
        np.testing.assert_allclose(scores, expected, atol=0.02)


def finder_with_empty_lists():
    """One that looks at one list of two, of which the second holds no centroid."""
    centroids = np.array([[1, 0], [0.8, 0.6]], dtype=np.float32)
    coarse = faiss.IndexFlatIP(2)
    coarse.add(np.array([[1, 0], [-1, 0]], dtype=np.float32))
    index = faiss.IndexIVFFlat(coarse, 2, 2, faiss.METRIC_INNER_PRODUCT)
    index.train(centroids)
    index.add(centroids)
    index.nprobe = 1
    return centroid_build.Finder(centroids, index)


def test_a_vector_far_from_all_centroids_finds_the_nearest():
    vectors = np.array([[0.9, 0.1], [-0.6, 0.8]], dtype=np.float32)
    assert finder_with_empty_lists()(vectors).tolist() == [0, 1]


def test_nan_has_no_nearest_centroid():
    vectors = np.array([[0.9, 0.1], [np.nan, 0.8]], dtype=np.float32)
    with pytest.raises(ValueError, match="not finite has no nearest centroid"):
        finder_with_empty_lists()(vectors)
