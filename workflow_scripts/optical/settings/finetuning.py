"""What can be set of the fine-tuning of students."""

from dataclasses import dataclass
from typing import Annotated

from optical.settings.adaptation import Adaptation
from optical.settings.bounds import LearningRate, Positive


@dataclass(frozen=True, kw_only=True)
class Finetuning(Adaptation):
    """Contrastive fine-tuning of a query encoder, by translate_train and wikiclir."""

    steps: Positive = 20_000
    """Optimiser steps."""

    batch_size: Annotated[int, ("minimum", 2)] = 64
    """Queries in a batch."""

    learning_rate: LearningRate = 0.00002
    """Peak learning rate."""
