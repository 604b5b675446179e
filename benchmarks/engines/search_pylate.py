"""The index back ends of PyLate on the vectors of search.py: search_pylate.py NAME FOLDER THREADS.

Runs in the environment of `make .venv-interop/indexes/installed`; prints a line of JSON for each
setting.
"""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

BEST, ENOUGH = 100, 0.99


class Plaid:
    """fast-plaid, the default of PyLate; bits of a dimension."""

    # From fast to thorough: probes for a query token, and passages of the first sieve, a quarter
    # of which is scored by its vectors. The first are its own defaults.
    settings = [
        *({"probes": 8, "candidates": number} for number in (4096, 8192)),
        *({"probes": 16, "candidates": number} for number in (8192, 16384)),
        *({"probes": 32, "candidates": number} for number in (16384, 32768)),
    ]

    def __init__(self, folder: Path, passages: list[torch.Tensor], bits: int) -> None:
        from fast_plaid import search

        self.index = search.FastPlaid(index=str(folder), device="cpu")
        self.index.create(documents_embeddings=passages, nbits=bits)

    def search(self, queries: torch.Tensor, probes: int, candidates: int) -> list[list[int]]:
        """The rows of the best passages of each query."""
        found = self.index.search(
            queries_embeddings=queries,
            top_k=BEST,
            n_ivf_probe=probes,
            n_full_scores=candidates,
            show_progress=False,
        )
        return [[row for row, _ in of_query] for of_query in found]


class Warp:
    """xtr-warp-rs, WARP in Rust; bits of a dimension, of which it knows 2 and 4."""

    # None is what it chooses itself; the first is PyLate's default.
    settings = [
        *({"probes": probes, "t_prime": 100_000, "bound": None} for probes in (32, 64, 128)),
        *({"probes": probes, "t_prime": 1_000_000, "bound": 1024} for probes in (256, 512, 1024)),
    ]

    def __init__(self, folder: Path, passages: list[torch.Tensor], bits: int) -> None:
        from xtr_warp import search

        self.index = search.XTRWarp(index=str(folder), device="cpu")
        self.index.create(passages, device="cpu", nbits=bits, show_progress=False)
        self.index.load(device="cpu")

    def search(
        self, queries: torch.Tensor, probes: int, t_prime: int, bound: int | None
    ) -> list[list[int]]:
        """The rows of the best passages of each query."""
        found = self.index.search(
            queries,
            top_k=BEST,
            num_threads=torch.get_num_threads(),
            nprobe=probes,
            t_prime=t_prime,
            bound=bound,
            show_progress=False,
        )
        return [[row for row, _ in of_query] for of_query in found]


class Voyager:
    """PyLate's own retriever on Voyager, a graph of all token vectors."""

    # Neighbours of a query token, all of whose passages are scored; the first is PyLate's default.
    settings = [{"neighbours": number} for number in (100, 300, 1000)]

    def __init__(self, folder: Path, passages: list[torch.Tensor]) -> None:
        from pylate import indexes, retrieve

        self.index = indexes.Voyager(str(folder.parent), folder.name, override=True)
        names = [str(row) for row in range(len(passages))]
        self.index.add_documents(names, [passage.float() for passage in passages])
        self.retriever = retrieve.ColBERT(self.index)

    def search(self, queries: torch.Tensor, neighbours: int) -> list[list[int]]:
        """The rows of the best passages of each query."""
        self.index.ef_search = max(200, neighbours)
        found = self.retriever.retrieve(
            queries_embeddings=list(queries), k=BEST, k_token=neighbours, device="cpu"
        )
        return [[int(result["id"]) for result in of_query] for of_query in found]


ENGINES: dict[str, tuple[Any, dict[str, int]]] = {
    "fast-plaid, 4 bits": (Plaid, {"bits": 4}),
    "fast-plaid, 8 bits": (Plaid, {"bits": 8}),
    "WARP, 4 bits": (Warp, {"bits": 4}),
    "Voyager": (Voyager, {}),
}


def measure(name: str, folder: Path) -> None:
    """Build the index of an engine and search it."""
    engine, options = ENGINES[name]
    vectors = torch.from_numpy(np.load(folder / "vectors.npy", mmap_mode="c"))
    passages = list(vectors.split(np.load(folder / "lengths.npy").tolist()))
    queries, expected = np.load(folder / "queries.npy"), np.load(folder / "truth.npy")
    place = folder / "peer"
    start = time.perf_counter()
    index = engine(place, passages, **options)
    result: dict[str, Any] = {
        "engine": name,
        "build": time.perf_counter() - start,
        "bytes": sum(file.stat().st_size for file in place.rglob("*") if file.is_file()),
    }
    asked = torch.from_numpy(queries)
    for setting in engine.settings:
        index.search(asked[:8], **setting)  # to warm up
        start = time.perf_counter()
        rows = index.search(asked, **setting)
        seconds = time.perf_counter() - start
        shared = [len(np.intersect1d(*pair)) for pair in zip(rows, expected, strict=True)]
        result |= {
            "setting": ", ".join(f"{value} {what}" for what, value in setting.items() if value),
            "speed": len(queries) / seconds,
            "recall": float(np.mean(shared) / BEST),
        }
        print(json.dumps(result), flush=True)
        if result["recall"] >= ENOUGH:
            break
    shutil.rmtree(place)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[3]))
    measure(sys.argv[1], Path(sys.argv[2]))
