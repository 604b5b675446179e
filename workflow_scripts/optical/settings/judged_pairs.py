"""What can be set of the judged pairs that the method wikiclir is trained on."""

from dataclasses import dataclass, field
from typing import Annotated

from optical.settings.bounds import DISTINCT, Positive


@dataclass(frozen=True, kw_only=True)
class JudgedPairs:
    """Queries in a language and the documents in the pivot that are judged best for them, which
    wikiclir is trained on."""

    sources: Annotated[list[str], DISTINCT] = field(default_factory=list)
    """Where they come from: wikiclir (German sentences, Schamoni et al. 2014), clirmatrix (titles
    in 139 languages, Sun and Duh 2020), largeclir (25 languages, Sasaki et al. 2018, turned round).
    A language has the pairs of the first of them that has it. Where none has it, and without any
    sources, a sentence of the bitext is the query and its translation the document."""

    pairs: Positive | None = None
    """At most this many judged pairs a language; all of them when null."""
