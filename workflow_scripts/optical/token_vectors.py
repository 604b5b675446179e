"""Token vectors of many texts in memory-mapped files, read by row.

A folder holds `vectors.npy`, float16 [tokens, dim], all texts one after the other, `tokens.npy`,
int32 [tokens], the ids of these tokens, and `lengths.npy`, int32 [texts]. Reading a row touches
only that row's pages, so the store may be far larger than memory.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np


class TokenVectors:
    """A store opened for reading; `store[row]` is [length, dim] float16."""

    def __init__(self, folder: str | Path) -> None:
        self.vectors = np.load(Path(folder) / "vectors.npy", mmap_mode="r")
        self.tokens = np.load(Path(folder) / "tokens.npy", mmap_mode="r")
        self.lengths = np.load(Path(folder) / "lengths.npy")
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])
        if self.offsets[-1] != len(self.vectors):
            raise ValueError(
                f"{folder}: lengths.npy counts {self.offsets[-1]} tokens, "
                f"vectors.npy holds {len(self.vectors)}"
            )

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, row: int) -> np.ndarray:
        return self.vectors[self.offsets[row] : self.offsets[row + 1]]

    def ids(self, row: int) -> np.ndarray:
        """The token ids of a row, [length]."""
        return self.tokens[self.offsets[row] : self.offsets[row + 1]]

    def row_of(self, tokens: np.ndarray) -> np.ndarray:
        """The rows that tokens, given by their place in `vectors`, belong to."""
        return np.searchsorted(self.offsets, tokens, side="right") - 1

    def padded(self, rows: Iterable[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows as vectors, float32 [B, longest, dim], token ids and mask, both [B, longest]."""
        rows = list(rows)
        lengths = self.lengths[rows]
        mask = np.arange(lengths.max()) < lengths[:, None]
        vectors = np.zeros((*mask.shape, self.vectors.shape[1]), dtype=np.float32)
        tokens = np.zeros(mask.shape, dtype=np.int64)
        # Assigning through the mask fills the rows in order.
        vectors[mask] = np.concatenate([self[row] for row in rows])
        tokens[mask] = np.concatenate([self.ids(row) for row in rows])
        return vectors, tokens, mask


class GrowingArray:
    """An npy file of rows that are appended as they come; the header is completed at the end."""

    def __init__(self, path: Path, dtype: str, row: tuple[int, ...] = ()) -> None:
        self.path, self.dtype, self.row, self.rows = path, np.dtype(dtype), row, 0
        self.file = open(path, "wb")  # noqa: SIM115, closed by `close`
        self.header_size = self.write_header()

    def write_header(self) -> int:
        """Write the header for the present number of rows; NumPy leaves room for it to grow."""
        self.file.seek(0)
        shape = (self.rows, *self.row)
        np.lib.format.write_array_header_1_0(
            self.file,
            {
                "descr": np.lib.format.dtype_to_descr(self.dtype),
                "fortran_order": False,
                "shape": shape,
            },
        )
        return self.file.tell()

    def append(self, rows: np.ndarray) -> None:
        """Append [n, *row]."""
        if rows.shape[1:] != self.row:
            raise ValueError(f"{self.path}: rows of shape {rows.shape[1:]}, expected {self.row}")
        self.file.write(np.ascontiguousarray(rows, dtype=self.dtype).data)
        self.rows += len(rows)

    def close(self) -> None:
        """State the number of rows in the header."""
        if self.write_header() != self.header_size:
            raise ValueError(f"{self.path}: the npy header changed its size")
        self.file.close()


def write_token_vectors(
    folder: str | Path, texts: Iterable[tuple[np.ndarray, np.ndarray]], dimension: int
) -> int:
    """Write the (token ids, vectors) of each text as a store; returns the number of texts.

    Only the lengths are held in memory. Raises ValueError for vectors of another dimension.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokens = GrowingArray(folder / "tokens.npy", "<i4")
    vectors = GrowingArray(folder / "vectors.npy", "<f2", (dimension,))
    lengths = []
    for ids, text_vectors in texts:
        tokens.append(ids)
        vectors.append(text_vectors)
        lengths.append(len(ids))
    tokens.close()
    vectors.close()
    np.save(folder / "lengths.npy", np.array(lengths, dtype=np.int32))
    return len(lengths)
