"""How many iterations unit masses need for the costs of an encoder, by the unit of epsilon.

Costs are those of a teacher's and a student's token vectors of sentence pairs, or without a
teacher the random ones of `transport.py`. A row for each epsilon and its unit: the error of the
marginal of the shorter side, which travels whole, summed over its tokens, after so many iterations;
the mean of the pairs, and in brackets the largest.

    python benchmarks/marginals.py --teacher results/ladder/teachers/small@1 \
        --student results/ladder/students/small/optical/es/seed-1 \
        --bitext results/ladder/data/bitext/es.parquet
"""

import argparse
from itertools import product
from pathlib import Path

import pyarrow.parquet as pq
import torch
from machine import describe
from transport import costs, lengths

from optical.models.encoders import load
from optical.transport.solvers import cosine_cost, spread, transport_plan

EPSILONS = [("cost", 0.01), ("cost", 0.03), ("spread", 0.05), ("spread", 0.1), ("spread", 0.2)]


@torch.inference_mode()
def vectors(folder: Path, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token vectors of queries, [texts, tokens, dimension], and their mask as floats."""
    model = load(folder).eval()
    read = model.preprocess(texts, task="query", prompt=model.prompts["query"])
    output = model(read, task="query")
    return output["token_embeddings"].float(), output["attention_mask"].float()


def error_of(
    cost: torch.Tensor, source: torch.Tensor, target: torch.Tensor, **settings
) -> torch.Tensor:
    """The error of the marginal of each pair's shorter side, [pairs]."""
    plan = transport_plan(cost, source, target, mass="unit", **settings)
    sizes = [mask.sum(dim=1) for mask in (source, target)]
    shorter = torch.minimum(*sizes).unsqueeze(1)
    rows, columns = (
        (plan.sum(dim=side) - mask / shorter).abs().sum(dim=1)
        for side, mask in ((2, source), (1, target))
    )
    return torch.where(sizes[0] <= sizes[1], rows, columns)


def main() -> None:
    """Print the spread of the costs, and the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teacher", type=Path, help="folder of the teacher")
    parser.add_argument("--student", type=Path, help="folder of the student (the teacher)")
    parser.add_argument("--bitext", type=Path, help="parquet: source, target")
    parser.add_argument("--pairs", type=int, default=128)
    parser.add_argument("--iterations", type=int, nargs="+", default=[20, 50, 100, 200, 400])
    arguments = parser.parse_args()
    if (arguments.teacher is None) != (arguments.bitext is None):
        parser.error("--teacher and --bitext: expected both or none")
    if arguments.teacher:
        table = pq.read_table(arguments.bitext).slice(0, arguments.pairs)
        start = arguments.student or arguments.teacher
        source, rows = vectors(start, table["source"].to_pylist())
        target, columns = vectors(arguments.teacher, table["target"].to_pylist())
        cost = cosine_cost(source, target)
    else:
        rows, columns = lengths(arguments.pairs, 24)
        cost = costs(arguments.pairs, 24, 1.0)
    deviations = spread(cost, rows, columns).flatten()
    low, middle, high = deviations.quantile(torch.tensor([0.05, 0.5, 0.95])).tolist()
    print(
        f"{describe('cpu')}\n{len(cost)} sentence pairs; standard deviation of a pair's costs: "
        f"median {middle:.3f}, 5 % below {low:.3f}, 5 % above {high:.3f}\n"
    )
    print(f"| epsilon | {' | '.join(f'{number} iterations' for number in arguments.iterations)} |")
    print(f"|---|{'--:|' * len(arguments.iterations)}")
    errors = {
        (unit, epsilon, number): error_of(
            cost, rows, columns, epsilon=epsilon, epsilon_unit=unit, iterations=number
        )
        for (unit, epsilon), number in product(EPSILONS, arguments.iterations)
    }
    for unit, epsilon in EPSILONS:
        cells = [errors[unit, epsilon, number] for number in arguments.iterations]
        shown = " | ".join(f"{cell.mean():.1e} [{cell.max():.0e}]" for cell in cells)
        print(f"| {epsilon} of the {unit} | {shown} |")


if __name__ == "__main__":
    main()
