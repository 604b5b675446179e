"""Fine-tuning of a query encoder on (foreign query, passage) pairs, against a frozen teacher.

What a study compares the distillation with: translated training queries, or synthetic judgements.
The passages, and so the index, stay the teacher's.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from optical.retrieval.token_vectors import TokenVectors
from optical.transport.losses import BitextLoss
from optical.transport.ranking import max_sim

QUERY = {"translate_train": "id", "wikiclir": "source"}
"""By method, the column of its pairs that is the same in all pairs of one query. A poor translator
says the same of many queries, so their ids tell; a sentence with two translations has two ids."""


class ContrastiveLoss(BitextLoss):
    """Each query's own passage against those of the other queries of its batch.

    The cross-entropy of the softmax over `scale` times MaxSim, as the teacher is trained; only the
    query side has a gradient.
    """

    def __init__(self, *arguments, scale: float, **more) -> None:
        super().__init__(*arguments, **more)
        self.scale = scale

    def pair_losses(
        self, source: Tensor, target: Tensor, source_weights: Tensor, target_weights: Tensor
    ) -> Tensor:
        """[B], from query vectors [B, n, d], passage vectors [B, m, d] and tokens' weights."""
        scores = self.scale * max_sim(source, target, source_weights > 0, target_weights > 0)
        own = torch.arange(len(scores), device=scores.device)
        return cross_entropy(scores, own, reduction="none")


def shared_sides(
    queries: Sequence[str], rows: Sequence[int], passages: TokenVectors
) -> list[tuple[int, int]]:
    """For each pair its query and its passage, as hashes, for `optical.training.batches.Batches`.

    Two pairs that share one do not belong into one batch: of a query with two relevant passages, or
    a passage that answers two queries, each would be the other's false negative.

    queries: what makes the query of each pair this one, see `QUERY`. rows: of its passage.
    """
    return [
        (hash(query), hash(passages.ids(row).tobytes()))
        for query, row in zip(queries, rows, strict=True)
    ]
