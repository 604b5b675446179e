"""Losses that distil a teacher's token vectors into a student query encoder from bitext.

They are sentence-transformers losses: modules called with (features, labels). The first column of
the features is the student's side of a batch of sentence pairs. The teacher's side is either the
second column, read by a `teacher`, or rows of vectors that were stored beforehand, `targets`, which
the labels name. A collator may have read them already: then the second column has them, as
`token_embeddings`. They need nothing of this project but `optical.transport.solvers`; in use:

    examples/distil_with_sentence_transformers.py
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from sentence_transformers import MultiVectorEncoder
from torch import Tensor, nn

from .checks import Checks
from .ranking import ranking_loss
from .settings import Ranking, Transport
from .solvers import (
    check_settings,
    cosine_cost,
    greedy_alignment,
    marginals,
    squared_distance,
    transport_loss,
    transport_plan,
)


class Targets(Protocol):
    """The teacher's token vectors of many sentences, read by row."""

    def padded(self, rows: Iterable[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vectors, float32 [B, m, d], token ids, int64 [B, m], and mask, bool [B, m]."""


class BitextLoss(nn.Module):
    """What the losses share: the two sides of sentence pairs, as token vectors and their mass.

    Args:
        model: the student; its query side is trained.
        teacher: a frozen model that reads the second column. It has the student's tokenizer. If it
            expands queries, `router_mapping` of the training arguments has to say that both columns
            are queries; else the trainer fills none up in the second.
        targets: in its place, the stored vectors whose rows the labels name.
        source_weights: [student's vocabulary], weight of a token in its sentence's mass; uniform
            when None. A token of weight 0 takes no part.
        target_weights: [teacher's vocabulary], the same for the teacher's tokens.
        ranking: weight of the ranking term, see `ranking_loss`, beside the loss of the pairs. With
            one sentence in a batch it is 0.
        temperature: of the ranking term.

    What has no plan raises ValueError, for which each step waits for its GPU. With `checks.later`
    set to true it raises in `checks.look()`, to be called where one waits anyway.

    Raises:
        ValueError: for both or neither of `teacher` and `targets`, for a teacher that is the
            student itself or has another tokenizer; in use, for targets without labels.
    """

    def __init__(
        self,
        model: MultiVectorEncoder,
        teacher: MultiVectorEncoder | None = None,
        targets: Targets | None = None,
        *,
        source_weights: Tensor | None = None,
        target_weights: Tensor | None = None,
        ranking: float = Ranking.ranking,
        temperature: float = Ranking.temperature,
    ) -> None:
        super().__init__()
        if not (0 <= ranking < math.inf and 0 < temperature < math.inf):
            raise ValueError(
                f"ranking {ranking} and temperature {temperature}, expected a weight of 0 or more "
                "and a temperature above 0"
            )
        if (teacher is None) == (targets is None):
            raise ValueError("expected a teacher or its stored targets, one of the two")
        if teacher is model:
            raise ValueError("teacher and student are one model: load it twice, or copy it")
        if teacher is not None and teacher.tokenizer.get_vocab() != model.tokenizer.get_vocab():
            raise ValueError(
                "teacher and student have different tokenizers: store the teacher's vectors and "
                "pass them as targets"
            )
        self.model = model
        # In a list, so that the teacher is neither trained nor saved as a part of the loss.
        self.teacher = [] if teacher is None else [teacher.eval().requires_grad_(False)]
        self.targets = targets
        self.checks = Checks()
        self.ranking, self.temperature = ranking, temperature
        self.register_buffer("source_weights", source_weights, persistent=False)
        self.register_buffer("target_weights", target_weights, persistent=False)

    def forward(
        self, features: Iterable[dict[str, Tensor]], labels: Tensor | None = None
    ) -> Tensor:
        """The mean loss of a batch. labels: [B] rows of the targets."""
        source, *target = features
        output = self.model(dict(source), task="query")
        source_weights = token_weights(
            output["attention_mask"].bool(), source["input_ids"], self.source_weights
        )
        vectors, tokens, mask = self.teacher_side(target, labels, source_weights.device)
        target_weights = token_weights(mask, tokens, self.target_weights)
        sides = (output["token_embeddings"], vectors, source_weights, target_weights)
        loss = self.pair_losses(*sides).mean()
        if not self.ranking:
            return loss
        term = ranking_loss(*sides, temperature=self.temperature, check=self.checks.masses)
        return loss + self.ranking * term

    @torch.no_grad()
    def teacher_side(
        self, columns: Sequence[dict[str, Tensor]], labels: Tensor | None, device: torch.device
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The teacher's vectors [B, m, d], token ids [B, m] and mask [B, m] of a batch."""
        if columns and "token_embeddings" in columns[0]:
            (target,) = columns
            return target["token_embeddings"], target["input_ids"], target["attention_mask"]
        if self.targets is not None:
            if labels is None:
                raise ValueError("no labels, which say the rows of the targets")
            arrays = self.targets.padded(labels.tolist())
            vectors, tokens, mask = (torch.from_numpy(array).to(device) for array in arrays)
            return vectors, tokens, mask
        (target,) = columns
        (teacher,) = self.teacher
        output = teacher.to(device)(dict(target), task="query")
        return output["token_embeddings"], target["input_ids"], output["attention_mask"].bool()

    def pair_losses(
        self, source: Tensor, target: Tensor, source_weights: Tensor, target_weights: Tensor
    ) -> Tensor:
        """The loss of each pair, [B], from vectors [B, n, d], [B, m, d] and tokens' weights."""
        raise NotImplementedError


class OptimalTransportLoss(BitextLoss):
    """Mean cost of moving the student's token vectors onto the teacher's.

    For each sentence pair, the plan transports the student's tokens of the foreign side to the
    teacher's tokens of the pivot side. The loss is the Frobenius product of the plan and the cost,
    which is 1 - cosine (OPTICAL, Huang, Yu and Allan 2023, arXiv 2301.12566). The plan has no
    gradient.

    Args:
        solver: "sinkhorn", "ipot" or "exact".
        mass: "unit", where the surplus of the longer side stays, or "balanced", as in the paper;
            see `optical.transport.solvers`.
        epsilon: weight of the entropy (sinkhorn) or of the proximal term (ipot).
        epsilon_unit: what epsilon is measured in, "cost" or "spread", the standard deviation of the
            costs of a sentence pair.
        iterations: iterations of the solver.

    The other arguments, and errors, are those of `BitextLoss`.

    Example:
        >>> query = {"task": "query", "prompt": student.prompts["query"]}
        >>> source = student.preprocess(["un gato", "el perro"], **query)
        >>> target = teacher.preprocess(["a cat", "the dog"], **query)
        >>> OptimalTransportLoss(student, teacher)([source, target]).item() > 0
        True
    """

    def __init__(
        self,
        model: MultiVectorEncoder,
        teacher: MultiVectorEncoder | None = None,
        targets: Targets | None = None,
        *,
        solver: str = Transport.solver,
        mass: str = Transport.mass,
        epsilon: float = Transport.epsilon,
        epsilon_unit: str = Transport.epsilon_unit,
        iterations: int = Transport.iterations,
        **sides,
    ) -> None:
        super().__init__(model, teacher, targets, **sides)
        check_settings(solver, mass, epsilon, epsilon_unit, iterations)
        self.settings: dict[str, Any] = {"solver": solver, "mass": mass, "iterations": iterations}
        self.settings |= {"epsilon": epsilon, "epsilon_unit": epsilon_unit}

    def pair_losses(
        self, source: Tensor, target: Tensor, source_weights: Tensor, target_weights: Tensor
    ) -> Tensor:
        """Cost of the plan of each pair, [B]."""
        cost = cosine_cost(source, target)
        plan = transport_plan(
            cost, source_weights, target_weights, check=self.checks.problems, **self.settings
        )
        return transport_loss(cost, plan)


class GreedyAlignmentLoss(BitextLoss):
    """Mean squared distance of greedily aligned tokens: a control for the transport.

    Repeatedly the nearest two tokens by cosine, one of each side, are paired and leave, until one
    side is used up (DR.DECR, Li et al. 2021, arXiv 2112.08185). Each pair of tokens weighs the
    same; weights decide only which tokens take part.

    Example:
        >>> query = {"task": "query", "prompt": student.prompts["query"]}
        >>> source = student.preprocess(["un gato", "el perro"], **query)
        >>> target = teacher.preprocess(["a cat", "the dog"], **query)
        >>> GreedyAlignmentLoss(student, teacher)([source, target]).item() > 0
        True
    """

    def pair_losses(
        self, source: Tensor, target: Tensor, source_weights: Tensor, target_weights: Tensor
    ) -> Tensor:
        """Mean squared distance over the paired tokens of each sentence pair, [B]."""
        plan = greedy_alignment(
            cosine_cost(source, target), source_weights, target_weights, check=self.checks.problems
        )
        return transport_loss(squared_distance(source, target), plan)


class SentenceLoss(BitextLoss):
    """Squared distance of the two sentences' mean vectors: a control without any alignment.

    Means are weighted by the mass of the tokens. With uniform mass, this is the loss of Reimers and
    Gurevych 2020, arXiv 2004.09813, up to a factor: theirs is a mean over the dimensions.

    Example:
        >>> query = {"task": "query", "prompt": student.prompts["query"]}
        >>> source = student.preprocess(["un gato", "el perro"], **query)
        >>> target = teacher.preprocess(["a cat", "the dog"], **query)
        >>> SentenceLoss(student, teacher)([source, target]).item() > 0
        True
    """

    def pair_losses(
        self, source: Tensor, target: Tensor, source_weights: Tensor, target_weights: Tensor
    ) -> Tensor:
        """Squared distance of each sentence pair, [B]."""
        source, target = (
            (vectors.float() * shares[..., None]).sum(dim=1)
            for vectors, shares in (
                (vectors, marginals(weights > 0, weights, check=self.checks.masses))
                for vectors, weights in ((source, source_weights), (target, target_weights))
            )
        )
        return (source - target).square().sum(dim=1)


def token_weights(mask: Tensor, tokens: Tensor, weights: Tensor | None) -> Tensor:
    """The weight of each token of sentences, [B, n], 0 at padding; all are alike without weights.

    mask: [B, n]; tokens: ids, [B, n]; weights: [vocabulary].
    """
    return mask.float() if weights is None else mask * weights[tokens]


def idf_weights(documents: Iterable[Iterable[int]], vocabulary: int) -> Tensor:
    """Inverse document frequency of each token id, [vocabulary], at least one.

    1 + ln((1 + N) / (1 + n)) for a token in n of N sentences, the smoothed form of scikit-learn. A
    token of every sentence, such as a marker, has weight 1. No token has weight 0.
    """
    # Added one by one in float32, counts would stop at 16,777,216.
    counts = torch.zeros(vocabulary, dtype=torch.float64)
    number = 0
    for tokens in documents:
        counts[torch.tensor(sorted(set(tokens)), dtype=torch.long)] += 1
        number += 1
    return 1 + torch.log((1 + number) / (1 + counts.float()))
