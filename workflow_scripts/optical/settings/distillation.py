"""What can be set of the distillation of students."""

from dataclasses import dataclass, fields
from typing import Literal

from optical.settings.adaptation import Adaptation
from optical.settings.bounds import ABSENT, LearningRate, Length, Positive
from optical.settings.methods import Distilled
from optical.transport.settings import Ranking, Transport


@dataclass(frozen=True, kw_only=True)
class Distillation(Transport, Ranking, Adaptation):
    """Distillation of the teacher's token vectors from bitext."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Positive = 64
    """Sentence pairs in a batch."""

    batch_tokens: Positive | None = None
    """Padded tokens in a batch, instead of batch_size. Sentences of similar length share a batch.
    Batches of long sentences then need no more memory, and those of short ones little padding."""

    accumulation: Positive = 1
    """Batches in an optimiser step. Several GPUs share them."""

    learning_rate: LearningRate = 0.00002
    """Peak learning rate."""

    length: Length = 64
    """Largest number of tokens in a sentence, special tokens included."""

    pairs: Positive | None = None
    """Largest number of sentence pairs, the first of the bitext; null means all. Vary it for a
    learning curve."""

    cut_pairs: Literal["keep", "leave_out"] = "keep"
    """Whether to keep or leave out pairs with a side that reaches `length` tokens. Such a side may
    be truncated, so its surplus of tokens has no meaning. If pairs are left out, the log counts
    them."""

    marginals: Literal["uniform", "idf"] = "uniform"
    """Weights of the tokens in a sentence: uniform, or idf (inverse document frequency in the
    bitext)."""

    special_tokens: bool = True
    """Whether special tokens (marker, sentence end) have a weight."""


@dataclass(frozen=True, kw_only=True)
class Variant(Distillation):
    """A method that distils, with settings that differ from those of the study. It is a row of its
    own in every table."""

    method: Distilled = ABSENT
    """The method to vary. Leave it out if the name of the variant is that of a method: then these
    are the settings of that method."""


def read_by(method: str) -> list[str]:
    """The settings of the distillation that a method reads."""
    unread = [] if method == "optical" else [field.name for field in fields(Transport)]
    if method == "greedy":
        unread.append("marginals")  # its pairs do not depend on weights
    return [field.name for field in fields(Distillation) if field.name not in unread]
