"""What can be set of the transport, with its bounds and defaults."""

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, kw_only=True)
class Transport:
    """How the transport plan between two sentences is found."""

    solver: Literal["sinkhorn", "ipot", "exact"] = "sinkhorn"
    """How optical finds the plan: sinkhorn (with entropy), ipot (proximal points, without) or exact
    (slow, for reference)."""

    mass: Literal["unit", "balanced"] = "unit"
    """How much of a sentence is transported. unit: tokens of both sides have masses on one scale,
    the lighter side travels whole and the surplus of the heavier stays. balanced, as in the
    paper: each side has a mass of 1, so that every token of both is matched."""

    epsilon: Annotated[float, ("minimum", 0.001), ("maximum", 10)] = 0.05
    """Weight of the plan's entropy, or of ipot's proximal term."""

    epsilon_unit: Literal["cost", "spread"] = "cost"
    """What epsilon is measured in: the cost, or the standard deviation of the costs of a sentence
    pair, which differs between encoders and falls as a student learns."""

    iterations: Annotated[int, ("minimum", 1), ("maximum", 10_000)] = 50
    """Iterations of the solver."""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The ranking term that a loss may have beside that of its sentence pairs."""

    ranking: Annotated[float, ("minimum", 0), ("maximum", 1000)] = 0.0
    """Weight of the ranking term: the Kullback-Leibler divergence between the teacher's and the
    student's softmax over MaxSim with all pivot sentences of a batch. 0 is none, as in the
    paper."""

    temperature: Annotated[float, ("minimum", 0.001), ("maximum", 10)] = 0.0625
    """Temperature of the ranking term's softmax; MaxSim is a mean over the tokens of a sentence,
    -1 to 1."""
