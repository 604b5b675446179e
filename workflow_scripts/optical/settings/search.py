"""What can be set of the search."""

from dataclasses import dataclass
from typing import Annotated

from optical.settings.bounds import Positive


@dataclass(frozen=True, kw_only=True)
class Search:
    """Search of the index by the token vectors of a query."""

    depth: Positive = 1000
    """Passages of a run for each query."""

    probes: Positive = 32
    """Centroids of an approximate index that are looked at for each query token."""

    candidates: Positive = 4000
    """Passages of an approximate index whose vectors are scored for each query; at least depth."""

    exact_queries: Annotated[int, ("minimum", 0)] = 50
    """Queries of each run that all passages are scored for too, where the index is approximate, so
    that the table says what it costs."""
