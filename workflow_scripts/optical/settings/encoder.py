"""What can be set of an encoder and of its pre-training."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.bounds import ABSENT, Commit, LearningRate, Length, Positive, Seed

LONGEST = 512
"""Tokens that an encoder from scratch can read."""

Architecture = Literal["xlm-roberta", "modernbert", "deberta-v2", "eurobert"]

Folder = Annotated[str, ("minLength", 1)]


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """An encoder: trained from scratch (layers, width, heads, vocabulary), a hub model at a fixed
    revision, or a local folder."""

    learning_rate_scale: Annotated[float, ("exclusiveMinimum", 0), ("maximum", 100)] = 1.0
    """Factor on the learning rate of every stage that trains this encoder. Larger encoders need
    smaller steps."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The shape of an encoder that is trained from scratch."""

    layers: Annotated[int, ("minimum", 1), ("maximum", 100)]
    """Number of transformer layers."""

    width: Annotated[int, ("minimum", 8), ("maximum", 10_000)]
    """Hidden size."""

    heads: Annotated[int, ("minimum", 1), ("maximum", 200)]
    """Number of attention heads, a divisor of the width."""

    vocabulary: Annotated[int, ("minimum", 50), ("maximum", 1_000_000)]
    """Vocabulary size of the tokenizer."""

    architecture: Architecture = "xlm-roberta"
    """Architecture of XLM-R, mmBERT, mDeBERTa or EuroBERT. The tokenizer is of the same kind: a
    unigram model for xlm-roberta and deberta-v2, byte pairs for the others."""


@dataclass(frozen=True, kw_only=True)
class EncoderFromScratch(Encoder, Shape):
    """An encoder that the workflow trains."""

    # Left out, it is that of `Shape`: a default would be filled into encoders of the hub too.
    architecture: Architecture = ABSENT


@dataclass(frozen=True, kw_only=True)
class FromHub:
    """A model of the Hugging Face hub."""

    hub: Annotated[str, ("minLength", 1)]
    """Hugging Face model id, such as FacebookAI/xlm-roberta-base; for a finished teacher, such as
    colbert-ir/colbertv2.0."""

    revision: Commit
    """Commit of the hub model, or a pull request of its page, such as refs/pr/39."""


@dataclass(frozen=True, kw_only=True)
class EncoderFromHub(Encoder, FromHub):
    """An encoder of the Hugging Face hub."""


@dataclass(frozen=True, kw_only=True)
class EncoderFromFolder(Encoder):
    """An encoder of the user's own."""

    folder: Folder
    """Folder of an encoder on this machine."""


@dataclass(frozen=True, kw_only=True)
class Finished(Encoder):
    """A late-interaction model that is used without training: a hub model at a fixed revision, or a
    local folder."""


@dataclass(frozen=True, kw_only=True)
class FinishedFromHub(Finished, FromHub):
    """A finished teacher of the Hugging Face hub."""


@dataclass(frozen=True, kw_only=True)
class FinishedFromFolder(Finished):
    """A finished teacher of the user's own."""

    folder: Folder
    """Folder of a late-interaction model on this machine, saved by PyLate, ColBERT or
    sentence-transformers."""


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """Pre-training of the encoders that are trained from scratch."""

    exponent: Annotated[float, ("minimum", 0), ("maximum", 1)] = 0.3
    """Languages are sampled in proportion to (number of texts) ** exponent."""

    masked: Annotated[float, ("exclusiveMinimum", 0), ("exclusiveMaximum", 1)] = 0.15
    """Share of tokens that are masked."""

    contrast: Annotated[float, ("minimum", 0)] = 0.0
    """Weight of a contrastive loss between translations, added to the masked loss. It gives all
    languages with parallel text one vector space. 0 means none, as in XLM-R."""

    length: Length = 128
    """Largest number of tokens in a text or pair."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Positive = 256
    """Texts or pairs in a batch."""

    learning_rate: LearningRate = 0.0005
    """Peak learning rate."""

    largest_loss: Annotated[float, ("exclusiveMinimum", 0)] = 0.9
    """Largest final loss, as a share of the unigram entropy. An encoder above it is refused,
    because a half-trained encoder is worse than none."""

    seed: Seed = 1
    """Seed of the initial weights and of the sampling."""


@dataclass(frozen=True, kw_only=True)
class PretrainingOfStudy(Pretraining):
    """Pre-training of the encoders that are trained from scratch."""

    text: dict[str, Positive] = field(default_factory=dict)
    """Pre-training languages, and the largest number of texts of each. Their proportions decide
    which languages are high- or low-resource for an encoder from scratch."""
