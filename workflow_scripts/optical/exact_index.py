"""The exact index: all vectors of all passages, in float16, with which every passage is scored."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from optical.token_vectors import TokenVectors

# Queries that are scored together, and passages' tokens: what stays in a core's cache.
QUERIES, TOKENS = 64, 1024

Found = tuple[np.ndarray, np.ndarray]
"""Rows of passages [n] and their scores [n], best first, equal scores in the order of the rows."""


def build(vectors: TokenVectors, folder: Path) -> None:
    """Write the files of an index into a folder."""
    shape = (int(vectors.offsets[-1]), vectors.dimension)
    stored = open_memmap(folder / "vectors.npy", "w+", np.float16, shape)
    end = 0
    for block in vectors.blocks():
        start, end = end, end + len(block)
        stored[start:end] = block
    stored.flush()


class ExactIndex:
    """An exact index, opened; its vectors are mapped, and shared by all who search."""

    block = QUERIES

    def __init__(self, folder: Path) -> None:
        self.vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.offsets = offsets(folder)

    def search(self, queries: list[np.ndarray], depth: int) -> list[Found]:
        """The best passages of each query, [tokens, dim] float32."""
        scores = np.empty((len(queries), len(self.offsets) - 1), dtype=np.float32)
        tokens = np.concatenate(queries)
        starts = np.cumsum([0, *map(len, queries)])[:-1]
        for first, last in spans(self.offsets, TOKENS):
            begin, end = self.offsets[first], self.offsets[last]
            products = tokens @ self.vectors[begin:end].astype(np.float32).T
            best = np.maximum.reduceat(products, self.offsets[first:last] - begin, axis=1)
            scores[:, first:last] = np.add.reduceat(best, starts, axis=0)
        return [best_rows(np.arange(len(row)), row, depth) for row in scores]


def offsets(folder: Path) -> np.ndarray:
    """Where the tokens of each passage begin, and the last one's end, [passages + 1]."""
    return np.concatenate([[0], np.cumsum(np.load(folder / "lengths.npy"), dtype=np.int64)])


def spans(offsets: np.ndarray, tokens: int) -> Iterator[tuple[int, int]]:
    """Cut passages into spans (first, last + 1) of at most so many tokens, or one passage."""
    first, number = 0, len(offsets) - 1
    while first < number:
        last = int(np.searchsorted(offsets, offsets[first] + tokens, side="right")) - 1
        yield first, max(last, first + 1)
        first = max(last, first + 1)


def best_rows(rows: np.ndarray, scores: np.ndarray, depth: int) -> Found:
    """The `depth` best of the rows, which are ascending, best first."""
    if len(rows) > depth:
        # All that reach the last place: which of equals stays is for the sort to say.
        reached = scores >= np.partition(scores, -depth)[-depth]
        rows, scores = rows[reached], scores[reached]
    order = np.argsort(-scores, kind="stable")[:depth]
    return rows[order], scores[order]
