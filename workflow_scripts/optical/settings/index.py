"""What can be set of the index."""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Index:
    """The index over the passages' token vectors."""

    kind: Literal["auto", "exact", "approximate"] = "auto"
    """exact (every passage is scored), approximate (passages near the centroids of the query's
    tokens are), or auto, which is exact up to a million tokens of passages."""

    codec: Literal["int8", "float16", "pq"] = "int8"
    """How an approximate index keeps a token's vector, beside its centroid: int8 (a byte a
    dimension), float16 (two), pq (product-quantised, a quarter)."""

    centroids: Annotated[int, ("minimum", 1), ("maximum", 65_536)] | None = None
    """Centroids of an approximate index; when null a power of two near 40 times the cube root of
    the number of tokens."""
