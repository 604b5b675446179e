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
    """The newspapers to search: la_times (Los Angeles Times 1994), glasgow_herald (1995), or both.
    Judgements of other documents are left out, and so is a topic without a relevant document. The
    campaigns of 2000 to 2002 judged only the Los Angeles Times."""


@dataclass(frozen=True, kw_only=True)
class Clef(ClefDocuments):
    """The test collection clef: its documents, and the part of a topic that is the query."""

    query: Literal["title", "title_description"] = "title_description"
    """The part of a topic that is the query: its title, or title and description."""
