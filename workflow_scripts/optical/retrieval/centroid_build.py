"""Building an approximate index: centroids, codes and lists, from a store that is read twice."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike
from tqdm import tqdm

from optical.retrieval import maxsim_kernels as kernels
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError
from optical.settings.index import Index, centroids_for

CODECS = ("int8", "float16", "pq4", "pq")
PQ_DIMENSIONS = {"pq4": 2, "pq": 4}
"""Dimensions that a byte of a product-quantised vector stands for."""
SAMPLE = 32
"""Tokens of the sample for each centroid that is trained on it, as far as `LARGEST_SAMPLE` goes."""
LARGEST_SAMPLE = 1 << 21
"""Tokens of the sample at most: half a GiB at 128 dimensions."""
AT_ONCE = 8192
"""Tokens that a thread finds the centroids of at once: FAISS holds 5 KiB for each of them."""
MAXIMUM_CENTROIDS = 1 << 20
MOST_COMPARED = 1 << 13
"""So many centroids are compared with every token, of more only a part."""


def build(
    vectors: TokenVectors, folder: Path, *, codec: str = Index.codec, centroids: int | None = None
) -> dict[str, object]:
    """Write the files of an index into a folder; returns what built it.

    codec: how residuals are kept, one of `CODECS`. centroids: their number; `centroids_for` when
    None; a collection of fewer tokens has as many as those. Vectors are read from their store
    twice, a block for each of FAISS's threads at a time. Raises InputError for an impossible number
    of centroids, an unknown codec, dimensions that the codec cannot part, and a vector that is not
    finite.
    """
    tokens, dimension = int(vectors.offsets[-1]), vectors.dimension
    number = min(centroids_for(tokens), tokens) if centroids is None else centroids
    if codec not in CODECS:
        raise InputError(f"codec {codec!r}: expected one of {', '.join(CODECS)}")
    if not 1 <= number <= MAXIMUM_CENTROIDS:
        raise InputError(f"{number} centroids: expected 1 to {MAXIMUM_CENTROIDS}")
    if number > tokens:
        # The setting is that of all collections of a study, of which one may be tiny.
        print(f"{tokens} centroids, as many as there are tokens, in place of {number}")
        number = tokens
    if dimension % PQ_DIMENSIONS.get(codec, 1):
        raise InputError(
            f"codec {codec}: {dimension} dimensions are no multiple of {PQ_DIMENSIONS[codec]}"
        )
    sample = sampled(vectors, min(number * SAMPLE, LARGEST_SAMPLE))
    built = {"codec": codec, "centroids": number, "sample": len(sample)}
    finder = train(sample, number)
    words = code_book(sample, finder, PQ_DIMENSIONS[codec]) if codec in PQ_DIMENSIONS else None
    del sample
    np.save(folder / "lengths.npy", vectors.lengths)
    np.save(folder / "centroids.npy", finder.centroids)
    if words is not None:
        np.save(folder / "words.npy", words)
    codes = code_tokens(vectors, folder, finder, codec, words)
    starts = np.zeros(number + 1, dtype=np.int64)
    kernels.count_lists(codes, vectors.offsets, starts)
    starts = np.cumsum(starts)
    np.save(folder / "starts.npy", starts)
    lists = new_array(folder / "lists.npy", np.int32, (int(starts[-1]),))
    kernels.fill_lists(codes, vectors.offsets, starts, lists)
    lists.flush()
    return built | {"faiss": faiss.__version__}


def code_tokens(
    vectors: TokenVectors, folder: Path, finder: "Finder", codec: str, words: np.ndarray | None
) -> np.ndarray:
    """Write the centroid, the scale and the coded residual of each token; returns the centroids,
    [tokens], mapped.
    """
    tokens, number = int(vectors.offsets[-1]), len(finder.centroids)
    width = vectors.dimension if words is None else len(words)
    dtype = {"int8": np.int8, "float16": np.float16}.get(codec, np.uint8)
    code_type = np.uint16 if number <= 1 << 16 else np.uint32
    codes = new_array(folder / "codes.npy", code_type, (tokens,))
    scales = new_array(folder / "scales.npy", np.float16, (tokens,))
    values = new_array(folder / "values.npy", dtype, (tokens, width))

    def code(rows: tuple[int, int]) -> int:
        block = vectors.block(*rows)
        part = slice(*vectors.offsets[list(rows)])
        codes[part] = nearest = finder(block)
        scales[part] = kernels.scaled_residuals(block, nearest, finder.centroids)
        values[part] = encoded(block, codec, words)
        return len(block)

    cores = faiss.omp_get_max_threads()
    # Whole blocks side by side: FAISS alone would leave the other cores idle between its calls. A
    # GPU's index is for one thread.
    threads = 1 if faiss.get_num_gpus() else cores
    with (
        ThreadPoolExecutor(threads, "code", faiss.omp_set_num_threads, (cores // threads,)) as pool,
        tqdm(desc="indexing", unit="token", total=tokens) as progress,
    ):
        for coded in pool.map(code, vectors.block_rows()):
            progress.update(coded)
    for file in (codes, scales, values):
        file.flush()
    return codes


def new_array(file: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> np.memmap:
    """A new file, mapped. Its bytes are taken from the disk at once: if there are too few, this
    raises OSError, while writing into the map would end the process.
    """
    array = open_memmap(file, "w+", dtype, shape)
    with file.open("r+b") as opened:
        os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    return array


def sampled(vectors: TokenVectors, number: int) -> np.ndarray:
    """So many tokens in order, one drawn from each of as many equal parts; float16 [n, dim]."""
    tokens = int(vectors.offsets[-1])
    number = min(number, tokens)
    bounds = np.arange(number + 1) * tokens // number
    chosen = np.random.default_rng(0).integers(bounds[:-1], bounds[1:])
    found = np.empty((number, vectors.dimension), dtype=np.float16)
    end = 0
    for shard in vectors.vectors:
        start, end = end, end + len(shard)
        own = slice(*np.searchsorted(chosen, [start, end]))
        found[own] = vectors.checked(shard[chosen[own] - start], chosen[own])
    return found


class Finder:
    """Finds the nearest centroid of tokens, itself with an index that looks at a part of them."""

    def __init__(self, centroids: np.ndarray, index: faiss.Index) -> None:
        self.centroids, self.index = centroids, index

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """The row of the nearest centroid of each vector, [n].

        Raises ValueError for a vector that is not finite.
        """
        parts = np.split(vectors, range(AT_ONCE, len(vectors), AT_ONCE))
        nearest = np.concatenate([self.index.search(part, 1)[1][:, 0] for part in parts])
        # FAISS gives -1 where the parts that it looked at hold no centroid, and for NaN.
        lost = np.flatnonzero(nearest < 0)
        if len(lost):
            metric = faiss.METRIC_INNER_PRODUCT
            nearest[lost] = faiss.knn(vectors[lost], self.centroids, 1, metric)[1][:, 0]
        if nearest.min(initial=0) < 0:
            raise ValueError("a vector that is not finite has no nearest centroid")
        return nearest


def train(sample: np.ndarray, number: int) -> Finder:
    """Spherical k-means over a sample, float16, on the GPUs if FAISS sees any."""
    dimension = sample.shape[1]
    settings = faiss.ClusteringParameters()
    settings.niter, settings.spherical, settings.seed = 6, True, 1
    settings.min_points_per_centroid, settings.max_points_per_centroid = 1, SAMPLE
    clustering = faiss.Clustering(dimension, number, settings)
    index = index_for(dimension, number)
    if len(sample) == number:
        # FAISS then copies the sample, into an index that it takes for trained.
        index.train(sample.astype(np.float32))
    # As code words of float16, FAISS widens and looks up a block of the sample at a time.
    halves = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)
    clustering.train_encoded(sample.view(np.uint8), halves, index)
    return Finder(faiss.vector_to_array(clustering.centroids).reshape(number, dimension), index)


def index_for(dimension: int, number: int) -> faiss.Index:
    """An empty index that finds the nearest of so many centroids.

    On a CPU all are compared by 4 bits for 2 dimensions, whose tables stay in registers (André et
    al. 2017, Quick ADC), and the best 8 exactly; of very many centroids, those of 16 groups. The
    more often it is right, the fewer candidates a search needs.
    """
    inner_product = faiss.METRIC_INNER_PRODUCT
    groups = f"IVF{1 << (number.bit_length() // 2)},"
    if number < 1024:
        index = faiss.IndexFlatIP(dimension)
    elif faiss.get_num_gpus() or dimension % 2:
        index = faiss.index_factory(dimension, f"{groups}Flat", inner_product)
        index.nprobe, index.cp.min_points_per_centroid = 16, 1
    else:
        all_compared = number <= MOST_COMPARED
        quantized = f"{'' if all_compared else groups}PQ{dimension // 2}x4fs,RFlat"
        index = faiss.index_factory(dimension, quantized, inner_product)
        index.k_factor = 8
        if not all_compared:
            base = faiss.downcast_index(index.base_index)
            base.nprobe, base.cp.min_points_per_centroid = 16, 1
    return faiss.index_cpu_to_all_gpus(index) if faiss.get_num_gpus() else index


def code_book(sample: np.ndarray, finder: Finder, size: int) -> np.ndarray:
    """The words of product quantisation for scaled residuals, [dim / size, 256, size]."""
    # From all of the collection: its passages may be in the order of their languages.
    residuals = sample[:: -(-len(sample) // (256 * 256))].astype(np.float32)
    kernels.scaled_residuals(residuals, finder(residuals), finder.centroids)
    parts = residuals.shape[1] // size
    if len(residuals) <= 256:
        # Too few to train on, and each can be a word.
        words = np.resize(residuals, (256, residuals.shape[1]))
        return words.reshape(256, parts, size).transpose(1, 0, 2).copy()
    quantizer = faiss.ProductQuantizer(residuals.shape[1], parts, 8)
    quantizer.cp.min_points_per_centroid = 1
    quantizer.train(residuals)
    return faiss.vector_to_array(quantizer.centroids).reshape(parts, 256, size)


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
