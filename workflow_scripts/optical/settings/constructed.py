"""What can be set of constructed data."""

from dataclasses import dataclass
from typing import Annotated

from optical.settings.bounds import Positive, Seed


@dataclass(frozen=True, kw_only=True)
class Constructed:
    """The small world that constructed data describes."""

    seed: Seed = 1
    """Seed of all constructed data."""

    entities: Annotated[int, ("minimum", 10), ("maximum", 1_000_000)] = 600
    """Number of entities in the world."""

    relations: Annotated[int, ("minimum", 2), ("maximum", 100_000)] = 60
    """Number of relations between entities."""

    zipf: Annotated[float, ("minimum", 0), ("maximum", 3)] = 0.8
    """Exponent of the Zipf distribution of entities and relations."""

    facts_per_passage: Annotated[int, ("minimum", 1), ("maximum", 50)] = 3
    """Facts in a passage, each in a sentence of its own."""

    passages: Positive = 1000
    """Number of passages in the test collection."""

    queries: Positive = 200
    """Number of queries in the test collection."""
