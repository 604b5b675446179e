"""The back end of PyLate, fast-plaid, on the vectors of search.py: search_peer.py FOLDER THREADS.

Runs in the environment of `make .venv-interop/plaid/installed`; prints a line of JSON for each
engine.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from fast_plaid import search

BEST, ENOUGH = 100, 0.99
# From fast to thorough: probes for a query token, and passages of the first sieve, a quarter of
# which is scored by its vectors. The first are its own defaults.
SETTINGS = [(8, 4096), (16, 4096), (16, 8192), (32, 8192), (32, 16384), (64, 32768)]


def measure(folder: Path, bits: int) -> dict[str, object]:
    """Build an index with so many bits a dimension and search it."""
    vectors = torch.from_numpy(np.load(folder / "vectors.npy", mmap_mode="c"))
    lengths = np.load(folder / "lengths.npy").tolist()
    queries, expected = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    index = search.FastPlaid(index=str(folder / f"plaid{bits}"), device="cpu")
    start = time.perf_counter()
    index.create(documents_embeddings=list(vectors.split(lengths)), nbits=bits)
    result = {
        "engine": f"fast-plaid, {bits} bits",
        "build": time.perf_counter() - start,
        "bytes": sum(
            file.stat().st_size for file in Path(index.index).rglob("*") if file.is_file()
        ),
        "peak": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30,
    }
    asked = torch.from_numpy(queries)
    for probes, candidates in SETTINGS:
        for _ in range(2):  # the first is to warm up
            start = time.perf_counter()
            found = index.search(
                queries_embeddings=asked,
                top_k=BEST,
                n_ivf_probe=probes,
                n_full_scores=candidates,
                show_progress=False,
            )
            seconds = time.perf_counter() - start
        rows = [[row for row, _ in of_query] for of_query in found]
        shared = [len(np.intersect1d(*pair)) for pair in zip(rows, expected, strict=True)]
        result |= {
            "setting": f"{probes} probes, {candidates} candidates",
            "speed": len(queries) / seconds,
            "recall": float(np.mean(shared) / BEST),
        }
        if result["recall"] >= ENOUGH or candidates >= 4 * len(lengths):
            break
    return result


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    for bits in (4, 8):
        print(json.dumps(measure(Path(sys.argv[1]), bits)), flush=True)
