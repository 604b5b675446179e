"""Sinkhorn iterations of small problems as one Triton kernel: each problem stays on its chip.

PyTorch starts several kernels in each iteration, and reads and writes the matrix each time. Here a
program loads one problem, does all its iterations in registers, and stores the plan.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

# Entries of a padded problem that the registers of one multiprocessor hold, with all that an
# iteration makes of them. Of twice as many some shape spills registers with 8, 16 and 32 warps.
LARGEST = 128 * 64
# With dummies 128 x 64 spills 8 bytes for sm_90, and more with 4 or 16 warps.
LARGEST_PARTIAL = 64 * 64
# Just above the smallest normal float32: Triton would make a double of a smaller constant.
LEAST = tl.constexpr(1.2e-38)


def fits(cost: Tensor, partial: bool) -> bool:
    """Whether a problem of this batch [B, n, m] stays on the chip, in the kernel's float32."""
    _, n, m = cost.shape
    largest = LARGEST_PARTIAL if partial else LARGEST
    return padded(n) * padded(m) <= largest and cost.dtype == torch.float32


def padded(size: int) -> int:
    """The power of two that holds a side; 16 at least, so that a warp has work."""
    return max(16, triton.next_power_of_2(size))


def warps(rows: int, columns: int) -> int:
    """Warps that share a padded problem: 32 entries a thread, as far as the registers allow."""
    return min(8, max(1, rows * columns // 1024))


def sinkhorn(
    score: Tensor, source: Tensor, target: Tensor, iterations: int, partial: bool
) -> Tensor:
    """The plans, [B, n, m], after iterations in the log domain.

    score: -cost / epsilon, float32 [B, n, m]; source: [B, n], target: [B, m], zero at padding.
    partial: whether one of the two masses may be less than the other, which a dummy token makes up
    for. The dummies are scalars beside the problem, which they do not make larger.
    """
    problems, n, m = score.shape
    score, source, target = (tensor.contiguous() for tensor in (score, source, target))
    plan = torch.empty_like(score)
    rows, columns = padded(n), padded(m)
    with torch.cuda.device_of(score):  # Triton starts kernels on the current device
        sinkhorn_kernel[(problems,)](
            score,
            source,
            target,
            plan,
            n,
            m,
            iterations,
            ROWS=rows,
            COLUMNS=columns,
            PARTIAL=partial,
            num_warps=warps(rows, columns),
        )
    return plan


@triton.jit
def sinkhorn_kernel(
    score_pointer,
    source_pointer,
    target_pointer,
    plan_pointer,
    n,
    m,
    iterations,
    ROWS: tl.constexpr,  # noqa: N803, constants of the compiled kernel
    COLUMNS: tl.constexpr,  # noqa: N803
    PARTIAL: tl.constexpr,  # noqa: N803
):
    """One problem: log-domain Sinkhorn in base 2, which is the base that the hardware has.

    With PARTIAL the lighter side has a dummy of score 0: its potential is -inf on the other side.
    """
    problem = tl.program_id(0).to(tl.int64)
    i = tl.arange(0, ROWS)
    j = tl.arange(0, COLUMNS)
    # In 32 bits beside the problem's own pointers: in 64 bits, held through all iterations, they
    # would take twice the registers.
    score_pointer += problem * n * m
    plan_pointer += problem * n * m
    place = i[:, None] * m + j[None, :]
    inside = (i[:, None] < n) & (j[None, :] < m)
    score = tl.load(score_pointer + place, mask=inside, other=float("-inf"))
    score = score * 1.4426950408889634  # log2(e)
    # Each row from its maximum, which its potential makes up for: near 0 floats are dense.
    shift = tl.maximum(tl.max(score, axis=1), -3e38)
    score -= shift[:, None]
    source = tl.load(source_pointer + problem * n + i, mask=i < n, other=0.0)
    target = tl.load(target_pointer + problem * m + j, mask=j < m, other=0.0)
    # At padding the potentials are -inf: no mass goes there.
    log_source = tl.where(source > 0, tl.log2(tl.maximum(source, LEAST)), float("-inf"))
    log_target = tl.where(target > 0, tl.log2(tl.maximum(target, LEAST)), float("-inf"))
    row = tl.zeros([ROWS], dtype=tl.float32)
    column = tl.where(target > 0, 0.0, float("-inf"))
    if PARTIAL:
        # What the dummy column has as a score, in a matrix whose rows are shifted.
        edge = tl.where(source > 0, -shift, 0.0)
        surplus = tl.sum(target, axis=0) - tl.sum(source, axis=0)
        # What is left of two equal sums is rounding, and no mass.
        surplus = tl.where(tl.abs(surplus) > 1e-6, surplus, 0.0)
        log_dummy = tl.log2(tl.maximum(tl.abs(surplus), LEAST))
        log_dummy_row = tl.where(surplus > 0, log_dummy, float("-inf"))
        log_dummy_column = tl.where(surplus < 0, log_dummy, float("-inf"))
        dummy_row = log_dummy_row
        dummy_column = tl.where(surplus < 0, 0.0, float("-inf"))
    for _ in range(iterations):
        if PARTIAL:
            top_column = tl.maximum(tl.max(column, axis=0), -3e38)
            sums = tl.sum(tl.exp2(column - top_column), axis=0)
            dummy_row = log_dummy_row - top_column - tl.log2(tl.maximum(sums, LEAST))
        # The least float in place of a maximum of -inf, whose difference would be NaN.
        terms = score + column[None, :]
        top = tl.maximum(tl.max(terms, axis=1), -3e38)
        if PARTIAL:
            top = tl.maximum(top, edge + dummy_column)
        total = tl.sum(tl.exp2(terms - top[:, None]), axis=1)
        if PARTIAL:
            total += tl.exp2(edge + dummy_column - top)
        row = log_source - top - tl.log2(tl.maximum(total, LEAST))
        if PARTIAL:
            top_row = tl.maximum(tl.max(edge + row, axis=0), -3e38)
            sums = tl.sum(tl.exp2(edge + row - top_row), axis=0)
            dummy_column = log_dummy_column - top_row - tl.log2(tl.maximum(sums, LEAST))
        terms = score + row[:, None]
        top = tl.maximum(tl.max(terms, axis=0), -3e38)
        if PARTIAL:
            top = tl.maximum(top, dummy_row)
        total = tl.sum(tl.exp2(terms - top[None, :]), axis=0)
        if PARTIAL:
            total += tl.exp2(dummy_row - top)
        column = log_target - top - tl.log2(tl.maximum(total, LEAST))
    plan = tl.exp2(score + row[:, None] + column[None, :])
    # Potentials are rounded, and a column's sum with them. It is to be exact.
    total = tl.sum(plan, axis=0)
    if PARTIAL:
        total += tl.exp2(dummy_row + column)
    # From its log, as the loop has no register left to hold the mass itself.
    plan *= (tl.exp2(log_target) / tl.maximum(total, LEAST))[None, :]
    tl.store(plan_pointer + place, plan, mask=inside)
