"""What can be set of the index."""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Index:
    """The index of the token vectors of the passages."""

    kind: Literal["auto", "exact", "approximate"] = "auto"
    """exact (every passage is scored), approximate (only passages near the query tokens are
    scored), or auto, which is exact up to a million passage tokens."""

    codec: Literal["int8", "float16", "pq4", "pq"] = "int8"
    """How an approximate index stores the residual of a token: int8 (one byte per dimension),
    float16 (two bytes), or with product quantisation pq4 (4 bits) or pq (2 bits)."""

    centroids: Annotated[int, ("minimum", 1), ("maximum", 1_048_576)] | None = None
    """Number of centroids of an approximate index. null means a power of two near the number of
    tokens to the power of 0.6: 4,096 for a million."""
