"""The constructed languages, and how each tells a fact. Needs nothing but Python.

Whoever reads a study needs their names, also where no package of this project is installed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """How a language renders a fact.

    order: the three parts, as a permutation of "svo". affix: how nouns are marked as subject or
    object, which a language without affixes shows by order alone. particles: the kinds of
    grammatical words that it has: an article before a noun, a tense before the verb, a topic mark
    after the first part, a final particle. cognates: share of words derived from the pivot's form
    by a regular sound change.
    """

    order: str
    affix: str
    particles: tuple[str, ...]
    cognates: float
    consonants: str
    vowels: str


PIVOT = "alba"
LANGUAGES = {
    "alba": Language("svo", "none", ("article", "tense"), 0.0, "bdlmnprst", "aeiou"),
    "bero": Language("svo", "suffix", ("article", "tense"), 0.25, "bdfglmnrv", "aeio"),
    "cilu": Language("sov", "suffix", ("tense", "topic", "final"), 0.20, "cklmnpstz", "aiu"),
    "doma": Language("vso", "prefix", ("article",), 0.25, "bdghjkmnr", "aeou"),
    "ekti": Language("sov", "prefix", ("topic", "final"), 0.20, "fhkpqstxy", "eiu"),
    "fusa": Language("vso", "suffix", ("article", "topic"), 0.15, "bfghjlsvw", "aou"),
    "gano": Language("osv", "suffix", ("tense", "final"), 0.15, "cdgknqrwz", "aio"),
    "hexi": Language("vos", "prefix", ("article", "final"), 0.20, "hjlmpqvxz", "eio"),
}
