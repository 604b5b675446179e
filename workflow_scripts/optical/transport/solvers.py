"""Optimal transport between the tokens of sentence pairs, in batches with padding.

A batch holds B problems of at most n source and m target tokens. `cost` is [B, n, m]; `source` and
`target` are the weights of the tokens, [B, n] and [B, m], zero at padding. Plans are [B, n, m], in
float32 (float64 for float64 costs), sum to one in each problem, and carry no gradient.

With weights w and v, a plan P >= 0 minimises <P, cost> subject to

- balanced mass: P 1 = w / sum(w) and P' 1 = v / sum(v). Every token is matched, so where one
  side is heavier, some of its mass goes to wrong tokens.
- unit mass: P 1 <= w / s and P' 1 <= v / s, with s = max(sum(w), sum(v)), and the total mass of P
  is that of the lighter side, min(sum(w), sum(v)) / s. That is a partial transport problem
  (Caffarelli and McCann 2010, doi 10.4007/annals.2010.171.673). It becomes a balanced one with a
  dummy token on the lighter side, of cost 0, that takes the surplus of the heavier side (Chapel,
  Alaya and Gasso 2020, arXiv 2002.08276). The plan between the real tokens is divided by its
  sum. Where both sides weigh the same, it is the balanced problem.

`sinkhorn` takes away epsilon times the entropy of the balanced problem, with its dummy token.
"""

import logging
import math
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import get_args, get_type_hints

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize, pad

from .checks import check_masses, check_problems, working_dtype
from .settings import Transport

logger = logging.getLogger(__name__)


def cosine_cost(source: Tensor, target: Tensor) -> Tensor:
    """1 - cosine between all token pairs, in float32 (float64 for float64 vectors).

    source: [B, n, d], target: [B, m, d]; returns [B, n, m] in [0, 2].
    """
    dtype = working_dtype(source)
    source = normalize(source.to(dtype), dim=-1)
    target = normalize(target.to(dtype), dim=-1)
    return 1 - products(source, target)


def squared_distance(source: Tensor, target: Tensor) -> Tensor:
    """Squared Euclidean distance of all token pairs, shapes and precision as in `cosine_cost`."""
    dtype = working_dtype(source)
    source, target = source.to(dtype), target.to(dtype)
    norms = source.square().sum(dim=-1)[:, :, None] + target.square().sum(dim=-1)[:, None, :]
    return norms - 2 * products(source, target)


def products(source: Tensor, target: Tensor) -> Tensor:
    """Inner products of all token pairs, [B, n, m], in the precision of the vectors.

    Also where a trainer has mixed precision on: a cost rounded to bfloat16 is no better than .004.
    """
    with torch.autocast(source.device.type, enabled=False):
        return source @ target.transpose(1, 2)


def marginals(
    mask: Tensor,
    weights: Tensor | None = None,
    *,
    check: Callable[[Tensor], object] = check_masses,
) -> Tensor:
    """Each token's share of its sentence's mass: uniform, or in proportion to `weights`.

    mask: [B, n], true at the tokens that take part; weights: [B, n], not negative. Returns [B, n]
    float32, zero where the mask is false. check: called with the masses of the sentences, [B, 1],
    NaN where a weight is negative. Raises ValueError when a sentence has no mass, or weights that
    are none.
    """
    mass = mask.float() if weights is None else mask * weights.float()
    total = mass.sum(dim=1, keepdim=True)
    check(torch.where((mass >= 0).all(dim=1, keepdim=True), total, torch.nan))
    return mass / total


@torch.no_grad()
def transport_plan(
    cost: Tensor,
    source: Tensor,
    target: Tensor,
    *,
    solver: str = Transport.solver,
    mass: str = Transport.mass,
    epsilon: float = Transport.epsilon,
    epsilon_unit: str = Transport.epsilon_unit,
    iterations: int = Transport.iterations,
    check: Callable[[Tensor, Tensor, Tensor], object] = check_problems,
) -> Tensor:
    """The plans of a batch by one of `SOLVERS`: "sinkhorn", "ipot" or "exact".

    source, target: weights of the tokens, such as a mask. mass: "unit" or "balanced", see above.
    epsilon and iterations: those of the solver; "exact" has neither. epsilon_unit: "cost", or
    "spread" for the standard deviation of the costs of each problem. check: called with the cost
    and the weights; `Checks` has one that does not wait for a GPU. Raises ValueError for a cost
    that is not finite and for weights that are no masses, naming the problem, and for settings
    that no solver has.
    """
    check_settings(solver, mass, epsilon, epsilon_unit, iterations)
    if solver == "exact":
        check = check_problems  # it runs on the CPU, and what has no plan may have no end there
    check(cost, source, target)
    dtype = working_dtype(cost)
    cost, source, target = cost.to(dtype), source.to(dtype), target.to(dtype)
    if epsilon_unit == "spread":
        cost = cost / spread(cost, source, target)
    totals = [weights.sum(dim=1, keepdim=True) for weights in (source, target)]
    # Where both sides weigh the same, unit masses are balanced ones. Only a CPU tells for free.
    partial = mass == "unit" and (cost.is_cuda or not torch.equal(*totals))
    if partial:
        totals = [torch.maximum(*totals)] * 2
    source, target = source / totals[0], target / totals[1]
    _, n, m = cost.shape
    fused = fused_kernel(cost.device) if solver == "sinkhorn" and cost.is_cuda else None
    if fused and fused.fits(cost, partial):
        score = scores(cost, source, target, epsilon)
        plan = fused.sinkhorn(score, source, target, iterations, partial)
    else:
        problem = with_dummies(cost, source, target) if partial else (cost, source, target)
        plan = SOLVERS[solver](*problem, epsilon=epsilon, iterations=iterations)[:, :n, :m]
        if partial:  # without what the dummies took
            real = [(mass > 0).to(plan.dtype) for mass in (source, target)]
            plan = plan * real[0].unsqueeze(2) * real[1].unsqueeze(1)
    return plan.div_(plan.sum(dim=(1, 2), keepdim=True)) if partial else plan


def transport_loss(cost: Tensor, plan: Tensor) -> Tensor:
    """Frobenius product of plan and cost, [B]. The plan is held, so its gradient is the plan."""
    return (plan.detach() * cost).sum(dim=(1, 2))


@torch.no_grad()
def greedy_alignment(
    cost: Tensor,
    source: Tensor,
    target: Tensor,
    *,
    check: Callable[[Tensor, Tensor, Tensor], object] = check_problems,
) -> Tensor:
    """Pairs of tokens made one by one, the least cost first; no token is paired twice.

    cost: [B, n, m], source and target: masks [B, n] and [B, m]. Returns [B, n, m], 1 / pairs of the
    problem where two tokens are paired. The control of DR.DECR (arXiv 2112.08185), not a transport:
    tokens of the longer side are left over. Of equal costs the first in reading order counts.
    check: as for `transport_plan`. Raises ValueError for a cost that is not finite and for a
    sentence without a token.
    """
    check(cost, source, target)
    problems, n, m = cost.shape
    source, target = source > 0, target > 0
    # A copy, as a matrix a problem: rows and columns that are used up become infinite.
    left = torch.where(source[:, :, None] & target[:, None, :], cost, torch.inf)
    plan = torch.zeros_like(left)
    each = torch.arange(problems, device=cost.device)
    for _ in range(min(n, m)):
        least, place = left.flatten(1).min(dim=1)
        row, column = place // m, place % m
        # Where nothing is left, the place is a matter of chance, and nothing is added to it.
        plan[each, row, column] += least.isfinite()
        left[each, row, :] = torch.inf
        left[each, :, column] = torch.inf
    return plan / plan.sum(dim=(1, 2), keepdim=True)


# --- solvers, called with balanced problems that were checked ------------------------------------


def sinkhorn(
    cost: Tensor, source: Tensor, target: Tensor, *, epsilon: float, iterations: int
) -> Tensor:
    """Entropic plans: minimal <plan, cost> - epsilon * entropy(plan), after `iterations`.

    Sinkhorn's scaling (Cuturi 2013, arXiv 1306.0895) in the kernel domain. The kernel is rebuilt
    from the potentials before a factor can leave the range of floats (Schmitzer 2019,
    arXiv 1610.06519, section 3). So it is as safe as the log domain at a fraction of its
    exponentials. On a CUDA device `transport_plan` has one fused kernel do all iterations of a
    problem, where it can be compiled.

    Column sums are exact, row sums as near as the iterations bring them.
    """
    score = scores(cost, source, target, epsilon)
    potential = torch.zeros_like(target)
    block = safe_block(cost, source, target, epsilon)
    while iterations > block:
        _, potential = scale(score, potential, source, target, block)
        iterations -= block
    return scale(score, potential, source, target, iterations)[0]


def ipot(
    cost: Tensor, source: Tensor, target: Tensor, *, epsilon: float, iterations: int
) -> Tensor:
    """Plans without regularisation, by inexact proximal points (Xie et al. 2020, arXiv 1802.04307).

    Each iteration is one scaling towards the plan nearest to the last one, in Kullback-Leibler
    divergence weighted by epsilon, so that the entropy's weight falls as epsilon / iterations. It
    begins at the factors of the one before, as in the paper, which speeds it up like momentum.
    """
    score = scores(cost, source, target, epsilon)
    potential = step = torch.zeros_like(target)
    for iteration in range(1, iterations + 1):
        before = potential
        plan, potential = scale(score * iteration, before + step, source, target, 1)
        step = potential - before
    return plan


def exact(
    cost: Tensor, source: Tensor, target: Tensor, *, epsilon: float = 0.0, iterations: int = 0
) -> Tensor:
    """Plans of least cost by POT's network simplex, problem by problem on the CPU: the reference.

    epsilon and iterations are there for the sake of the other solvers, and not used.
    """
    import ot  # seconds, and only this solver needs it

    costs, sources, targets = (tensor.double().cpu().numpy() for tensor in (cost, source, target))
    plans = np.zeros_like(costs)
    for plan, matrix, left, right in zip(plans, costs, sources, targets, strict=True):
        rows, columns = left > 0, right > 0
        real = np.ix_(rows, columns)
        left, right = left[rows], right[columns]
        plan[real] = ot.emd(left / left.sum(), right / right.sum(), matrix[real])
    return torch.from_numpy(plans).to(cost)


# The log of a kernel entry that stands for nothing. Its products with masses and factors are still
# normal numbers in float32, whose own end is at e^-87.
FAINT = -64.0

KINDS = get_type_hints(Transport)
MASSES, UNITS = get_args(KINDS["mass"]), get_args(KINDS["epsilon_unit"])
SOLVERS: dict[str, Callable[..., Tensor]] = {"sinkhorn": sinkhorn, "ipot": ipot, "exact": exact}


# --- what they share -----------------------------------------------------------------------------


def spread(cost: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The standard deviation of the costs between the tokens of each problem, [B, 1, 1].

    1 where all costs are the same, so that nothing is divided by 0.
    """
    real = (source[:, :, None] > 0) & (target[:, None, :] > 0)
    number = real.sum(dim=(1, 2), keepdim=True)
    mean = (cost * real).sum(dim=(1, 2), keepdim=True) / number
    variance = ((cost - mean).square() * real).sum(dim=(1, 2), keepdim=True) / number
    # Below the rounding of the costs themselves there is no spread.
    rounding = 8 * torch.finfo(cost.dtype).eps * mean
    return torch.where(variance > rounding.square(), variance, 1.0).sqrt()


def with_dummies(cost: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The balanced problems of partial ones, with a dummy token on the lighter side of each.

    Its mass is what the other side has more. It costs nothing; another constant would move no mass,
    since the dummy's is fixed. It stands where the side has no token, mostly padding; the batch
    grows by one only where a side has no such place: an odd size is slow on a CPU.
    """
    totals = [mass.sum(dim=1, keepdim=True) for mass in (source, target)]
    most = torch.maximum(*totals)
    masses = []
    for side, (mass, total) in enumerate(zip((source, target), totals, strict=True), start=1):
        # What is left of two equal sums is rounding, and no mass.
        surplus = torch.where(most - total > 1e-6, most - total, 0.0)
        if ((surplus > 0) & (mass > 0).all(dim=1, keepdim=True)).any():
            mass = pad(mass, (0, 1))
            cost = pad(cost, (0, 0, 0, 1) if side == 1 else (0, 1))
        place = (mass == 0).byte().argmax(dim=1, keepdim=True)
        dummy = torch.zeros_like(mass).scatter_(1, place, surplus)
        masses.append(mass + dummy)
        # A product of floats is several times as fast as filling where a mask is true.
        cost = cost * (dummy == 0).to(cost.dtype).unsqueeze(3 - side)
    return cost, *masses


def scores(cost: Tensor, source: Tensor, target: Tensor, epsilon: float) -> Tensor:
    """-cost / epsilon, [B, n, m], minus infinity where there is no token."""
    rows, columns = (torch.where(mass > 0, 0.0, -torch.inf) for mass in (source, target))
    return (cost / -epsilon).add_(rows[:, :, None]).add_(columns[:, None, :])


def scale(
    score: Tensor, potential: Tensor, source: Tensor, target: Tensor, iterations: int
) -> tuple[Tensor, Tensor]:
    """Sinkhorn iterations in the kernel domain, begun at the columns' log potential [B, m].

    The kernel has a 1 in each row and column and nothing above, so that no sum can vanish; what
    that takes away from a column, the column's factor begins with. Returns the plan and the
    columns' new potential.
    """
    least = torch.finfo(score.dtype).min  # in place of the -inf of padding, whose difference is NaN
    kernel = score + potential[:, None, :]
    kernel -= kernel.amax(dim=2, keepdim=True).clamp_(min=least)
    shift = kernel.amax(dim=1, keepdim=True).clamp_(min=least)
    # Not below FAINT: denormal numbers would slow every product down.
    kernel = kernel.sub_(shift).clamp_(min=FAINT).exp_()
    # Vectors stand on the left of both products: that side is the fast one for small matrices.
    transposed = kernel.transpose(1, 2).contiguous()
    source, target = source[:, None, :], target[:, None, :]
    column = shift.clamp(min=FAINT).exp_()
    for _ in range(iterations):
        row = source / torch.bmm(column, transposed)
        column = target / torch.bmm(row, kernel)
    plan = kernel.mul_(row.transpose(1, 2)).mul_(column)
    potential = potential + (column.log_() - shift).squeeze(1)
    return plan, potential.masked_fill_(target.squeeze(1) == 0, 0.0)


def safe_block(cost: Tensor, source: Tensor, target: Tensor, epsilon: float) -> int:
    """How many iterations may pass before the kernel is rebuilt.

    Any number where no entry is faint. Elsewhere as many as keep the product of a row's and a
    column's factor below e^35, so that a faint entry still counts for nothing: in one iteration
    neither grows by more than 1 / the smallest mass.
    """
    low, high = cost.aminmax()
    if (high - low) / epsilon <= -FAINT:
        return sys.maxsize
    least = min(torch.where(mass > 0, mass, 1.0).amin().item() for mass in (source, target))
    return max(1, int(17 / max(-math.log(least), 1.0)))


def check_settings(
    solver: str, mass: str, epsilon: float, epsilon_unit: str, iterations: int
) -> None:
    """Raise ValueError for settings that no solver has."""
    if solver not in SOLVERS:
        raise ValueError(f"solver {solver!r}, expected one of {', '.join(SOLVERS)}")
    if mass not in MASSES:
        raise ValueError(f"mass {mass!r}, expected one of {', '.join(MASSES)}")
    if epsilon_unit not in UNITS:
        raise ValueError(f"epsilon_unit {epsilon_unit!r}, expected one of {', '.join(UNITS)}")
    if not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon {epsilon}, expected a positive number")
    if iterations < 1:
        raise ValueError(f"iterations {iterations}, expected 1 or more")


@cache
def fused_kernel(device: torch.device) -> ModuleType | None:
    """The module of the fused kernel, or None where it does not run on a device; says which, once.

    Triton compiles at the first use, for which it needs a C compiler and Python's headers. So a
    tiny problem is tried, whose plan is known.
    """
    try:
        from . import kernel
    except ImportError as error:
        logger.info("transport: PyTorch, since the fused kernel needs Triton (%s)", error)
        return None
    cost, mass = torch.zeros(1, 2, 2, device=device), torch.full((1, 2), 0.5, device=device)
    try:
        plan = kernel.sinkhorn(cost, mass, mass, 2, True).flatten().tolist()
        if not all(abs(share - 0.25) < 1e-5 for share in plan):
            raise ArithmeticError(f"wrong plan, {plan} in place of 0.25 four times")
    except Exception as error:  # whatever compilers and drivers raise: PyTorch does it too
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if len(reason) > 300:  # Triton quotes the kernel, and says at the end what is wrong
            reason = f"{reason[:100]} ... {reason[-200:]}"
        logger.warning(
            "transport: PyTorch, since the fused kernel fails on %s (%s)", device, reason
        )
        return None
    logger.info("transport: fused kernel (Triton) on %s", device)
    return kernel
