"""What can be set of the distillation of students."""

from dataclasses import dataclass
from typing import Literal

from optical.settings.bounds import LearningRate, Length, Positive
from optical.transport.settings import Transport


@dataclass(frozen=True, kw_only=True)
class Distillation(Transport):
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

    marginals: Literal["uniform", "idf"] = "uniform"
    """Mass of the tokens of a sentence: uniform, or idf, by their rarity in the bitext."""

    special_tokens: bool = True
    """Whether markers and sentence ends have a mass."""
