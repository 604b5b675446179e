"""An index of token vectors near centroids, for collections that cannot be scored whole.

A token is kept as its centroid and the residual, scaled to its largest component and coded in 8
bits a dimension (or in float16, or product-quantised). Each centroid lists the passages that have
a token near it. A search goes from cheap to dear:

1. passages in the lists of each query token's nearest centroids, by their partial scores;
2. of the best of them MaxSim as if each token were its centroid (PLAID, arXiv 2205.09707);
3. of the best of those MaxSim of the coded vectors.

Lists of whole passages, rather than of tokens, and the imputed score of a token without a hit
(WARP, arXiv 2501.17788) make the first step cheap enough for many probes.
"""

from pathlib import Path

import faiss
import numpy as np
from numpy.lib.format import open_memmap
from tqdm import tqdm

from optical import maxsim_kernels as kernels
from optical.exact_index import Found, best_rows, offsets, spans
from optical.token_vectors import TokenVectors

CODECS = ("int8", "float16", "pq")
SAMPLE = 32
"""Tokens of the sample for each centroid that is trained on it."""
PQ_DIMENSIONS = 4
"""Dimensions that a byte of a product-quantised vector stands for."""
MAXIMUM_CENTROIDS = 1 << 16
"""So that the centroid of a token fits two bytes."""
# Tokens whose residuals are multiplied at once: what stays in a core's cache.
TOKENS = 2048
# The first sieve lets so many times as many passages through as the second.
SIEVE = 4


def centroids_for(tokens: int) -> int:
    """How many centroids: a power of two near 40 times the cube root of the number of tokens.

    4,096 for a million tokens, 8,192 for ten, 32,768 for the 700 million of MS MARCO: few enough
    for the time of building to grow hardly faster than the tokens.
    """
    return min(MAXIMUM_CENTROIDS, 1 << round(np.log2(40 * np.cbrt(tokens))))


def build(
    vectors: TokenVectors, folder: Path, *, codec: str = "int8", centroids: int | None = None
) -> dict[str, object]:
    """Write the files of an index into a folder; returns what built it.

    codec: how residuals are kept, one of `CODECS`. centroids: their number; `centroids_for` when
    None. Vectors are read from their store twice, a block at a time. Raises ValueError for more
    centroids than tokens, an unknown codec, and dimensions that the codec cannot part.
    """
    tokens, dimension = int(vectors.offsets[-1]), vectors.dimension
    number = centroids or min(centroids_for(tokens), tokens)
    if codec not in CODECS:
        raise ValueError(f"codec {codec!r}: expected one of {', '.join(CODECS)}")
    if not 1 <= number <= min(tokens, MAXIMUM_CENTROIDS):
        raise ValueError(
            f"{number} centroids for {tokens} tokens: expected no more than these, "
            f"and at most {MAXIMUM_CENTROIDS}"
        )
    if codec == "pq" and dimension % PQ_DIMENSIONS:
        raise ValueError(f"codec pq: {dimension} dimensions are no multiple of {PQ_DIMENSIONS}")
    sample = sampled(vectors, number * SAMPLE)
    finder = train(sample, number)
    trained = finder.centroids
    np.save(folder / "centroids.npy", trained)
    words = code_book(sample, finder) if codec == "pq" else None
    if words is not None:
        np.save(folder / "words.npy", words)
    width = len(words) if codec == "pq" else dimension
    dtype = {"int8": np.int8, "float16": np.float16, "pq": np.uint8}[codec]
    codes = open_memmap(folder / "codes.npy", "w+", np.uint16, (tokens,))
    scales = open_memmap(folder / "scales.npy", "w+", np.float32, (tokens,))
    values = open_memmap(folder / "values.npy", "w+", dtype, (tokens, width))
    end = 0
    with tqdm(desc="indexing", unit="token", total=tokens) as progress:
        for block in vectors.blocks():
            start, end = end, end + len(block)
            codes[start:end] = nearest = finder(block)
            scales[start:end] = kernels.scaled_residuals(block, nearest, trained)
            values[start:end] = encoded(block, codec, words)
            progress.update(len(block))
    starts = np.zeros(number + 1, dtype=np.int64)
    kernels.count_lists(codes, vectors.offsets, starts)
    starts = np.cumsum(starts)
    np.save(folder / "starts.npy", starts)
    lists = open_memmap(folder / "lists.npy", "w+", np.int32, (int(starts[-1]),))
    kernels.fill_lists(codes, vectors.offsets, starts, lists)
    for file in (codes, scales, values, lists):
        file.flush()
    return {"codec": codec, "centroids": number, "sample": len(sample), "faiss": faiss.__version__}


def sampled(vectors: TokenVectors, number: int) -> np.ndarray:
    """So many tokens, drawn from all, in order; float32 [n, dim]."""
    tokens = int(vectors.offsets[-1])
    chosen = np.random.default_rng(0).choice(tokens, min(number, tokens), replace=False)
    chosen.sort()
    found, end = [], 0
    for shard in vectors.vectors:
        start, end = end, end + len(shard)
        own = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, end)] - start
        found.append(shard[own].astype(np.float32))
    return np.concatenate(found)


class Finder:
    """Finds the nearest centroid of tokens, itself with an index that looks at a part of them."""

    def __init__(self, centroids: np.ndarray, index: faiss.Index) -> None:
        self.centroids, self.index = centroids, index

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """The row of the nearest centroid of each vector, [n]."""
        return self.index.search(vectors, 1)[1][:, 0].astype(np.uint16)


def train(sample: np.ndarray, number: int) -> Finder:
    """Spherical k-means over a sample, on the GPUs if FAISS sees any."""
    dimension = sample.shape[1]
    settings = faiss.ClusteringParameters()
    settings.niter, settings.spherical, settings.seed = 6, True, 1
    settings.min_points_per_centroid, settings.max_points_per_centroid = 1, SAMPLE
    clustering = faiss.Clustering(dimension, number, settings)
    if number < 1024:
        index = faiss.IndexFlatIP(dimension)
    else:
        groups = 1 << (number.bit_length() // 2)
        index = faiss.index_factory(dimension, f"IVF{groups},Flat", faiss.METRIC_INNER_PRODUCT)
        index.nprobe, index.cp.min_points_per_centroid = 8, 1
    if faiss.get_num_gpus():
        index = faiss.index_cpu_to_all_gpus(index)
    clustering.train(sample, index)
    return Finder(faiss.vector_to_array(clustering.centroids).reshape(number, dimension), index)


def code_book(sample: np.ndarray, finder: Finder) -> np.ndarray:
    """The words of product quantisation for scaled residuals, [parts, 256, dim / parts]."""
    residuals = sample[: 256 * 256].copy()
    kernels.scaled_residuals(residuals, finder(residuals), finder.centroids)
    parts = residuals.shape[1] // PQ_DIMENSIONS
    quantizer = faiss.ProductQuantizer(residuals.shape[1], parts, 8)
    quantizer.cp.min_points_per_centroid = 1
    quantizer.train(residuals)
    return faiss.vector_to_array(quantizer.centroids).reshape(parts, 256, PQ_DIMENSIONS)


def quantizer_of(words: np.ndarray) -> faiss.ProductQuantizer:
    """FAISS's quantiser of a code book."""
    parts, _, size = words.shape
    quantizer = faiss.ProductQuantizer(parts * size, parts, 8)
    faiss.copy_array_to_vector(words.ravel(), quantizer.centroids)
    return quantizer


def encoded(residuals: np.ndarray, codec: str, words: np.ndarray | None) -> np.ndarray:
    """Scaled residuals, float32 [n, dim] from -1 to 1, as they are kept."""
    if codec == "int8":
        return np.rint(residuals * 127).astype(np.int8)
    if codec == "float16":
        return residuals.astype(np.float16)
    return quantizer_of(words).compute_codes(residuals)


class CentroidIndex:
    """An approximate index, opened; its files are mapped, and shared by all who search.

    probes: centroids for each token of a query. candidates: passages whose coded vectors are
    scored for each query, or the depth of the search, if that is more.
    """

    block = 8

    def __init__(self, folder: Path, *, probes: int, candidates: int) -> None:
        def mapped(name):
            return np.load(folder / f"{name}.npy", mmap_mode="r")

        self.centroids = np.load(folder / "centroids.npy")
        self.starts, self.lists = np.load(folder / "starts.npy"), mapped("lists")
        self.codes, self.scales, self.values = map(mapped, ("codes", "scales", "values"))
        words = folder / "words.npy"
        self.words = np.load(words) if words.exists() else None
        self.offsets = offsets(folder)
        self.probes, self.candidates = min(probes, len(self.centroids)), candidates

    def search(self, queries: list[np.ndarray], depth: int) -> list[Found]:
        """The best passages of each query, [tokens, dim] float32."""
        candidates = max(self.candidates, depth)
        passages = len(self.offsets) - 1
        sums = np.zeros(passages, dtype=np.float32)
        last = np.zeros(passages, dtype=np.uint16)
        found = np.empty(passages, dtype=np.int32)
        results = []
        for query in queries:
            table = self.centroids @ query.T
            nearest = kernels.best_centroids(table, self.probes)
            number = kernels.sum_hits(*nearest, self.starts, self.lists, sums, last, found)
            rows = found[:number].copy()
            partial = sums[rows]
            sums[rows] = last[rows] = 0
            rows = largest(rows, partial, SIEVE * candidates)
            if len(rows) > candidates:
                coarse = kernels.score_centroids(rows, self.offsets, self.codes, table)
                rows = largest(rows, coarse, candidates)
            results.append(best_rows(rows, self.score(query, rows, table), depth))
        return results

    def score(self, query: np.ndarray, rows: np.ndarray, table: np.ndarray) -> np.ndarray:
        """MaxSim of a query with the coded vectors of these passages, [rows]."""
        scores = np.empty(len(rows), dtype=np.float32)
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        factors = np.ascontiguousarray(query.T)
        if self.values.dtype == np.int8:
            factors /= np.float32(127)
        wide = np.empty((max(TOKENS, lengths.max(initial=0)), query.shape[1]), dtype=np.float32)
        for first, end in spans(ends, TOKENS):
            part = rows[first:end]
            tokens = self.widen(part, wide)
            scores[first:end] = kernels.score_tokens(
                part, self.offsets, self.codes, table, self.scales, wide[:tokens] @ factors
            )
        return scores

    def widen(self, rows: np.ndarray, wide: np.ndarray) -> int:
        """Write the values of all tokens of these passages as float32; returns their number."""
        if self.words is not None:
            return kernels.look_up(rows, self.offsets, self.values, self.words, wide)
        if self.values.dtype == np.int8:
            return kernels.widen(rows, self.offsets, self.values, wide)
        number = 0
        for row in rows:  # Numba knows no float16
            start, end = self.offsets[row], self.offsets[row + 1]
            wide[number : number + end - start] = self.values[start:end]
            number += end - start
        return number


def largest(rows: np.ndarray, scores: np.ndarray, number: int) -> np.ndarray:
    """The rows of the largest scores, ascending, in the order in which they lie on the disk."""
    if len(rows) > number:
        rows = rows[np.argpartition(-scores, number - 1)[:number]]
    return np.sort(rows)
