"""Exact search: every passage is scored, from the store of its token vectors itself."""

from itertools import pairwise

import numpy as np

from optical.retrieval.token_vectors import TokenVectors

# Queries that are scored together, and passages' tokens: what stays in a core's cache.
QUERIES, TOKENS = 64, 1024

Found = tuple[np.ndarray, np.ndarray]
"""Rows of passages [n] and their scores [n], best first, equal scores in the order of the rows."""


class ExactIndex:
    """Scores all passages of a store, a shard at a time; all who search share it."""

    block = QUERIES

    def __init__(self, vectors: TokenVectors) -> None:
        self.vectors = vectors

    def search(
        self, queries: list[np.ndarray], depth: int, documents: np.ndarray | None = None
    ) -> list[Found]:
        """The best passages, or documents, of each query, [tokens, dim] float32."""
        tokens = np.concatenate(queries)
        starts = np.cumsum([0, *map(len, queries)])[:-1]
        best = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))] * len(queries)
        for shard, (first, last) in enumerate(pairwise(self.vectors.firsts)):
            rows = np.arange(first, last)
            for number, scores in enumerate(self.score(shard, tokens, starts)):
                known, of_known = best[number]
                found = by_document(rows, scores, documents)
                # A document may have begun in the shard before.
                both = by_document(
                    np.concatenate([known, found[0]]), np.concatenate([of_known, found[1]])
                )
                best[number] = reaching(*both, depth)
        return [best_rows(*found, depth) for found in best]

    def score(self, shard: int, tokens: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """MaxSim of the queries, whose tokens begin at `starts`, with a shard's passages."""
        begin, end = self.vectors.firsts[shard : shard + 2]
        scores = np.empty((len(starts), end - begin), dtype=np.float32)
        offsets = self.vectors.offsets
        for first, last, vectors in self.vectors.blocks(TOKENS, [shard]):
            products = tokens @ vectors.T
            best = np.maximum.reduceat(products, offsets[first:last] - offsets[first], axis=1)
            scores[:, first - begin : last - begin] = np.add.reduceat(best, starts, axis=0)
        return scores


def by_document(rows: np.ndarray, scores: np.ndarray, documents: np.ndarray | None = None) -> Found:
    """Documents, ascending as the rows are, each with the score of its best passage (MaxP)."""
    named, starts = np.unique(rows if documents is None else documents[rows], return_index=True)
    return named, np.maximum.reduceat(scores, starts) if len(rows) else scores


def reaching(rows: np.ndarray, scores: np.ndarray, depth: int) -> Found:
    """The rows, in their order, whose scores are among the `depth` best, with all their equals."""
    if len(rows) <= depth:
        return rows, scores
    kept = scores >= np.partition(scores, -depth)[-depth]
    return rows[kept], scores[kept]


def best_rows(rows: np.ndarray, scores: np.ndarray, depth: int) -> Found:
    """The `depth` best of the rows, which are ascending, best first."""
    # Which of equals stays at the last place is for the sort to say.
    rows, scores = reaching(rows, scores, depth)
    order = np.argsort(-scores, kind="stable")[:depth]
    return rows[order], scores[order]
