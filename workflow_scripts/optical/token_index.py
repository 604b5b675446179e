"""The index over all passages' token vectors, and MaxSim search with it.

A query token's nearest passage tokens, found by FAISS, name the candidate passages; each candidate
is then scored exactly, from its own vectors (late interaction, ColBERT, arXiv 2004.12832). The
score of a passage is the sum over query tokens of the largest inner product with any of its
tokens; all vectors have unit length, so that is the cosine.
"""

from collections.abc import Iterator
from pathlib import Path

import faiss
import numpy as np
from tqdm import tqdm

from optical.token_vectors import TokenVectors

# Vectors are read from disk in blocks of this many tokens: 128 MiB in float32 at 128 dimensions.
BLOCK = 1 << 18
# FAISS multiplies matrices when it is asked for many vectors at once, which is faster by far.
QUERIES = 64
# Trained indexes see a sample of this many tokens.
TRAINING_TOKENS = 1 << 20


def build_index(vectors: TokenVectors, factory: str) -> faiss.Index:
    """A FAISS index of inner products over the tokens of all passages.

    factory: a FAISS index factory string, such as "Flat" or "IVF1024,Flat". Raises ValueError
    when FAISS cannot make such an index of these vectors.
    """
    tokens, dimension = vectors.vectors.shape
    try:
        index = faiss.index_factory(dimension, factory, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            rng = np.random.default_rng(0)
            sample = np.sort(rng.choice(tokens, min(tokens, TRAINING_TOKENS), replace=False))
            index.train(vectors.vectors[sample].astype(np.float32))
    except RuntimeError as error:
        raise ValueError(
            f"index factory {factory!r} failed on {tokens} tokens of {dimension} dimensions: "
            f"{str(error).strip().splitlines()[-1]}"
        ) from None
    for start in tqdm(range(0, tokens, BLOCK), desc="indexing", unit="block"):
        index.add(vectors.vectors[start : start + BLOCK].astype(np.float32))
    return index


def search(
    index: faiss.Index,
    passages: TokenVectors,
    queries: TokenVectors,
    *,
    neighbours: int,
    depth: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each query the rows of its best passages and their exact MaxSim scores.

    neighbours: passage tokens fetched for each query token; depth: passages kept. Yields
    (rows [c], scores [c]), best first, equal scores in the order of the rows.
    """
    with tqdm(desc="searching", unit="query", total=len(queries)) as progress:
        for start in range(0, len(queries), QUERIES):
            rows = range(start, min(start + QUERIES, len(queries)))
            block = [queries[row].astype(np.float32) for row in rows]
            _, tokens = index.search(np.concatenate(block), neighbours)
            ends = np.cumsum([len(query) for query in block])
            for query, near in zip(block, np.split(tokens, ends[:-1]), strict=True):
                candidates = np.unique(passages.row_of(near[near >= 0]))
                scores = max_sim(query, passages, candidates)
                best = np.argsort(-scores, kind="stable")[:depth]
                yield candidates[best], scores[best]
                progress.update()


def max_sim(query: np.ndarray, passages: TokenVectors, rows: np.ndarray) -> np.ndarray:
    """Exact MaxSim of one query, [tokens, dim], with the passages of these rows; [rows]."""
    if len(rows) == 0:
        return np.empty(0, dtype=np.float32)
    tokens = np.concatenate([passages[row] for row in rows]).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(passages.lengths[rows])[:-1]])
    return np.maximum.reduceat(query @ tokens.T, starts, axis=1).sum(axis=0)


def write_index(index: faiss.Index, path: str | Path) -> None:
    """Write an index to a file."""
    faiss.write_index(index, str(path))


def read_index(path: str | Path) -> faiss.Index:
    """The index of a file."""
    return faiss.read_index(str(path))
