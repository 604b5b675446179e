"""What can be set of constructed data."""

from dataclasses import dataclass
from typing import Annotated

from optical.settings.bounds import Positive, Seed


@dataclass(frozen=True, kw_only=True)
class Constructed:
    """The world that constructed data tells of."""

    seed: Seed = 1
    """Everything constructed follows from it."""

    entities: Annotated[int, ("minimum", 10), ("maximum", 1_000_000)] = 600
    """Number of things to speak of."""

    relations: Annotated[int, ("minimum", 2), ("maximum", 100_000)] = 60
    """Number of relations between them."""

    zipf: Annotated[float, ("minimum", 0), ("maximum", 3)] = 0.8
    """Exponent of the frequency law."""

    facts_per_passage: Annotated[int, ("minimum", 1), ("maximum", 50)] = 3
    """Sentences in a passage."""

    passages: Positive = 1000
    """Passages of the test collection."""

    queries: Positive = 200
    """Queries of the test collection."""
