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
# Just above the smallest normal float32: Triton would make a double of a smaller constant.
LEAST = tl.constexpr(1.2e-38)


def fits(cost: Tensor) -> bool:
    """Whether a problem of this batch [B, n, m] stays on the chip, in the kernel's float32."""
    _, n, m = cost.shape
    return padded(n) * padded(m) <= LARGEST and cost.dtype == torch.float32


def padded(size: int) -> int:
    """The power of two that holds a side; 16 at least, so that a warp has work."""
    return max(16, triton.next_power_of_2(size))


def warps(rows: int, columns: int) -> int:
    """Warps that share a padded problem: 32 entries a thread, as far as the registers allow."""
    return min(8, max(1, rows * columns // 1024))


def sinkhorn(score: Tensor, source: Tensor, target: Tensor, iterations: int) -> Tensor:
    """The plans, [B, n, m], after iterations in the log domain.

    score: -cost / epsilon, float32 [B, n, m]; source: [B, n], target: [B, m], zero at padding.
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
):
    """One problem: log-domain Sinkhorn in base 2, which is the base that the hardware has."""
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
    score -= tl.maximum(tl.max(score, axis=1), -3e38)[:, None]
    source = tl.load(source_pointer + problem * n + i, mask=i < n, other=0.0)
    target = tl.load(target_pointer + problem * m + j, mask=j < m, other=0.0)
    # At padding the potentials are -inf: no mass goes there.
    log_source = tl.where(source > 0, tl.log2(tl.maximum(source, LEAST)), float("-inf"))
    log_target = tl.where(target > 0, tl.log2(tl.maximum(target, LEAST)), float("-inf"))
    row = tl.zeros([ROWS], dtype=tl.float32)
    column = tl.where(target > 0, 0.0, float("-inf"))
    for _ in range(iterations):
        # The least float in place of a maximum of -inf, whose difference would be NaN.
        terms = score + column[None, :]
        top = tl.maximum(tl.max(terms, axis=1), -3e38)
        total = tl.sum(tl.exp2(terms - top[:, None]), axis=1)
        row = log_source - top - tl.log2(tl.maximum(total, LEAST))
        terms = score + row[:, None]
        top = tl.maximum(tl.max(terms, axis=0), -3e38)
        total = tl.sum(tl.exp2(terms - top[None, :]), axis=0)
        column = log_target - top - tl.log2(tl.maximum(total, LEAST))
    plan = tl.exp2(score + row[:, None] + column[None, :])
    # Potentials are rounded, and a column's sum with them. It is to be exact.
    total = tl.sum(plan, axis=0)
    plan *= (target / tl.maximum(total, LEAST))[None, :]
    tl.store(plan_pointer + place, plan, mask=inside)
