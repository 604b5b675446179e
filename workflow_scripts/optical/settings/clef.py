"""What can be set of the test collection clef."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.bounds import DISTINCT

NEWSPAPERS = {"la_times": "LA", "glasgow_herald": "GH"}
"""What the numbers of a newspaper's documents begin with."""


@dataclass(frozen=True, kw_only=True)
class ClefDocuments:
    """The documents of clef."""

    newspapers: Annotated[
        list[Annotated[str, ("enum", list(NEWSPAPERS))]], ("minItems", 1), DISTINCT
    ] = field(default_factory=lambda: list(NEWSPAPERS))
    """What is searched: la_times (Los Angeles Times 1994), glasgow_herald (1995), or both.
    Judgements of other documents, and topics that then have no relevant one, are left out. The
    campaigns of 2000 to 2002 judged the Los Angeles Times alone."""


@dataclass(frozen=True, kw_only=True)
class Clef(ClefDocuments):
    """The test collection clef: what is searched, and what of a topic is the query."""

    query: Literal["title", "title_description"] = "title_description"
    """What of a topic is the query: its title, or title and description."""
