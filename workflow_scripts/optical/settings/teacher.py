"""What can be set of the late-interaction model and of the teacher's training."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from optical.settings.bounds import DISTINCT, LearningRate, Length, Positive, Seed


@dataclass(frozen=True, kw_only=True)
class Model:
    """The late-interaction model on top of every encoder."""

    dimension: Annotated[int, ("minimum", 8), ("maximum", 1024)] = 128
    """Length of a token vector."""

    query_length: Length = 32
    """Largest number of tokens in a query, special tokens included."""

    passage_length: Length = 180
    """Largest number of tokens in a passage, special tokens included."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Fine-tuning of the teacher on the training set, with in-batch negatives."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Annotated[int, ("minimum", 2)] = 64
    """Queries in a batch."""

    learning_rate: LearningRate = 0.00002
    """Peak learning rate."""

    scale: Annotated[float, ("exclusiveMinimum", 0)] = 1.0
    """Factor on MaxSim before the softmax (an inverse temperature)."""

    negatives: Annotated[int, ("minimum", 0), ("maximum", 16)] = 0
    """Number of hard negatives of each query, in addition to the passages of the other queries in
    its batch. training_set.negatives is their source."""

    loss: Literal["contrastive", "kl"] = "contrastive"
    """contrastive (the positive against hard negatives and the passages of the batch) or kl
    (Kullback-Leibler divergence from the scores of a cross-encoder for the positive and the hard
    negatives: training_set.scores, or scores.tsv of your own training set)."""

    score_scale: Annotated[float, ("exclusiveMinimum", 0)] = 1.0
    """Loss kl: factor on the scores of the cross-encoder before the softmax. Scores between 0 and 1
    need one, or the softmax is almost flat."""

    accumulation: Positive = 1
    """Batches in an optimiser step. Several GPUs share them."""

    mini_batch: Positive | None = None
    """Queries of a batch that are in memory at once; null means the whole batch. A smaller number
    is slower and gives the same gradient (gradient caching)."""

    seed: Seed = 1
    """Seed of the projection and of the order of the data."""


@dataclass(frozen=True, kw_only=True)
class TeacherOfStudy(Teacher):
    """Fine-tuning of the teacher on the training set, with in-batch negatives."""

    seeds: Annotated[list[Seed], DISTINCT] = field(default_factory=list)
    """Seeds of several teachers for each encoder, instead of seed: one for each seed of the study.
    Confidence intervals then also cover the training of teachers."""
