"""Examples of the pairs that cleaning removes, so that a reader can judge its rules."""

from hashlib import blake2b
from heapq import heappush, heappushpop
from pathlib import Path

from optical.corpora.records import Pair
from optical.corpora.rows import write_parquet

COLUMNS = ["rule", "origin", "id", "source", "target"]
"""The rule, the source of the bitext, the id that tells the line or unit there, and both texts."""

MOST_EXAMPLES = 10
"""Examples of a rule and an origin."""


class Examples:
    """At most `MOST_EXAMPLES` removed pairs of each rule and origin, drawn as if at random.

    Those with the smallest hashes are drawn: the same ones in every run, whatever the order of the
    pairs and however many there are.
    """

    def __init__(self) -> None:
        # Of each rule and origin a heap of (negative hash, place, pair): the largest hash is first.
        self.drawn: dict[tuple[str, str], list[tuple[int, int, Pair]]] = {}

    def add(self, rule: str, origin: str, place: int, pair: Pair) -> None:
        """Take a removed pair into the draw. place: its number among the pairs of its origin."""
        heap = self.drawn.setdefault((origin, rule), [])
        text = "\t".join((rule, origin, pair.id, str(place)))
        key = int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
        take = heappush if len(heap) < MOST_EXAMPLES else heappushpop
        take(heap, (-key, place, pair))

    def write(self, path: Path) -> int:
        """Write the examples (.parquet) in the order of their pairs; returns how many."""
        rows = [
            (rule, origin, pair.id, pair.source, pair.target)
            for (origin, rule), heap in self.drawn.items()
            for _, _, pair in sorted(heap, key=lambda one: one[1])
        ]
        return write_parquet(path, COLUMNS, rows)
