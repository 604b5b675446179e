"""Token vectors of many texts in memory-mapped files, read by row.

A folder holds shards of `SHARD` texts each, the last one of fewer. A shard is three files:
`N.vectors.npy`, float16 [tokens, dim], its texts one after the other, `N.tokens.npy`, int32
[tokens], the ids of these tokens, and `N.lengths.npy`, int32 [texts], which is written last.
Reading a row touches only that row's pages, so the store may be far larger than memory.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

SHARD = 8192
"""Texts of a shard: what is held in memory, with its vectors, while it is made."""

OPEN = 128
"""Shards of which a part is mapped at once. A map holds a file descriptor, of which a process often
has 1,024, and MS MARCO has 1,075 shards. Random rows of a million texts never map a shard anew.
"""

LONGEST = 1 << 16
"""Tokens of vectors that are read from disk at once: 32 MiB in float32 at 128 dimensions."""


SAMPLED = 64
"""Texts whose vectors tell a store from another: those of another model all differ."""


class Maps(Sequence):
    """The arrays of a part of all shards, mapped when they are read; the last `OPEN` stay mapped.

    An array that is still in use when its turn is over stays mapped until it is let go.
    """

    def __init__(self, folder: Path, part: str, shards: int) -> None:
        self.shards = shards
        # The headers stay, so that mapping a shard again costs microseconds.
        headers: dict[int, tuple[str, tuple[int, ...], np.dtype, int]] = {}

        def mapped(number: int) -> np.ndarray:
            if number not in headers:
                shard = shard_file(folder, number, part)
                array = np.load(shard, mmap_mode="r")
                headers[number] = str(shard), array.shape, array.dtype, array.offset
            path, shape, dtype, offset = headers[number]
            file = os.open(path, os.O_RDONLY)
            try:
                buffer = mmap(file, 0, access=ACCESS_READ)
            finally:
                os.close(file)
            return np.ndarray(shape, dtype, buffer, offset)

        self.mapped = lru_cache(OPEN)(mapped)

    def __len__(self) -> int:
        return self.shards

    def __getitem__(self, number: int) -> np.ndarray:  # type: ignore[override]  # no slices
        if not 0 <= number < self.shards:
            raise IndexError(number)
        return self.mapped(number)


class TokenVectors:
    """A store opened for reading; `store[row]` is [length, dim] float16.

    Raises InputError for a store with a shard missing, or whose files disagree. Whether the last
    shard is there `check_number` finds out.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        lengths = sorted(folder.glob("*.lengths.npy"))
        if not lengths or lengths != [
            shard_file(folder, n, "lengths") for n in range(len(lengths))
        ]:
            raise InputError(f"{folder}: no whole store of token vectors; a shard is missing")
        self.vectors = Maps(folder, "vectors", len(lengths))
        self.tokens = Maps(folder, "tokens", len(lengths))
        by_shard = [np.load(path) for path in lengths]
        for name, part in (("vectors", self.vectors), ("ids", self.tokens)):
            for path, own, array in zip(lengths, by_shard, part, strict=True):
                if own.sum() != len(array):
                    raise InputError(
                        f"{path} counts {own.sum()} tokens, the {name} beside it are {len(array)}"
                    )
        self.folder = folder
        self.lengths = np.concatenate(by_shard)
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])
        self.firsts = np.cumsum([0, *map(len, by_shard)])  # rows
        self.dimension = self.vectors[0].shape[1]

    def __reduce__(self) -> tuple[type["TokenVectors"], tuple[Path]]:
        """For another process, which maps the files itself."""
        return TokenVectors, (self.folder,)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, row: int) -> np.ndarray:
        return self._read(self.vectors, row)

    def ids(self, row: int) -> np.ndarray:
        """The token ids of a row, [length]."""
        return self._read(self.tokens, row)

    def _read(self, part: Maps, row: int) -> np.ndarray:
        shard, start = self._shard(row)
        # A copy: rows that a caller keeps are not to hold the maps of their shards.
        return np.array(part[shard][self.offsets[row] - start : self.offsets[row + 1] - start])

    def _shard(self, row: int) -> tuple[int, int]:
        """The shard of a row, and the number of the shard's first token."""
        shard = int(np.searchsorted(self.firsts, row, side="right")) - 1
        return shard, self.offsets[self.firsts[shard]]

    def check_number(self, number: int, texts: Path) -> None:
        """Raise InputError unless these are the vectors of so many texts, which lie in a file."""
        if len(self) != number:
            raise InputError(f"{self.folder} is of {len(self)} texts, {texts} of {number}")

    def check_dimension(self, dimension: int, encoder: Path) -> None:
        """Raise InputError unless an encoder of queries has vectors of the same dimension."""
        if dimension != self.dimension:
            raise InputError(
                f"{encoder}: vectors of {dimension} dimensions, those of the passages have "
                f"{self.dimension}"
            )

    def sample_sha256(self) -> str:
        """The SHA-256 of the vectors of `SAMPLED` texts, or of all, at even distances."""
        rows = np.unique(np.linspace(0, len(self) - 1, SAMPLED, dtype=int))
        return hashlib.sha256(b"".join(self[row].tobytes() for row in rows)).hexdigest()

    def blocks(
        self, tokens: int = LONGEST, shards: Iterable[int] | None = None
    ) -> Iterator[tuple[int, int, np.ndarray]]:
        """The vectors of all texts, or of those of some shards, in order, as (first row, last + 1,
        float32 [tokens, dim]); so many tokens at most, or one text.

        Raises InputError for a vector that is not finite.
        """
        for first, last in self.block_rows(tokens, shards):
            yield first, last, self.block(first, last)

    def block_rows(
        self, tokens: int = LONGEST, shards: Iterable[int] | None = None
    ) -> Iterator[tuple[int, int]]:
        """The (first row, last + 1) of each of these blocks. A block lies in one shard."""
        for shard in range(len(self.vectors)) if shards is None else shards:
            begin, end = self.firsts[shard : shard + 2]
            for first, last in spans(self.offsets[begin : end + 1], tokens):
                yield begin + first, begin + last

    def block(self, first: int, last: int) -> np.ndarray:
        """The vectors of the rows of a block, float32 [tokens, dim].

        Raises InputError for a vector that is not finite.
        """
        shard, start = self._shard(first)
        begin, end = self.offsets[[first, last]]
        found = self.vectors[shard][begin - start : end - start].astype(np.float32)
        return self.checked(found, range(begin, end))

    def checked(self, vectors: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
        """The vectors [tokens, dim] of the tokens of these numbers in the store.

        Raises InputError if one is not finite: an index knows no place for it.
        """
        # The extremes are NaN if anything is, and need no copy.
        if vectors.size and not np.isfinite([vectors.min(), vectors.max()]).all():
            token = numbers[int(np.isfinite(vectors).all(axis=1).argmin())]
            text = int(np.searchsorted(self.offsets, token, side="right")) - 1
            raise InputError(not_finite(self.folder, text))
        return vectors

    def padded(self, rows: Iterable[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows as vectors, float32 [B, longest, dim], token ids and mask, both [B, longest]."""
        rows = list(rows)
        lengths = self.lengths[rows]
        mask = np.arange(lengths.max()) < lengths[:, None]
        vectors = np.zeros((*mask.shape, self.dimension), dtype=np.float32)
        tokens = np.zeros(mask.shape, dtype=np.int64)
        # Assigning through the mask fills the rows in order.
        vectors[mask] = np.concatenate([self[row] for row in rows])
        tokens[mask] = np.concatenate([self.ids(row) for row in rows])
        return vectors, tokens, mask


def not_finite(folder: Path, text: int) -> str:
    """The message for a vector that is none."""
    return f"{folder}: text {text} has a token vector that is not finite; check the model it is of"


def spans(offsets: np.ndarray, tokens: int) -> Iterator[tuple[int, int]]:
    """Cut texts, of which these are the ends, into spans (first, last + 1) of at most so many
    tokens, or one text.
    """
    first, number = 0, len(offsets) - 1
    while first < number:
        last = int(np.searchsorted(offsets, offsets[first] + tokens, side="right")) - 1
        yield first, max(last, first + 1)
        first = max(last, first + 1)


def shards(texts: Iterable) -> Iterator[list]:
    """Cut a stream into the shards of a store; an empty stream is one empty shard."""
    texts = iter(texts)
    shard = list(islice(texts, SHARD))
    yield shard
    while shard := list(islice(texts, SHARD)):
        yield shard


def shard_file(folder: Path, number: int, part: str) -> Path:
    """The file of a part of a shard."""
    return folder / f"{number:06d}.{part}.npy"


def has_shard(folder: Path, number: int) -> bool:
    """Whether a shard was written to its end."""
    return shard_file(folder, number, "lengths").exists()


def write_shard(
    folder: Path, number: int, texts: Iterable[tuple[np.ndarray, np.ndarray]], dimension: int
) -> None:
    """Write the (token ids, vectors) of a shard's texts.

    Raises InputError for vectors of another dimension, and for one that is not finite in float16.
    """
    ids, vectors, lengths = [np.empty(0)], [np.empty((0, dimension))], []
    for text_ids, text_vectors in texts:
        if text_vectors.shape != (len(text_ids), dimension):
            raise InputError(
                f"{folder}: vectors of shape {text_vectors.shape} for {len(text_ids)} tokens, "
                f"expected {dimension} dimensions"
            )
        with np.errstate(over="ignore"):
            halves = text_vectors.astype(np.float16, copy=False)
        if not np.isfinite(halves).all():
            raise InputError(not_finite(folder, number * SHARD + len(lengths)))
        ids.append(text_ids)
        vectors.append(halves)
        lengths.append(len(text_ids))
    parts = {
        "vectors": np.concatenate(vectors, dtype=np.float16, casting="unsafe"),
        "tokens": np.concatenate(ids, dtype=np.int32, casting="unsafe"),
        "lengths": np.array(lengths, dtype=np.int32),
    }
    for part, array in parts.items():
        with atomic_path(shard_file(folder, number, part)) as temporary:
            np.save(temporary, array)


def write_token_vectors(
    folder: str | Path, texts: Iterable[tuple[np.ndarray, np.ndarray]], dimension: int
) -> None:
    """Write the (token ids, vectors) of each text as a store, a shard at a time in memory."""
    for number, shard in enumerate(shards(texts)):
        write_shard(Path(folder), number, shard, dimension)
