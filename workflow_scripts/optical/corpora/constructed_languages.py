"""The constructed languages, and how each tells a fact. Needs nothing but Python.

Whoever reads a study needs their names, also where no package of this project is installed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How a language renders a fact.

    order: the three parts, as a permutation of "svo". affix: where grammatical marks stand.
    cognates: share of words derived from the pivot's form by a regular sound change.
    """

    order: str
    affix: str
    cognates: float
    consonants: str
    vowels: str


PIVOT = "alba"
LANGUAGES = {
    "alba": Language("svo", "none", 0.0, "bdlmnprst", "aeiou"),
    "bero": Language("svo", "suffix", 0.25, "bdfglmnrv", "aeio"),
    "cilu": Language("sov", "suffix", 0.20, "cklmnpstz", "aiu"),
    "doma": Language("vso", "prefix", 0.25, "bdghjkmnr", "aeou"),
    "ekti": Language("sov", "prefix", 0.20, "fhkpqstxy", "eiu"),
    "fusa": Language("vso", "suffix", 0.15, "bfghjlsvw", "aou"),
    "gano": Language("osv", "suffix", 0.15, "cdgknqrwz", "aio"),
    "hexi": Language("vos", "prefix", 0.20, "hjlmpqvxz", "eio"),
}
