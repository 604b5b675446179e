"""The ranking term: a student ranks the sentences of a batch as its teacher does."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax

from .checks import check_masses
from .settings import Ranking


def ranking_loss(
    source: Tensor,
    target: Tensor,
    source_weights: Tensor,
    target_weights: Tensor,
    *,
    temperature: float = Ranking.temperature,
    check: Callable[[Tensor], object] = check_masses,
) -> Tensor:
    """Divergence of the student's rankings within a batch from the teacher's, a scalar.

    The teacher ranks all pivot sentences p_j of the batch for the pivot sentence p_i, and the
    student for its translation s_i. With n_i tokens in the sentence that ranks:

        mean_i KL(softmax_j(MaxSim(p_i, p_j) / (n_i temperature))
                  || softmax_j(MaxSim(s_i, p_j) / (n_i temperature)))

    source: [B, n, d], target: [B, m, d]; weights: [B, n] and [B, m], where 0 leaves a token out.
    check: called with the tokens of the sentences, [B, 1]. Raises ValueError when one has none.
    Scores within a batch are distilled so in TCT-ColBERT (Lin, Yang and Lin 2021,
    doi 10.18653/v1/2021.repl4nlp-1.17), there of queries and passages.
    """
    source_mask, target_mask = source_weights > 0, target_weights > 0
    logits = []
    for vectors, mask in ((target.detach(), target_mask), (source, source_mask)):
        tokens = mask.sum(dim=1, keepdim=True)
        check(tokens)
        scores = max_sim(vectors, target.detach(), mask, target_mask)
        logits.append(scores / (temperature * tokens))
    wanted, found = (log_softmax(of_side, dim=1) for of_side in logits)
    return kl_div(found, wanted, reduction="batchmean", log_target=True)


def max_sim(queries: Tensor, passages: Tensor, query_mask: Tensor, passage_mask: Tensor) -> Tensor:
    """MaxSim of every query with every passage, [Q, P] float32.

    The sum over the query's tokens of the largest inner product with a token of the passage
    (Khattab and Zaharia 2020, arXiv 2004.12832). queries: [Q, n, d]; passages: [P, m, d]; masks:
    true at tokens that take part.
    """
    tokens = queries.float()[query_mask]
    # Also where a trainer has mixed precision on: a sum of 32 rounded products, times a scale, is
    # off by more than passages differ.
    with torch.autocast(tokens.device.type, enabled=False):
        products = tokens @ passages.float().flatten(0, 1).T
    products = products.view(len(tokens), *passage_mask.shape)
    best = products.masked_fill_(~passage_mask, -torch.inf).amax(dim=2)
    of_query = query_mask.nonzero()[:, 0]
    return best.new_zeros(len(queries), len(passages)).index_add(0, of_query, best)
