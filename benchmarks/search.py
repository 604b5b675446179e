"""Search of token vectors: this project's index beside the back ends of PyLate.

The vectors are drawn: a passage has a topic, half of its words are its topic's own, and a token is
its word, its topic, a part common to all and noise. Queries are passages read again. All engines
get the same vectors and queries; what they find is compared with the exact 100 best.

An engine is tried with settings from fast to thorough, and stands in the table with the first that
finds 99 % of the exact 100 best, or with its last. Each runs in a process of its own. The peers
need an environment of their own, made by `make .venv-interop/plaid/installed`.

Prints a table for each number of tokens and, last, the ratio of our queries a second to those of
the best peer, at the last number of tokens that the peers were given.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np
from numpy.lib.format import open_memmap

PEER = Path(__file__).parents[1] / ".venv-interop" / "plaid" / "bin" / "python"
DIMENSION, TYPES, TOPICS, OWN = 128, 20_000, 400, 300
BEST, ENOUGH = 100, 0.99
PASSAGES_AT_ONCE = 2000
# From fast to thorough: probes for a query token, and passages whose vectors are scored.
SETTINGS = [(8, 250), (8, 500), (16, 1000), (16, 2000), (32, 4000), (32, 8000)]


class World:
    """Draws the vectors; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.common, self.types, self.topics = (
            unit(rng.standard_normal((number, DIMENSION), dtype=np.float32))
            for number in (1, TYPES, TOPICS)
        )
        self.own = rng.integers(0, TYPES, (TOPICS, OWN))

    def words(self, topics: np.ndarray) -> np.ndarray:
        """A word for each topic of a token, of its own or of all."""
        anywhere = self.zipf(TYPES, 1.0, len(topics))
        own = self.own[topics, self.zipf(OWN, 0.7, len(topics))]
        return np.where(self.rng.random(len(topics)) < 0.5, anywhere, own)

    def zipf(self, number: int, exponent: float, size: int) -> np.ndarray:
        """Draw numbers below `number` that become rarer."""
        weights = np.cumsum(np.arange(1, number + 1) ** -exponent)
        return np.searchsorted(weights, self.rng.random(size) * weights[-1])

    def vectors(self, words: np.ndarray, topics: np.ndarray, noise: float) -> np.ndarray:
        """The vectors of tokens, float32 [n, dim] of unit length."""
        drawn = self.rng.standard_normal((len(words), DIMENSION), dtype=np.float32)
        drawn *= np.float32(noise / np.sqrt(DIMENSION))
        drawn += np.float32(0.55) * self.common
        drawn += np.float32(0.35) * self.topics[topics]
        drawn += np.float32(0.65) * self.types[words]
        return unit(drawn)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors of unit length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def draw(folder: Path, tokens: int, queries: int) -> None:
    """Write vectors.npy, lengths.npy, and queries.npy, [queries, 32, dim]."""
    world = World(seed=0)
    rng = world.rng
    lengths = np.clip(rng.lognormal(np.log(75), 0.4, tokens // 78), 10, 300).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    topics = world.zipf(TOPICS, 0.5, len(lengths))
    shape = (int(offsets[-1]), DIMENSION)
    vectors = open_memmap(folder / "vectors.npy", "w+", np.float16, shape)
    words = np.empty(len(vectors), dtype=np.int32)
    for first in range(0, len(lengths), PASSAGES_AT_ONCE):
        rows = slice(first, first + PASSAGES_AT_ONCE)
        of_token = np.repeat(topics[rows], lengths[rows])
        place = slice(offsets[first], offsets[first] + len(of_token))
        words[place] = world.words(of_token)
        vectors[place] = world.vectors(words[place], of_token, noise=0.3)
    vectors.flush()
    np.save(folder / "lengths.npy", lengths)
    asked = []
    for passage in rng.integers(0, len(lengths), queries):
        topic = np.full(32, topics[passage])
        read = words[rng.integers(offsets[passage], offsets[passage + 1], 24)]
        both = np.concatenate([read, world.words(topic[:8])])
        asked.append(world.vectors(both, topic, noise=0.4))
    np.save(folder / "queries.npy", np.stack(asked))


def store(folder: Path) -> None:
    """Write the vectors and the queries as the workflow keeps them."""
    from optical.token_vectors import write_token_vectors

    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    ends = np.cumsum(np.load(folder / "lengths.npy"), dtype=np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    passages = (vectors[start:end] for start, end in zip(starts, ends, strict=True))
    for name, texts in (("store", passages), ("asked", np.load(folder / "queries.npy"))):
        with_ids = ((np.zeros(len(text), dtype=np.int32), text) for text in texts)
        write_token_vectors(folder / name, with_ids, DIMENSION)


def peak() -> float:
    """The most memory that this process had, in GiB, mapped files included."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**30


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def truth(folder: Path, threads: int) -> dict[str, float]:
    """Write truth.npy, the exact 100 best [queries, 100], and say how long exact search took."""
    from optical.token_index import build_index, open_index, search
    from optical.token_vectors import TokenVectors

    vectors, queries = TokenVectors(folder / "store"), TokenVectors(folder / "asked")
    start = time.perf_counter()
    build_index(vectors, folder / "exact", kind="exact")
    built = time.perf_counter() - start
    index = open_index(folder / "exact", vectors)
    start = time.perf_counter()
    found = list(search(index, queries, depth=BEST, threads=threads))
    seconds = time.perf_counter() - start
    np.save(folder / "truth.npy", np.stack([rows for rows, _ in found]))
    return {
        "engine": "ours, exact",
        "setting": "",
        "build": built,
        "bytes": size(folder / "store"),
        "speed": len(queries) / seconds,
        "recall": 1.0,
        "peak": peak(),
    }


def recall(found: list[np.ndarray], expected: np.ndarray) -> float:
    """The share of the exact best that was found."""
    shared = [len(np.intersect1d(*pair)) for pair in zip(found, expected, strict=True)]
    return float(np.mean(shared) / BEST)


def ours(folder: Path, codec: str, threads: int) -> dict[str, float]:
    """Build our index and search it; in a process of its own."""
    from optical.token_index import build_index, open_index, search
    from optical.token_vectors import TokenVectors

    vectors = TokenVectors(folder / "store")
    start = time.perf_counter()
    build_index(vectors, folder / codec, kind="approximate", codec=codec)
    result = {
        "engine": f"ours, {codec}",
        "build": time.perf_counter() - start,
        "bytes": size(folder / codec),
        "peak": peak(),
    }
    queries, expected = TokenVectors(folder / "asked"), np.load(folder / "truth.npy")
    for probes, candidates in SETTINGS:
        index = open_index(folder / codec, vectors, probes=probes, candidates=candidates)
        for _ in range(2):  # the first is to warm up
            start = time.perf_counter()
            found = [rows for rows, _ in search(index, queries, depth=BEST, threads=threads)]
            seconds = time.perf_counter() - start
        result |= {
            "setting": f"{probes} probes, {candidates} candidates",
            "speed": len(queries) / seconds,
            "recall": recall(found, expected),
        }
        if result["recall"] >= ENOUGH or candidates >= len(index.offsets):
            break
    return result


def alone(function, *arguments) -> dict[str, float]:
    """Run a measurement in a new process: the peak of a process is never lower than it was."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def peers(folder: Path, threads: int) -> list[dict[str, float]]:
    """What the peers measured, in their own environment; empty where there is none."""
    if not PEER.exists():
        print(
            "no peer: `make .venv-interop/plaid/installed` installs fast-plaid; the next best is "
            "our own exact search"
        )
        return []
    command = [PEER, Path(__file__).with_name("search_peer.py"), folder, str(threads)]
    counts = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    environment = os.environ | dict.fromkeys(counts, str(threads))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measure(
    tokens: int, queries: int, threads: int, codecs: list[str], with_peers: bool, keep: Path
) -> float | None:
    """Print the table of a number of tokens; returns our speed over the best peer's, if any."""
    folder = keep / str(tokens)
    folder.mkdir()
    draw(folder, tokens, queries)
    alone(store, folder)
    results = [alone(truth, folder, threads)]
    results += [alone(ours, folder, codec, threads) for codec in codecs]
    of_peers = peers(folder, threads) if with_peers else []
    number = len(np.load(folder / "vectors.npy", mmap_mode="r"))
    passages = len(np.load(folder / "lengths.npy"))
    print(
        f"\n{number:,} tokens of {passages:,} passages, {queries} queries, {threads} threads\n\n"
        "| engine | setting | build, s | bytes / token | queries / s | recall of the exact 100 "
        "| peak, GiB |\n|---|---|--:|--:|--:|--:|--:|"
    )
    for result in [*results, *of_peers]:
        print(
            f"| {result['engine']} | {result['setting']} | {result['build']:.0f} "
            f"| {result['bytes'] / number:.1f} | {result['speed']:.2f} | {result['recall']:.4f} "
            f"| {result['peak']:.1f} |"
        )
    if not of_peers:
        return None
    enough = [result for result in of_peers if result["recall"] >= ENOUGH]
    return results[1]["speed"] / max(result["speed"] for result in enough or of_peers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tokens", type=float, nargs="+", default=[1e6, 1e7], help="of all passages"
    )
    parser.add_argument("--queries", type=int, default=100, help="of 32 tokens each")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine")
    parser.add_argument(
        "--codecs", nargs="+", default=["int8", "float16", "pq"], help="the first is compared"
    )
    parser.add_argument(
        "--peer-tokens",
        type=float,
        default=1e6,
        help="so many tokens the peers are given at most (1e6): more take them an hour",
    )
    arguments = parser.parse_args()
    ratio = None
    for tokens in map(int, arguments.tokens):
        with tempfile.TemporaryDirectory() as folder:
            ratio = (
                measure(
                    tokens,
                    arguments.queries,
                    arguments.threads,
                    arguments.codecs,
                    tokens <= arguments.peer_tokens,
                    Path(folder),
                )
                or ratio
            )
    print(f"\nratio {ratio:.2f}" if ratio else "\nratio of no peer: none was measured")
