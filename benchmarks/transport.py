"""Transport plans of a batch of small problems: this project's solvers beside POT's.

The problems are those of a distillation: costs, 1 - cosine, between the token vectors of a teacher
and of a student that is a noisy copy in another word order. `--likeness` says how near the copy is:
0 is a student that knows nothing, 2 (cosines of about .9) one that has learned the language.

Prints a table for each device and, last, the ratio of the time of POT's batch solver, as it comes,
to ours: on the GPU where there is one.
"""

import argparse

import ot
import torch
from machine import alternating, describe, devices

from optical.transport.settings import Transport
from optical.transport.solvers import cosine_cost, greedy_alignment, transport_plan


def problems(number: int, tokens: int, likeness: float) -> torch.Tensor:
    """Costs [number, tokens, tokens], always the same."""
    generator = torch.Generator().manual_seed(0)
    source, noise = torch.randn(2, number, tokens, 128, generator=generator)
    order = torch.randperm(tokens, generator=generator)
    return cosine_cost(source, likeness * source[:, order] + noise)


def measure(
    device: str,
    number: int,
    tokens: int,
    likeness: float,
    epsilon: float,
    iterations: int,
    repeat: int,
) -> float:
    """Print the table of a device; returns POT's time over ours."""
    cost = problems(number, tokens, likeness).to(device)
    mass = torch.full((number, tokens), 1 / tokens, device=device)
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
        f"{describe(device)}\n{number} problems of {tokens} x {tokens}, epsilon {epsilon}, ", end=""
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
        ratio = measure(
            device,
            arguments.problems,
            arguments.tokens,
            arguments.likeness,
            arguments.epsilon,
            arguments.iterations,
            arguments.repeat,
        )
    print(f"ratio {ratio:.2f}")
