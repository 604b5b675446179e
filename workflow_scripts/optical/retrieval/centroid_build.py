"""Building an approximate index: centroids, codes and lists, from a store that is read twice."""

from pathlib import Path

import faiss
import numpy as np
from numpy.lib.format import open_memmap
from tqdm import tqdm

from optical.retrieval import maxsim_kernels as kernels
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError
from optical.settings.index import Index

CODECS = ("int8", "float16", "pq")
SAMPLE = 32
"""Tokens of the sample for each centroid that is trained on it."""
PQ_DIMENSIONS = 4
"""Dimensions that a byte of a product-quantised vector stands for."""
MAXIMUM_CENTROIDS = 1 << 16
"""So that the centroid of a token fits two bytes."""


def centroids_for(tokens: int) -> int:
    """How many centroids: a power of two near 40 times the cube root of the number of tokens.

    4,096 for a million tokens, 8,192 for ten, 32,768 for the 700 million of MS MARCO: few enough
    for the time of building to grow hardly faster than the tokens.
    """
    return min(MAXIMUM_CENTROIDS, 1 << round(np.log2(40 * np.cbrt(tokens))))


def build(
    vectors: TokenVectors, folder: Path, *, codec: str = Index.codec, centroids: int | None = None
) -> dict[str, object]:
    """Write the files of an index into a folder; returns what built it.

    codec: how residuals are kept, one of `CODECS`. centroids: their number; `centroids_for` when
    None; a collection of fewer tokens has as many as those. Vectors are read from their store
    twice, a block at a time. Raises InputError for an impossible number of centroids, an unknown
    codec, dimensions that the codec cannot part, and a vector that is not finite.
    """
    tokens, dimension = int(vectors.offsets[-1]), vectors.dimension
    number = centroids or min(centroids_for(tokens), tokens)
    if codec not in CODECS:
        raise InputError(f"codec {codec!r}: expected one of {', '.join(CODECS)}")
    if not 1 <= number <= MAXIMUM_CENTROIDS:
        raise InputError(f"{number} centroids: expected 1 to {MAXIMUM_CENTROIDS}")
    if number > tokens:
        # The setting is that of all collections of a study, of which one may be tiny.
        print(f"{tokens} centroids, as many as there are tokens, in place of {number}")
        number = tokens
    if codec == "pq" and dimension % PQ_DIMENSIONS:
        raise InputError(f"codec pq: {dimension} dimensions are no multiple of {PQ_DIMENSIONS}")
    sample = sampled(vectors, number * SAMPLE)
    finder = train(sample, number)
    trained = finder.centroids
    np.save(folder / "lengths.npy", vectors.lengths)
    np.save(folder / "centroids.npy", trained)
    words = code_book(sample, finder) if codec == "pq" else None
    if words is not None:
        np.save(folder / "words.npy", words)
    width = len(words) if codec == "pq" else dimension
    dtype = {"int8": np.int8, "float16": np.float16, "pq": np.uint8}[codec]
    codes = open_memmap(folder / "codes.npy", "w+", np.uint16, (tokens,))
    scales = open_memmap(folder / "scales.npy", "w+", np.float32, (tokens,))
    values = open_memmap(folder / "values.npy", "w+", dtype, (tokens, width))
    with tqdm(desc="indexing", unit="token", total=tokens) as progress:
        for first, last, block in vectors.blocks():
            part = slice(*vectors.offsets[[first, last]])
            codes[part] = nearest = finder(block)
            scales[part] = kernels.scaled_residuals(block, nearest, trained)
            values[part] = encoded(block, codec, words)
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
        own = chosen[np.searchsorted(chosen, start) : np.searchsorted(chosen, end)]
        found.append(vectors.checked(shard[own - start].astype(np.float32), own))
    return np.concatenate(found)


class Finder:
    """Finds the nearest centroid of tokens, itself with an index that looks at a part of them."""

    def __init__(self, centroids: np.ndarray, index: faiss.Index) -> None:
        self.centroids, self.index = centroids, index

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """The row of the nearest centroid of each vector, [n].

        Raises InputError for a vector that is not finite.
        """
        nearest = self.index.search(vectors, 1)[1][:, 0]
        # FAISS gives -1 where the parts that it looked at hold no centroid, and for NaN.
        lost = np.flatnonzero(nearest < 0)
        if len(lost):
            metric = faiss.METRIC_INNER_PRODUCT
            nearest[lost] = faiss.knn(vectors[lost], self.centroids, 1, metric)[1][:, 0]
        if nearest.min(initial=0) < 0:
            raise ValueError("a vector that is not finite has no nearest centroid")
        return nearest.astype(np.uint16)


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
    if len(residuals) <= 256:
        # Too few to train on, and each can be a word.
        words = np.resize(residuals, (256, residuals.shape[1]))
        return words.reshape(256, parts, PQ_DIMENSIONS).transpose(1, 0, 2).copy()
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
