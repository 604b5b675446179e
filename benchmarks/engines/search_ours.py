"""Our index on the vectors of search.py: search_ours.py exact|int8|float16|pq4|pq FOLDER THREADS.

Prints a line of JSON for each setting; `exact` also writes truth.npy, the exact 100 best of each
query, [queries, 100].
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from optical.retrieval.token_index import build_index, open_index, search
from optical.retrieval.token_vectors import TokenVectors

BEST, ENOUGH = 100, 0.99
# From fast to thorough: probes for a query token, and passages whose vectors are scored.
SETTINGS = [(8, 250), (8, 500), (16, 1000), (16, 2000), (32, 4000), (32, 8000)]


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def measure(codec: str, folder: Path, threads: int) -> None:
    """Build the index of a codec, or the exact one, and search it."""
    vectors, queries = TokenVectors(folder / "store"), TokenVectors(folder / "asked")
    exact, place = codec == "exact", folder / "index"
    settings = {"kind": "exact"} if exact else {"kind": "approximate", "codec": codec}
    start = time.perf_counter()
    build_index(vectors, place, **settings)
    result: dict[str, Any] = {
        "engine": f"ours, {codec}",
        "build": time.perf_counter() - start,
        "bytes": size(folder / "store" if exact else place),
    }
    for probes, candidates in SETTINGS:
        index = open_index(place, vectors, probes=probes, candidates=candidates)
        list(search(index, queries, depth=BEST, rows=range(8), threads=threads))  # to warm up
        start = time.perf_counter()
        rows = [rows for rows, _ in search(index, queries, depth=BEST, threads=threads)]
        result["speed"] = len(queries) / (time.perf_counter() - start)
        if exact:
            np.save(folder / "truth.npy", np.stack(rows))
            print(json.dumps(result | {"setting": "", "recall": 1.0}), flush=True)
            return
        pairs = zip(rows, np.load(folder / "truth.npy"), strict=True)
        result["recall"] = float(np.mean([len(np.intersect1d(*pair)) for pair in pairs]) / BEST)
        result["setting"] = f"{probes} probes, {candidates} candidates"
        print(json.dumps(result), flush=True)
        if result["recall"] >= ENOUGH or candidates >= len(vectors):
            return


if __name__ == "__main__":
    measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
