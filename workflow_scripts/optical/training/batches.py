"""Which examples a training sees in which step: a function of the seed and the step alone.

That is what makes a training resumable to the bit, and the same on one device and on several.
"""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from torch.utils.data import BatchSampler

from optical.runtime.errors import InputError

# Batches whose examples are sorted by length together: enough to save padding, few enough for the
# order to stay random.
WINDOW = 64


class Batches(BatchSampler):
    """Batches of row numbers, pass after pass over the data, each pass in an order of its own.

    With `tokens` a batch holds as many rows as fit into that many padded tokens, of like lengths
    (dynamic batching); otherwise `size` rows. Rows that share a key, such as two questions about
    one passage, never meet in a batch, where each would be the other's false negative.

    Args:
        rows: number of examples.
        number: batches to give in all, over as many passes as that takes.
        size: rows of a batch; None with `tokens`.
        tokens: padded tokens of a batch, that is rows times the longest of them.
        lengths: [rows] tokens of each example, with `tokens`.
        keys: for each example those that it must not share with another of its batch.
        seed: of the orders.

    Raises:
        ValueError: for both or neither of `size` and `tokens`, for fewer rows than a batch has, and
            for an example that is longer than a batch may be.
    """

    def __init__(
        self,
        rows: int,
        *,
        number: int,
        seed: int,
        size: int | None = None,
        tokens: int | None = None,
        lengths: Sequence[int] | None = None,
        keys: Sequence[Sequence[Hashable]] | None = None,
    ) -> None:
        if (size is None) == (tokens is None):
            raise ValueError("expected the size of a batch in rows or in tokens, one of the two")
        if rows < (least := size or 1):
            raise InputError(f"{rows} examples, fewer than the {least} of a batch")
        measured = None if lengths is None else np.asarray(lengths)
        if tokens is not None and measured.max(initial=0) > tokens:
            row = int(measured.argmax())
            raise InputError(
                f"example {row} has {measured[row]} tokens, more than the {tokens} of a batch"
            )
        self.rows, self.number, self.seed = rows, number, seed
        self.size, self.tokens, self.lengths, self.keys = size, tokens, measured, keys
        self.sizes: list[int] = []
        # For accelerate: sizes vary, so it must count batches and not rows.
        self.batch_size, self.drop_last = None, True

    def __len__(self) -> int:
        return self.number

    def examples(self, number: int) -> int:
        """Examples in the first batches, as many as were given already."""
        return sum(self.sizes[:number])

    def __iter__(self) -> Iterator[list[int]]:
        self.sizes = []
        number_of_pass = 0
        while True:
            rng = np.random.default_rng((self.seed, number_of_pass))
            before = len(self.sizes)
            for batch in self.one_pass(rng):
                if len(self.sizes) == self.number:
                    return
                self.sizes.append(len(batch))
                yield batch
            if len(self.sizes) == before:
                raise InputError(f"no {self.size} of the {self.rows} examples may share a batch")
            number_of_pass += 1

    def one_pass(self, rng: np.random.Generator) -> Iterator[list[int]]:
        """The batches of one pass; what does not fill a batch waits for another pass."""
        order = rng.permutation(self.rows)
        if self.tokens is not None:
            yield from self.by_tokens(order, rng)
        elif self.keys is None:
            for start in range(0, self.rows - self.size + 1, self.size):
                yield order[start : start + self.size].tolist()
        else:
            yield from self.without_shared_keys(order)

    def by_tokens(self, order: np.ndarray, rng: np.random.Generator) -> Iterator[list[int]]:
        """Cut windows of the order, sorted by length, into batches, and mix these."""
        rows = max(1, int(self.tokens / max(self.lengths.mean(), 1.0))) * WINDOW
        for start in range(0, len(order), rows):
            window = order[start : start + rows]
            window = window[np.argsort(self.lengths[window], kind="stable")]
            batches: list[list[int]] = [[]]
            for row in window.tolist():  # ascending, so that the last one is the longest
                if (len(batches[-1]) + 1) * self.lengths[row] > self.tokens:
                    batches.append([])
                batches[-1].append(row)
            yield from (batches[place] for place in rng.permutation(len(batches)))

    def without_shared_keys(self, order: np.ndarray) -> Iterator[list[int]]:
        """Fill batches in order; a row that shares a key waits for the next batch."""
        waiting: list[int] = []
        coming = iter(order.tolist())
        while True:
            batch: list[int] = []
            taken: set[Hashable] = set()
            still_waiting = []
            for row in waiting:
                if len(batch) < self.size and taken.isdisjoint(self.keys[row]):
                    batch.append(row)
                    taken.update(self.keys[row])
                else:
                    still_waiting.append(row)
            waiting = still_waiting
            while len(batch) < self.size and (row := next(coming, None)) is not None:
                if taken.isdisjoint(self.keys[row]):
                    batch.append(row)
                    taken.update(self.keys[row])
                else:
                    waiting.append(row)
            if len(batch) < self.size:
                return
            yield batch
