"""Optimal transport between the tokens of sentence pairs, in batches with padding.

A batch holds B problems of at most n source and m target tokens. `cost` is [B, n, m]; the
marginals are [B, n] and [B, m], zero at padding, and sum to one in each row.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def cosine_cost(source: Tensor, target: Tensor) -> Tensor:
    """1 - cosine between all token pairs, in float32.

    source: [B, n, d], target: [B, m, d]; returns [B, n, m] in [0, 2].
    """
    source = normalize(source.float(), dim=-1)
    target = normalize(target.float(), dim=-1)
    return 1 - source @ target.transpose(1, 2)


def marginals(mask: Tensor, weights: Tensor | None = None) -> Tensor:
    """Each token's share of its sentence's mass: uniform, or in proportion to `weights`.

    mask: [B, n], true at the tokens that take part; weights: [B, n], positive. Returns [B, n]
    float32, zero where the mask is false. Raises ValueError when a sentence has no token.
    """
    mass = mask.float() if weights is None else mask * weights.float()
    total = mass.sum(dim=1, keepdim=True)
    if (total <= 0).any():
        row = int((total.squeeze(1) <= 0).nonzero()[0])
        raise ValueError(f"sentence {row} of the batch has no token to transport")
    return mass / total


@torch.no_grad()
def transport_plan(
    cost: Tensor, source: Tensor, target: Tensor, *, epsilon: float, iterations: int
) -> Tensor:
    """The entropic transport plan of each problem, by Sinkhorn iterations in the log domain.

    Minimises <plan, cost> - epsilon * entropy(plan) over the plans whose row sums are `source`
    and column sums are `target` (Cuturi 2013, arXiv 1306.0895). The log domain stays finite
    where exp(-cost / epsilon) would underflow (Peyré and Cuturi 2019, section 4.4).

    cost: [B, n, m], source: [B, n], target: [B, m]; returns [B, n, m] float32 without gradient.
    Column sums are exact, row sums as near as the fixed number of iterations brings them.
    Raises ValueError for a cost that is not finite.
    """
    if not torch.isfinite(cost).all():
        raise ValueError("the cost matrix holds a value that is not finite")
    score = cost.float() / -epsilon
    log_source, log_target = source.log(), target.log()  # -inf at padding: no mass goes there
    column = torch.where(target > 0, 0.0, -torch.inf)
    for _ in range(iterations):
        row = log_source - torch.logsumexp(score + column[:, None, :], dim=2)
        column = log_target - torch.logsumexp(score + row[:, :, None], dim=1)
    return (score + row[:, :, None] + column[:, None, :]).exp()


def transport_loss(cost: Tensor, plan: Tensor) -> Tensor:
    """Frobenius product of plan and cost, [B]. The plan is held, so its gradient is the plan."""
    return (plan.detach() * cost).sum(dim=(1, 2))
