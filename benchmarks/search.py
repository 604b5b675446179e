"""Search of token vectors: this project's index beside the back ends of PyLate.

The vectors are drawn: a passage has a topic, half of its words are its topic's own, and a token is
its word, its topic, a part common to all and noise. Queries are passages read again. All engines
get the same vectors and queries; what they find is compared with the exact 100 best.

An engine is tried with settings from fast to thorough, until it finds 99 % of the exact 100 best.
Each runs in a process of its own. The peers need an environment of their own, made by
`make .venv-interop/indexes/installed`.

Prints a table for each number of tokens and, last, the ratio of our queries a second at 99 % to
those of the best peer, at the last number of tokens that peers were given. A peer that never finds
99 % is taken at its most thorough setting.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from tqdm import tqdm

PEER = Path(__file__).parents[1] / ".venv-interop" / "indexes" / "bin" / "python"
DIMENSION, TYPES, TOPICS, OWN = 128, 20_000, 400, 300
BEST, ENOUGH = 100, 0.99
# The peers of search_pylate.py and how many tokens each is given at most: more take it an hour.
PEERS = {
    "fast-plaid, 4 bits": 1e6,
    "fast-plaid, 8 bits": 1e6,
    "WARP, 4 bits": 1e6,
    "Voyager": 1e5,
}
PASSAGES_AT_ONCE = 2000


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


def draw(folder: Path, tokens: int, queries: int, for_peers: bool) -> None:
    """Write the vectors and queries as the workflow keeps them, and lengths.npy; for the peers also
    vectors.npy and queries.npy, [queries, 32, dim].
    """
    from optical.retrieval.token_vectors import write_token_vectors

    world = World(seed=0)
    rng = world.rng
    lengths = np.clip(rng.lognormal(np.log(75), 0.4, tokens // 78), 10, 300).astype(np.int32)
    np.save(folder / "lengths.npy", lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    topics = world.zipf(TOPICS, 0.5, len(lengths))
    words = np.empty(int(offsets[-1]), dtype=np.int32)
    shape = (len(words), DIMENSION)
    vectors = open_memmap(folder / "vectors.npy", "w+", np.float16, shape) if for_peers else None

    def passages() -> Iterator[np.ndarray]:
        for first in range(0, len(lengths), PASSAGES_AT_ONCE):
            rows = slice(first, first + PASSAGES_AT_ONCE)
            of_token = np.repeat(topics[rows], lengths[rows])
            place = slice(offsets[first], offsets[first] + len(of_token))
            words[place] = world.words(of_token)
            drawn = world.vectors(words[place], of_token, noise=0.3)
            if vectors is not None:
                vectors[place] = drawn
            yield from np.split(drawn, np.cumsum(lengths[rows])[:-1])

    def write(name: str, texts: Iterable[np.ndarray]) -> None:
        with_ids = ((np.zeros(len(text), dtype=np.int32), text) for text in texts)
        write_token_vectors(folder / name, with_ids, DIMENSION)

    write("store", tqdm(passages(), "drawing", len(lengths), unit="passage"))
    asked = []
    for passage in rng.integers(0, len(lengths), queries):
        topic = np.full(32, topics[passage])
        read = words[rng.integers(offsets[passage], offsets[passage + 1], 24)]
        both = np.concatenate([read, world.words(topic[:8])])
        asked.append(world.vectors(both, topic, noise=0.4))
    write("asked", asked)
    if vectors is not None:
        vectors.flush()
        np.save(folder / "queries.npy", np.stack(asked))


def engine(program: list[str | Path], folder: Path, threads: int) -> list[dict[str, Any]]:
    """What an engine measured, a result for each setting, with the most memory that it took, in
    GiB, files that are mapped left out.
    """
    counts = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    environment = os.environ | dict.fromkeys(counts, str(threads))
    results, peak = [], 0
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen([*program, folder, str(threads)], stdout=output, env=environment) as run,
    ):
        while run.poll() is None:
            peak = max(peak, memory(run.pid))
            time.sleep(0.02)
        output.seek(0)
        lines = [line for line in output if line.startswith("{")]
    results = [json.loads(line) | {"peak": peak / 2**20} for line in lines]
    if run.returncode or not results:
        print(f"{program[-1]} ended with {run.returncode} after {len(results)} settings")
    return results


def memory(process: int) -> int:
    """KiB that a process holds now, beside what it mapped from files."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, re.findall(r"Rss(?:Anon|Shmem):\s+(\d+)", status)))


def measure(tokens: int, queries: int, threads: int, codecs: list[str], keep: Path) -> float | None:
    """Print the table of a number of tokens; returns our speed over the best peer's, if any."""
    folder = keep / str(tokens)
    folder.mkdir()
    peers = [name for name, most in PEERS.items() if tokens <= most and PEER.exists()]
    draw(folder, tokens, queries, for_peers=bool(peers))
    programs = Path(__file__).parent / "engines"
    ours: list[str | Path] = [sys.executable, programs / "search_ours.py"]
    (exact,) = engine([*ours, "exact"], folder, threads)
    of_codecs = [engine([*ours, codec], folder, threads) for codec in codecs]
    if not PEER.exists():
        print(
            "no peer: `make .venv-interop/indexes/installed` installs them; the next best is our "
            "own exact search"
        )
    of_peers = [
        engine([PEER, programs / "search_pylate.py", name], folder, threads) for name in peers
    ]
    of_peers = [results for results in of_peers if results]
    lengths = np.load(folder / "lengths.npy")
    number = int(lengths.sum())
    print(
        f"\n{number:,} tokens of {len(lengths):,} passages, {queries} queries, {threads} threads"
        "\n\n"
        "| engine | setting | build, s | bytes / token | queries / s | recall of the exact 100 "
        "| peak, GiB |\n|---|---|--:|--:|--:|--:|--:|"
    )
    for result in [exact, *sum(of_codecs + of_peers, [])]:
        print(
            f"| {result['engine']} | {result['setting']} | {result['build']:.0f} "
            f"| {result['bytes'] / number:.1f} | {result['speed']:.2f} | {result['recall']:.4f} "
            f"| {result['peak']:.1f} |"
        )
    if not of_peers:
        return None
    last = [results[-1] for results in of_peers]
    enough = [result for result in last if result["recall"] >= ENOUGH]
    return of_codecs[0][-1]["speed"] / max(result["speed"] for result in enough or last)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--tokens", type=float, nargs="+", default=[1e5, 1e6, 1e7], help="of all passages"
    )
    parser.add_argument("--queries", type=int, default=100, help="of 32 tokens each")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of every engine")
    parser.add_argument(
        "--codecs",
        nargs="+",
        default=["int8", "float16", "pq4", "pq"],
        help="the first is compared",
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
                    Path(folder),
                )
                or ratio
            )
    print(f"\nratio {ratio:.2f}" if ratio else "\nratio of no peer: none was measured")
