"""Losses that distil a teacher's token vectors into a student query encoder from bitext.

They are sentence-transformers losses: modules called with (features, labels). The features are
the student's side of a batch of sentence pairs; the labels are the rows of the teacher's vectors.
"""

from collections.abc import Iterable

import torch
from sentence_transformers import MultiVectorEncoder
from torch import Tensor, nn

from optical.token_vectors import TokenVectors
from optical.transport import cosine_cost, marginals, transport_loss, transport_plan


class OptimalTransportLoss(nn.Module):
    """Mean cost of moving the student's token vectors onto the teacher's.

    For each sentence pair the plan is the entropic transport between the student's tokens of the
    foreign side and the teacher's tokens of the pivot side, and the loss is the Frobenius product
    of that plan and the cost, 1 - cosine (OPTICAL, arXiv 2301.12566). The plan has no gradient.

    Args:
        model: the student; its query side is trained.
        targets: the teacher's vectors of the pivot side; labels name their rows.
        epsilon: weight of the entropy, in units of the cost.
        iterations: Sinkhorn iterations.
        source_weights: [student's vocabulary], weight of a token in its sentence's marginal;
            uniform when None.
        target_weights: [teacher's vocabulary], the same for the teacher's tokens.
    """

    def __init__(
        self,
        model: MultiVectorEncoder,
        targets: TokenVectors,
        *,
        epsilon: float,
        iterations: int,
        source_weights: Tensor | None = None,
        target_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.targets = targets
        self.epsilon = epsilon
        self.iterations = iterations
        self.register_buffer("source_weights", source_weights, persistent=False)
        self.register_buffer("target_weights", target_weights, persistent=False)

    def forward(self, features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """features: one column, the foreign side; labels: [B] rows. Returns the mean loss."""
        (source,) = features
        output = self.model(dict(source), task="query")
        source_mass = token_mass(
            output["attention_mask"].bool(), source["input_ids"], self.source_weights
        )
        vectors, tokens, mask = (
            torch.from_numpy(array).to(labels.device)
            for array in self.targets.padded(labels.tolist())
        )
        target_mass = token_mass(mask, tokens, self.target_weights)
        cost = cosine_cost(output["token_embeddings"], vectors)
        plan = transport_plan(
            cost, source_mass, target_mass, epsilon=self.epsilon, iterations=self.iterations
        )
        return transport_loss(cost, plan).mean()


def token_mass(mask: Tensor, tokens: Tensor, weights: Tensor | None) -> Tensor:
    """The marginals of sentences, [B, n], from the weights of their tokens, if any."""
    return marginals(mask, None if weights is None else weights[tokens])


def idf_weights(documents: Iterable[Iterable[int]], vocabulary: int) -> Tensor:
    """Inverse document frequency of each token id, [vocabulary], at least one.

    1 + ln((1 + N) / (1 + n)) for a token in n of N sentences, the smoothed form of scikit-learn:
    a token of every sentence, such as a marker, weighs 1, and none weighs nothing.
    """
    counts = torch.zeros(vocabulary)
    number = 0
    for tokens in documents:
        counts[torch.tensor(sorted(set(tokens)), dtype=torch.long)] += 1
        number += 1
    return 1 + torch.log((1 + number) / (1 + counts))
