"""How long it takes to keep a large collection out of the bitext, and how much memory.

Drawn passages of 56 words (as MS MARCO's) of a vocabulary of 200,000 by Zipf's law; sentences of 20
words are looked up. The time that drawing takes is taken off. The ratio is that of the time in
which as many passages would be read at 10,000 a second to what hashing took.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import describe

from optical.corpora.leakage import Guard, write_ngrams

WORDS, VOCABULARY, BLOCK = 56, 200_000, 1000
READ_A_SECOND = 10_000


class Texts:
    """Drawn texts, and the seconds that drawing them took."""

    def __init__(self, number: int, words: int, seed: int):
        self.number, self.words, self.seed = number, words, seed
        self.seconds = 0.0

    def __iter__(self) -> Iterator[str]:
        rng = np.random.default_rng(self.seed)
        names = np.array([f"w{rank}" for rank in range(VOCABULARY)])
        for _ in range(self.number // BLOCK):
            start = time.process_time()
            ranks = np.minimum(rng.zipf(1.2, (BLOCK, self.words)), VOCABULARY) - 1
            texts = [" ".join(row) for row in names[ranks]]
            self.seconds += time.process_time() - start
            yield from texts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=1_000_000, help="passages (1,000,000)")
    parser.add_argument("--sentences", type=int, default=20_000, help="sentences (20,000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs")
        passages = Texts(arguments.passages, WORDS, 0)
        start = time.process_time()
        runs = write_ngrams(path, passages, "en")
        writing = time.process_time() - start - passages.seconds
        guard = Guard({"en": [path]})
        sentences = list(Texts(arguments.sentences, 20, 1))
        start = time.process_time()
        sum(guard.knows(text, "en") for text in sentences)
        looking = time.process_time() - start
        size = path.stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{describe('cpu')}\n{arguments.passages:,} passages, {runs:,} runs, {size:,.0f} MB\n")
    print("| passages / s | peak, GiB (mapped file included) | sentences looked up / s |")
    print(f"|--:|--:|--:|\n| {arguments.passages / writing:,.0f} | {peak:.2f} | ", end="")
    print(f"{arguments.sentences / looking:,.0f} |\n")
    print(f"ratio {arguments.passages / writing / READ_A_SECOND:.2f}")
