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
    """Tokens of a query, special tokens included."""

    passage_length: Length = 180
    """Tokens of a passage, special tokens included."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Fine-tuning of the teacher on the training set, with in-batch negatives."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Annotated[int, ("minimum", 2)] = 64
    """Queries a step."""

    learning_rate: LearningRate = 0.00002
    """Peak learning rate."""

    scale: Annotated[float, ("exclusiveMinimum", 0)] = 1.0
    """Factor on MaxSim before the softmax."""

    negatives: Annotated[int, ("minimum", 0), ("maximum", 16)] = 0
    """Hard negatives of each query, beside the passages of the other queries of its batch.
    training_set.negatives says where they come from."""

    loss: Literal["contrastive", "kl"] = "contrastive"
    """contrastive (the positive against hard negatives and the passages of the batch) or kl (the
    scores of a cross-encoder for positive and hard negatives: training_set.scores, or scores.tsv of
    a training set of yours)."""

    score_scale: Annotated[float, ("exclusiveMinimum", 0)] = 1.0
    """Loss kl: factor on the cross-encoder's scores before the softmax. Scores between 0 and 1 say
    little without one."""

    accumulation: Positive = 1
    """Batches of a step; several GPUs share them."""

    mini_batch: Positive | None = None
    """Queries of a batch that are held in memory at once, the whole batch when null. Smaller is
    slower and gives the same gradient (gradient caching)."""

    seed: Seed = 1
    """Seed of the projection and of the order."""


@dataclass(frozen=True, kw_only=True)
class TeacherOfStudy(Teacher):
    """Fine-tuning of the teacher on the training set, with in-batch negatives."""

    seeds: Annotated[list[Seed], DISTINCT] = field(default_factory=list)
    """Seeds of several teachers for each encoder, in place of seed: as many as the study has seeds,
    each of which has a teacher of its own. Then intervals cover the training of teachers too."""
