"""Transport plans of a batch of small problems: this project's solvers beside POT's.

The problems are those of a distillation: costs, 1 - cosine, between the token vectors of a teacher
and of a student that is a noisy copy in another word order. `--likeness` says how near the copy is:
0 is a student that knows nothing, 2 (cosines of about .9) one that has learned the language.

Prints two tables for each device: of sentences of one length, where unit masses are balanced ones;
and of lengths that differ, where `ot.partial` and a dummy token solve what unit masses ask for.
Then the time of unit masses over that of balanced ones and, last, the ratio of the time of POT's
batch solver, as it comes, to ours: on the GPU where there is one.
"""

import argparse

import ot
import torch
from machine import alternating, describe, devices

from optical.transport.settings import Transport
from optical.transport.solvers import (
    cosine_cost,
    greedy_alignment,
    transport_loss,
    transport_plan,
)

CONVERGED = 20_000
"""Iterations after which a plan of unit masses no longer moves."""


def costs(number: int, tokens: int, likeness: float) -> torch.Tensor:
    """Costs [number, tokens, tokens], always the same."""
    generator = torch.Generator().manual_seed(0)
    source, noise = torch.randn(2, number, tokens, 128, generator=generator)
    order = torch.randperm(tokens, generator=generator)
    return cosine_cost(source, likeness * source[:, order] + noise)


def measure(
    device: str,
    problems: int,
    tokens: int,
    likeness: float,
    epsilon: float,
    iterations: int,
    repeat: int,
) -> float:
    """Print the table of a device; returns POT's time over ours."""
    cost = costs(problems, tokens, likeness).to(device)
    mass = torch.full((problems, tokens), 1 / tokens, device=device)
    everything = torch.ones_like(mass, dtype=torch.bool)
    settings = {"epsilon": epsilon, "iterations": iterations}

    def pot(method: str) -> torch.Tensor:
        return ot.solve_batch(
            cost, epsilon, mass, mass, method=method, max_iter=iterations, tol=0, grad="detach"
        ).plan

    def pot_loop() -> torch.Tensor:
        plans = [
            ot.sinkhorn(
                mass[0], mass[0], matrix, epsilon, numItermax=iterations, stopThr=0, warn=False
            )
            for matrix in cost
        ]
        return torch.stack(plans)

    calls = {
        "sinkhorn": lambda: transport_plan(cost, mass, mass, **settings),
        "ipot": lambda: transport_plan(cost, mass, mass, solver="ipot", **settings),
        "greedy alignment": lambda: greedy_alignment(cost, everything, everything),
        "POT solve_batch": lambda: pot("log_sinkhorn"),
        "POT solve_batch, kernel": lambda: pot("sinkhorn"),
        "POT loop, sinkhorn": pot_loop,
        "POT loop, exact": lambda: transport_plan(cost, mass, mass, solver="exact"),
    }
    if device == "cuda":
        del calls["POT solve_batch, kernel"]  # fails on CUDA in POT 0.9.7
    seconds = alternating(calls, repeat)
    exact = (calls["POT loop, exact"]() * cost).sum(dim=(1, 2))

    print(
        f"{describe(device)}\n{problems} problems of {tokens} x {tokens}, epsilon {epsilon}, ",
        end="",
    )
    print(f"{iterations} iterations, likeness {likeness}, median of {repeat}\n")
    print(
        "| solver | ms | POT solve_batch / it | largest error of a marginal | cost - exact cost |"
    )
    print("|---|--:|--:|--:|--:|")
    for name, call in calls.items():
        plan = call()
        error = max((plan.sum(dim=side) - mass).abs().max().item() for side in (1, 2))
        above = ((plan * cost).sum(dim=(1, 2)) - exact).mean().item()
        print(
            f"| {name} | {1000 * seconds[name]:.1f} "
            f"| {seconds['POT solve_batch'] / seconds[name]:.2f} | {error:.0e} | {above:.5f} |"
        )
    long = {"epsilon": epsilon, "iterations": 2000}
    double = [tensor.double() for tensor in (cost, mass, mass)]
    ours = transport_plan(*double, **long)
    theirs = ot.solve_batch(
        double[0], epsilon, *double[1:], method="log_sinkhorn", max_iter=2000, tol=1e-12
    ).plan
    print(
        f"\nlargest difference of our plan from POT's, float64, 2000 iterations: "
        f"{(ours - theirs).abs().max():.0e}\n"
    )
    return seconds["POT solve_batch"] / seconds["sinkhorn"]


def lengths(number: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks of sentences of two thirds to all of the tokens, [number, tokens] each, as floats."""
    generator = torch.Generator().manual_seed(1)
    sizes = torch.randint(2 * tokens // 3, tokens + 1, (2, number, 1), generator=generator)
    source, target = (torch.arange(tokens) < sizes).float()
    return source, target


def partial(matrix: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """POT's exact partial plan of a problem, divided by its sum."""
    n, m = int(source.sum()), int(target.sum())
    left, right = (torch.full((side,), 1 / max(n, m)).to(matrix) for side in (n, m))
    plan = torch.zeros_like(matrix)
    plan[:n, :m] = ot.partial.partial_wasserstein(
        left, right, matrix[:n, :m].contiguous(), m=min(left.sum().item(), right.sum().item())
    )
    return plan / plan.sum()


def with_dummy(
    matrix: torch.Tensor, source: torch.Tensor, target: torch.Tensor, epsilon: float
) -> torch.Tensor:
    """POT's entropic plan of a problem with a dummy token on its shorter side, the same way."""
    n, m = int(source.sum()), int(target.sum())
    rows, columns = (1, 0) if n < m else (0, 1 if m < n else 0)
    cost = torch.zeros(n + rows, m + columns).to(matrix)
    cost[:n, :m] = matrix[:n, :m]
    masses = [torch.full((size,), 1 / max(n, m)).to(matrix) for size in cost.shape]
    if rows:
        masses[0][-1] = (m - n) / m
    if columns:
        masses[1][-1] = (n - m) / n
    found = ot.sinkhorn(
        *masses,
        cost,
        epsilon,
        method="sinkhorn_log",
        numItermax=CONVERGED,
        stopThr=1e-15,
        warn=False,
    )
    plan = torch.zeros_like(matrix)
    plan[:n, :m] = found[:n, :m]
    return plan / plan.sum()


def measure_lengths(
    device: str, problems: int, tokens: int, likeness: float, epsilon: float, iterations: int,
    repeat: int,
) -> None:  # fmt: skip
    """Print the table of sentences whose lengths differ, and the time of unit masses."""
    cost = costs(problems, tokens, likeness).to(device)
    source, target = (mask.to(device) for mask in lengths(problems, tokens))
    settings = {"epsilon": epsilon, "iterations": iterations}

    def plan(mass: str, solver: str = "sinkhorn") -> torch.Tensor:
        return transport_plan(cost, source, target, mass=mass, solver=solver, **settings)

    rows = [(matrix.double().cpu(), left.cpu(), right.cpu())
            for matrix, left, right in zip(cost, source, target, strict=True)]  # fmt: skip
    calls = {
        "sinkhorn, balanced": lambda: plan("balanced"),
        "sinkhorn, unit": lambda: plan("unit"),
        f"sinkhorn, unit, {8 * iterations} iterations": lambda: transport_plan(
            cost, source, target, epsilon=epsilon, iterations=8 * iterations
        ),
        "ipot, balanced": lambda: plan("balanced", "ipot"),
        "ipot, unit": lambda: plan("unit", "ipot"),
        "exact, unit": lambda: plan("unit", "exact"),
        "ot.partial loop, exact": lambda: torch.stack([partial(*row) for row in rows]),
    }
    seconds = alternating(calls, repeat)
    lighter = torch.minimum(source.sum(dim=1), target.sum(dim=1))[:, None]
    print(
        f"{problems} problems of {2 * tokens // 3} to {tokens} tokens a side, the same settings\n"
    )
    print("| solver | ms | largest error of a marginal, unit mass |\n|---|--:|--:|")
    for name, call in calls.items():
        found = call().to(device)
        error = 0.0
        if "balanced" not in name:
            for mask, moved in ((source, found.sum(dim=2)), (target, found.sum(dim=1))):
                whole = mask.sum(dim=1, keepdim=True) == lighter
                difference = moved - mask / lighter
                # A side that travels whole has its marginal; the other has at most its own.
                wrong = torch.where(whole, difference.abs(), difference.clamp(min=0))
                error = max(error, wrong.max().item())
        print(f"| {name} | {1000 * seconds[name]:.1f} | {f'{error:.0e}' if error else '–'} |")
    double = [tensor.double() for tensor in (cost, source, target)]
    few = [tensor[:16] for tensor in double]  # which converge slowly
    long = transport_plan(*few, epsilon=epsilon, iterations=CONVERGED).cpu()
    theirs = torch.stack([with_dummy(*row, epsilon) for row in rows[:16]])
    print(
        "\nlargest difference of our plan of unit masses from POT's of a dummy token, float64, "
        f"{CONVERGED} iterations: "
        f"{(long - theirs).abs().max():.0e}"
    )
    exact = [
        transport_loss(double[0].cpu(), calls[name]().cpu().double())
        for name in ("exact, unit", "ot.partial loop, exact")
    ]
    print(f"largest difference of the exact cost from ot.partial's: "
          f"{(exact[0] - exact[1]).abs().max():.0e}")  # fmt: skip
    times = seconds["sinkhorn, unit"] / seconds["sinkhorn, balanced"]
    print(f"time of unit masses over balanced ones: {times:.2f}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", type=int, default=256, help="problems of a batch")
    parser.add_argument("--tokens", type=int, default=32, help="tokens of each side")
    parser.add_argument("--likeness", type=float, default=2.0, help="of student and teacher")
    parser.add_argument(
        "--epsilon", type=float, default=Transport.epsilon, help="weight of the entropy"
    )
    parser.add_argument(
        "--iterations", type=int, default=Transport.iterations, help="iterations of every solver"
    )
    parser.add_argument("--repeat", type=int, default=7, help="measurements; the median counts")
    arguments = parser.parse_args()
    for device in devices():
        ratio = measure(device, **vars(arguments))
        measure_lengths(device, **vars(arguments))
    print(f"ratio {ratio:.2f}")
