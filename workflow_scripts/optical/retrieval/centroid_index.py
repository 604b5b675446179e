"""An index of token vectors near centroids, for collections that cannot be scored whole.

A token is kept as its centroid and the residual, scaled to its largest component and coded in 8
bits a dimension (or in float16, or product-quantised to 4 or 2 bits). Each centroid lists the
passages that have a token near it. A search goes from cheap to dear:

1. passages in the lists of each query token's nearest centroids, by their partial scores;
2. of the best of them MaxSim as if each token were its centroid (PLAID, arXiv 2205.09707);
3. of the best of those MaxSim of the coded vectors.

Lists of whole passages, rather than of tokens, and the imputed score of a token without a hit
(WARP, arXiv 2501.17788) make the first step cheap enough for many probes.
"""

import math
from mmap import MADV_RANDOM, MADV_WILLNEED, PAGESIZE
from pathlib import Path

import numpy as np

from optical.retrieval import maxsim_kernels as kernels
from optical.retrieval.exact_index import Found, best_rows, by_document
from optical.retrieval.token_vectors import spans
from optical.runtime.errors import InputError

# Tokens whose residuals are multiplied at once: what stays in a core's cache.
TOKENS = 2048
# The first sieve lets so many times as many passages through as the second.
SIEVE = 4
# What the bits of a float16 stand for: Numba does not know.
HALVES = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)


class CentroidIndex:
    """An approximate index, opened; its files are mapped, and shared by all who search.

    probes: centroids for each token of a query. candidates: passages whose coded vectors are
    scored for each query, or the depth of the search, if that is more: of documents, times their
    mean number of passages. Raises InputError for less than two probes.
    """

    block = 8

    def __init__(self, folder: Path, *, probes: int, candidates: int) -> None:
        if probes < 2:
            # A partial score is the distance of a hit to the last probe.
            raise InputError(f"probes: {probes}; expected 2 or more")

        def mapped(name, advice=MADV_WILLNEED):
            array = np.load(folder / f"{name}.npy", mmap_mode="r")
            array.base.madvise(advice)
            return array

        self.centroids = np.load(folder / "centroids.npy")
        self.starts, self.lists = np.load(folder / "starts.npy"), mapped("lists")
        self.codes, self.scales = mapped("codes"), mapped("scales")
        # Nearly all of an index. What a query needs of it is asked for by `fetch`; Linux would read
        # as far as the disk reads ahead, up to megabytes, around each passage.
        self.values = mapped("values", MADV_RANDOM)
        self.scales = self.scales.view(np.uint16)
        words = folder / "words.npy"
        self.words = whole(np.load(words)) if words.exists() else None
        lengths = np.load(folder / "lengths.npy")
        self.offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        filled = np.count_nonzero(np.diff(self.starts))
        self.probes, self.candidates = min(probes, filled), candidates

    def search(
        self, queries: list[np.ndarray], depth: int, documents: np.ndarray | None = None
    ) -> list[Found]:
        """The best passages, or documents, of each query, [tokens, dim] float32."""
        windows = 1 if documents is None else len(documents) / (documents[-1] + 1)
        candidates = max(self.candidates, math.ceil(depth * windows))
        passages = len(self.offsets) - 1
        sums = np.zeros(passages, dtype=np.float32)
        last = np.zeros(passages, dtype=np.uint16)
        found = np.empty(passages, dtype=np.int32)
        results = []
        for query in queries:
            table = self.centroids @ query.T
            nearest = kernels.best_centroids(table, self.probes, self.starts)
            number = kernels.sum_hits(*nearest, self.starts, self.lists, sums, last, found)
            rows = found[:number].copy()
            partial = sums[rows]
            sums[rows] = last[rows] = 0
            rows = largest(rows, partial, SIEVE * candidates)
            if len(rows) > candidates:
                coarse = kernels.score_centroids(rows, self.offsets, self.codes, table)
                rows = largest(rows, coarse, candidates)
            self.fetch(rows)
            scores = self.score(query, rows, table)
            results.append(best_rows(*by_document(rows, scores, documents), depth))
        return results

    def fetch(self, rows: np.ndarray) -> None:
        """Have the disk read the values of these passages side by side: none is waited for yet."""
        width, header = self.values.strides[0], self.values.offset
        starts, ends = (header + width * self.offsets[each] for each in (rows, rows + 1))
        starts -= starts % PAGESIZE
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self.values.base.madvise(MADV_WILLNEED, start, end - start)

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
                part, self.offsets, self.codes, table, self.scales, HALVES, wide[:tokens] @ factors
            )
        return scores

    def widen(self, rows: np.ndarray, wide: np.ndarray) -> int:
        """Write the values of all tokens of these passages as float32; returns their number."""
        if self.words is not None:
            wide = wide.view(self.words.dtype)
            return kernels.look_up(rows, self.offsets, self.values, self.words, wide)
        if self.values.dtype == np.int8:
            return kernels.widen(rows, self.offsets, self.values, wide)
        return kernels.widen_halves(rows, self.offsets, self.values.view(np.uint16), HALVES, wide)


def whole(words: np.ndarray) -> np.ndarray:
    """A code book, float32 [parts, 256, size], with a word as one number: of two components it has
    as many bytes as a complex64, of four as a complex128.
    """
    return words.view({2: np.complex64, 4: np.complex128}[words.shape[2]])[..., 0]


def largest(rows: np.ndarray, scores: np.ndarray, number: int) -> np.ndarray:
    """The rows of the largest scores, ascending, in the order in which they lie on the disk."""
    if len(rows) > number:
        rows = rows[np.argpartition(-scores, number - 1)[:number]]
    return np.sort(rows)
