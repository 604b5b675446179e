"""What can be set of the search."""

from dataclasses import dataclass
from typing import Annotated

from optical.settings.bounds import Positive


@dataclass(frozen=True, kw_only=True)
class Search:
    """Search of the index."""

    depth: Positive = 1000
    """Number of passages in a run for each query. No metric may look deeper."""

    probes: Annotated[int, ("minimum", 2)] = 32
    """Approximate index: number of centroids to look up for each query token. Passages of the
    nearer ones are ranked above those of the last, so there are at least 2."""

    candidates: Positive = 4000
    """Approximate index: number of passages to score for each query. With less than depth, it is
    depth; of texts that are cut into windows, depth times the mean number of windows of a text."""

    exact_queries: Annotated[int, ("minimum", 0)] = 50
    """Approximate index: number of queries of each run to search exactly too. The tables then show
    what the approximation costs."""
