"""What can be set of the transport, with its bounds and defaults."""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Transport:
    """How the transport plan between two sentences is found."""

    solver: Literal["sinkhorn", "ipot", "exact"] = "sinkhorn"
    """How optical finds the plan: sinkhorn (with entropy), ipot (proximal points, without) or exact
    (slow, for reference)."""

    epsilon: Annotated[float, ("minimum", 0.001), ("maximum", 10)] = 0.05
    """Weight of the plan's entropy, or of ipot's proximal term, in units of the cost
    (1 - cosine)."""

    iterations: Annotated[int, ("minimum", 1), ("maximum", 10_000)] = 50
    """Iterations of the solver."""
