"""What can be set of the judged pairs that the method wikiclir is trained on."""

from dataclasses import dataclass, field
from typing import Annotated

from optical.settings.bounds import DISTINCT, Positive


@dataclass(frozen=True, kw_only=True)
class JudgedPairs:
    """Training data of the method wikiclir: queries in a language, with the documents in the pivot
    that are judged most relevant."""

    sources: Annotated[list[str], DISTINCT] = field(default_factory=list)
    """Sources of the pairs: wikiclir (German sentences, Schamoni et al. 2014), clirmatrix (titles
    in 139 languages, Sun and Duh 2020), largeclir (25 languages, Sasaki et al. 2018, with queries
    and documents exchanged). A language takes its pairs from the first source that has it. If none
    has it, a sentence of the bitext is the query and its translation is the document."""

    pairs: Positive | None = None
    """Largest number of judged pairs for each language; null means all."""
