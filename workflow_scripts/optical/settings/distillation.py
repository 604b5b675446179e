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
    """Sentence pairs of a batch."""

    batch_tokens: Positive | None = None
    """Padded tokens of a batch, of sentences of like length, in place of batch_size: long batches
    need no more memory, and short ones waste no padding."""

    accumulation: Positive = 1
    """Batches of a step; several GPUs share them."""

    learning_rate: LearningRate = 0.00002
    """Peak learning rate."""

    length: Length = 64
    """Tokens of a sentence, special tokens included."""

    pairs: Positive | None = None
    """At most this many pairs of the bitext, its first; all of them when null. A learning curve
    varies it."""

    cut_pairs: Literal["keep", "leave_out"] = "keep"
    """What becomes of a pair of which a side has length tokens or more, and so may have lost its
    end: its surplus of tokens means nothing. The log counts them."""

    marginals: Literal["uniform", "idf"] = "uniform"
    """Weight of the tokens of a sentence: uniform, or idf, by their rarity in the bitext."""

    special_tokens: bool = True
    """Whether markers and sentence ends have a weight."""


@dataclass(frozen=True, kw_only=True)
class Variant(Distillation):
    """A row of its own in every table: a method that distils, with what it has in place of the
    study's settings of the distillation."""

    method: Distilled = ABSENT
    """The method it is a variant of; left out where the variant's name is that of a method, whose
    own settings it then gives."""


def read_by(method: str) -> list[str]:
    """The settings of the distillation that a method reads."""
    unread = [] if method == "optical" else [field.name for field in fields(Transport)]
    if method == "greedy":
        unread.append("marginals")  # it pairs tokens off, whatever their weight
    return [field.name for field in fields(Distillation) if field.name not in unread]
