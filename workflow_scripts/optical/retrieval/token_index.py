"""The index over all passages' token vectors, and MaxSim search with it.

The score of a passage is the sum over query tokens of the largest inner product with any of its
tokens (late interaction, ColBERT, arXiv 2004.12832); all vectors have unit length, so that is the
cosine. An index is a folder, of one of two kinds:

- `exact`: every passage is scored, see `exact_index`. The folder holds nothing beside its record:
  the vectors are those of the store;
- `approximate`: those near the query's tokens are, see `centroid_index`.

A folder's `index.json` records what built it. A document that was split into several passages has
the score of its best one (MaxP, arXiv 1905.09217).
"""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from optical.retrieval.exact_index import ExactIndex, Found
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError
from optical.runtime.files import lock, remove
from optical.settings.index import EXACT_TOKENS
from optical.settings.search import Search

KINDS = ("auto", "exact", "approximate")


class Index(Protocol):
    """What either kind of index offers."""

    block: int
    """Queries that are best searched together."""

    def search(
        self, queries: list[np.ndarray], depth: int, documents: np.ndarray | None = None
    ) -> list[Found]:
        """The best passages, or documents, of each query, [tokens, dim] float32."""


def build_index(
    vectors: TokenVectors, folder: str | Path, *, kind: str = "auto", **settings
) -> None:
    """Build the index of passages as a folder, which is whole or absent.

    kind: "exact", "approximate", or "auto", which is exact up to `EXACT_TOKENS`. settings: those of
    `centroid_build.build`. Raises InputError for an unknown kind, a passage without a token and, of
    an approximate index, for a vector that is not finite.
    """
    if kind not in KINDS:
        raise InputError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    tokens = int(vectors.offsets[-1])
    if not len(vectors) or not vectors.lengths.all():
        raise InputError("expected passages of at least one token each")
    if kind == "auto":
        kind = "exact" if tokens <= EXACT_TOKENS else "approximate"
    record: dict[str, object] = {"kind": kind, **described(vectors)}
    record["sample_sha256"] = vectors.sample_sha256()
    unfinished = Path(folder).with_name(f"{Path(folder).name}.unfinished")
    # Always in the same place, so that what a kill left behind does not stay.
    with ExitStack() as after, lock(unfinished):
        after.callback(remove, unfinished)
        fresh = unfinished / "index"
        remove(fresh)
        fresh.mkdir()
        if kind == "approximate":
            from optical.retrieval import centroid_build

            record |= centroid_build.build(vectors, fresh, **settings)
        (fresh / "index.json").write_text(json.dumps(record, indent=2) + "\n")
        remove(Path(folder))
        fresh.rename(folder)


def open_index(
    folder: str | Path,
    vectors: TokenVectors,
    *,
    probes: int = Search.probes,
    candidates: int = Search.candidates,
) -> Index:
    """The index of a folder over a store, mapped into memory; raises InputError where there is none
    or where it is of another store.

    probes, candidates: how an approximate index is searched; an exact one needs neither.
    """
    folder = Path(folder)
    file = folder / "index.json"
    if not file.exists():
        raise InputError(f"{folder}: no index here, expected a folder with index.json")
    record = json.loads(file.read_text())
    expected = described(vectors)
    found = {name: record.get(name) for name in expected}
    if found != expected:
        about = "{passages} passages with {tokens} tokens of {dim} dimensions"
        raise InputError(
            f"{folder}: of {about.format(**found)}, "
            f"expected the {about.format(**expected)} of {vectors.folder}"
        )
    exact, sample = record["kind"] == "exact", record.get("sample_sha256")
    if not sample and not exact:
        raise InputError(f"{folder}: an index of an earlier version; build it anew")
    if sample and sample != vectors.sample_sha256():
        raise InputError(
            f"{folder}: of other vectors than those of {vectors.folder}; build it anew"
        )
    if exact:
        return ExactIndex(vectors)
    # Numba takes a second to load.
    from optical.retrieval.centroid_index import CentroidIndex

    return CentroidIndex(folder, probes=probes, candidates=candidates)


def described(vectors: TokenVectors) -> dict[str, int]:
    """What an index and its store have alike, as index.json names it."""
    tokens = int(vectors.offsets[-1])
    return {"passages": len(vectors), "tokens": tokens, "dim": vectors.dimension}


def search(
    index: Index,
    queries: TokenVectors,
    *,
    depth: int,
    rows: Sequence[int] | None = None,
    documents: np.ndarray | None = None,
    threads: int | None = None,
) -> Iterator[Found]:
    """For each query the rows of its best passages and their scores.

    depth: passages kept. rows: of the queries to search with; all of them by default. documents:
    the number of the document that each passage is of, ascending; the best of these are found
    then, in place of passages. threads: blocks of queries that are searched at once; as many as
    the machine, or OMP_NUM_THREADS, allows. Raises InputError for a query's vector that is not
    finite.
    """
    rows = range(len(queries)) if rows is None else rows
    threads = threads or int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count())

    def block(start: int) -> list[Found]:
        part = [
            queries.checked(
                queries[row].astype(np.float32), range(*queries.offsets[[row, row + 1]])
            )
            for row in rows[start : start + index.block]
        ]
        return index.search(part, depth, documents)

    starts = range(0, len(rows), index.block)
    # Every thread multiplies its own matrices.
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(threads) as pool,
        tqdm(desc="searching", unit="query", total=len(rows)) as progress,
    ):
        for found in pool.map(block, starts):
            progress.update(len(found))
            yield from found
