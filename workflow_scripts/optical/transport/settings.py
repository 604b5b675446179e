"""What can be set of the transport, with its bounds and defaults."""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Transport:
    """How the transport plan between two sentences is computed."""

    solver: Literal["sinkhorn", "ipot", "exact"] = "sinkhorn"
    """Solver of optical: sinkhorn (with entropy), ipot (proximal points, no entropy in the limit)
    or exact (slow, for reference)."""

    mass: Literal["unit", "balanced"] = "unit"
    """Which mass is transported. unit: tokens of both sides have masses on one scale. The lighter
    side is transported in full, and the surplus of the heavier side is not. balanced, as in the
    paper: each side has a total mass of 1, so every token of both sides is aligned."""

    epsilon: Annotated[float, ("minimum", 0.001), ("maximum", 10)] = 0.05
    """Weight of the entropy of the plan, or of the proximal term of ipot."""

    epsilon_unit: Literal["cost", "spread"] = "cost"
    """Unit of epsilon: cost, or spread, the standard deviation of the costs of a sentence pair. The
    spread differs between encoders and falls during training."""

    iterations: Annotated[int, ("minimum", 1), ("maximum", 10_000)] = 50
    """Number of iterations of the solver."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The ranking term, which may be added to the loss of the sentence pairs."""

    ranking: Annotated[float, ("minimum", 0), ("maximum", 1000)] = 0.0
    """Weight of the ranking term: the Kullback-Leibler divergence of the student from the teacher,
    of their softmax over MaxSim with all pivot sentences of a batch. 0 means none, as in the
    paper."""

    temperature: Annotated[float, ("minimum", 0.001), ("maximum", 10)] = 0.0625
    """Temperature of the softmax of the ranking term. MaxSim is here a mean over the tokens of a
    sentence, from -1 to 1."""
