"""What can be set of machine translation."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.bounds import Commit, LearningRate, Positive, Seed

TranslatorKind = Literal["m2m100", "nllb", "madlad", "other"]
"""What a translator of the hub is: M2M-100, NLLB or MADLAD-400, of any size, or another."""


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What training and translating share."""

    length: Annotated[int, ("minimum", 8), ("maximum", 1024)] = 96
    """Largest number of tokens in a text, and in its translation."""


@dataclass(frozen=True, kw_only=True)
class Decoding(Texts):
    """How a translator writes."""

    beams: Annotated[int, ("minimum", 1), ("maximum", 64)] = 4
    """Beam size; 1 means greedy decoding."""


@dataclass(frozen=True, kw_only=True)
class TranslatorShape(Texts):
    """The shape of a translator that is made here."""

    layers: Annotated[int, ("minimum", 1), ("maximum", 24)] = 3
    """Number of encoder layers, and of decoder layers."""

    width: Annotated[int, ("minimum", 8), ("maximum", 4096)] = 256
    """Hidden size."""

    heads: Annotated[int, ("minimum", 1), ("maximum", 64)] = 4
    """Number of attention heads, a divisor of the width."""

    vocabulary: Annotated[int, ("minimum", 50), ("maximum", 1_000_000)] = 8000
    """Vocabulary size of the tokenizer of both languages."""


@dataclass(frozen=True, kw_only=True)
class Translator(TranslatorShape):
    """A translator that is trained from scratch."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Positive = 64
    """Sentence pairs in a batch."""

    learning_rate: LearningRate = 0.001
    """Peak learning rate."""

    seed: Seed = 1
    """Seed of the initial weights and of the order of the data."""


@dataclass(frozen=True, kw_only=True)
class Translation(Translator, Decoding):
    """Machine translation for bm25_translated, translate_query and translate_train. The translator
    is a model of the hub, or a small one for each language that is trained on the bitext.
    """

    hub: str | None = None
    """Sequence-to-sequence model of the hub; null means training from scratch. Known models need no
    revision and no codes: facebook/m2m100_418M, facebook/nllb-200-distilled-600M and
    google/madlad400-3b-mt (resources/translators.yaml)."""

    revision: Commit | None = None
    """Commit of the hub model, or a pull request of its page, such as refs/pr/39."""

    codes: dict[str, Annotated[str, ("pattern", "^[A-Za-z_]+$")]] = field(default_factory=dict)
    """Names of the languages in a multilingual hub model, such as sw: swh_Latn (NLLB)."""

    weights: Literal["hub", "random"] = "hub"
    """hub, or random: a small translator with random weights that needs no download. It has the
    architecture, the kind of tokenizer and the language names of the hub model. Its translations
    mean nothing. `scale: tiny` uses it."""
