"""What can be set of the index."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

EXACT_TOKENS = 1_000_000
"""Passages of at most so many tokens in all get an exact index, unless the study says otherwise."""


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
    """Number of centroids of an approximate index. null means a power of two near 40 times the cube
    root of the number of tokens; above a million tokens, near their number to the power of 0.6; at
    most 262,144."""


def centroids_for(tokens: float) -> int:
    """How many centroids an index of so many tokens has where nothing is set: a power of two.

    512 for a few thousand tokens, 4,096 for a million, 65,536 for a hundred million. More of them
    make residuals smaller, so that as many bits keep more of a vector, and lists shorter; at most
    262,144, whose products with a query take 40 ms of a core.
    """
    number = max(40 * tokens ** (1 / 3), tokens**0.6, 1)  # these meet near a million tokens
    return min(1 << 18, 1 << round(math.log2(number)))
