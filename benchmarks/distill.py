"""A distillation of this project beside a plain one: sentence pairs per second and peak memory.

Both train a student of XLM-R's exact shape, of random weights, on sentence pairs whose lengths are
those of translations: many short ones, a few long ones. The plain one does what one would write
first: random batches padded to their longest sentence, the teacher run in every step, POT's batch
solver on the costs. Ours reads the teacher's vectors from the store, which was written once for all
epochs and seeds (that time is printed too), and fills batches by tokens; a step has as many
pairs on average. The last line is the ratio of pairs per second.

On a GPU the large shape is measured as well, with the share of the peak arithmetic rate: 6 floating
point operations for each non-embedding parameter and real token of the student.
"""

import argparse
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import ot
import torch
from machine import describe
from transformers import XLMRobertaConfig, XLMRobertaModel

from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.training.batches import Batches
from optical.transport.solvers import cosine_cost, marginals, transport_loss, transport_plan

SHAPES = {
    "tiny": {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2},
    "base": {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12},
    "large": {"num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16},
}
VOCABULARY, DIMENSION = 250_004, 128
TRANSPORT = {"epsilon": 0.05, "iterations": 50}
WARM = 1


class Encoder(torch.nn.Module):
    """XLM-R and a projection to unit vectors."""

    def __init__(self, shape: str) -> None:
        super().__init__()
        config = XLMRobertaConfig(
            vocab_size=VOCABULARY if shape != "tiny" else 1000,
            intermediate_size=4 * SHAPES[shape]["hidden_size"],
            max_position_embeddings=514,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            **SHAPES[shape],
        )
        self.encoder = XLMRobertaModel(config, add_pooling_layer=False)
        self.projection = torch.nn.Linear(config.hidden_size, DIMENSION, bias=False)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Vectors [B, n, DIMENSION] of token ids [B, n]."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return torch.nn.functional.normalize(self.projection(hidden), dim=-1)


def sentences(number: int, seed: int, longest: int) -> list[np.ndarray]:
    """Token ids; lengths are log-normal around 20 tokens, cut off at the longest."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(np.exp(rng.normal(3.0, 0.7, number)), 4, longest).astype(int)
    return [rng.integers(5, 900, length) for length in lengths]


def padded(rows: list[np.ndarray], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask of rows, [B, longest]."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.ones(mask.shape, dtype=np.int64)
    ids[mask] = np.concatenate(rows)
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


class Clock:
    """Seconds of training steps and of the transport in them, of pairs and tokens trained on.

    storing: pairs whose teacher's vectors are stored in a second.
    """

    def __init__(self, device: str) -> None:
        self.device, self.steps, self.transport, self.pairs, self.tokens = device, 0.0, 0.0, 0, 0
        self.storing = 0.0

    def now(self) -> float:
        """The time when the device has done what it was told."""
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def train(student, batches, side, plan, device: str) -> Clock:
    """Train on batches of (source rows, row numbers); the first `WARM` steps are not counted."""
    optimiser = torch.optim.AdamW(student.parameters(), lr=2e-5, fused=True)
    clock = Clock(device)
    for step, (rows, numbers) in enumerate(batches):
        start = clock.now()
        ids, mask = padded(rows, device)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            source = student(ids, mask)
        target, target_mask = side(numbers)
        before = clock.now()
        cost = cosine_cost(source, target)
        held = plan(cost.detach(), marginals(mask), marginals(target_mask))
        loss = transport_loss(cost, held).mean()
        after = clock.now()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        if step >= WARM:
            clock.steps += clock.now() - start
            clock.transport += after - before
            clock.pairs += len(rows)
            clock.tokens += int(mask.sum())
    return clock


class Problem(NamedTuple):
    """What is trained, and on what."""

    shape: str
    device: str
    steps: int
    size: int
    longest: int

    @property
    def pairs(self) -> int:
        """Sentence pairs to draw batches from."""
        return 64 * self.size

    def texts(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Sentences and their translations, which are as long, as token ids."""
        source, target = (sentences(self.pairs, seed, self.longest) for seed in (1, 2))
        return source, [np.resize(row, len(twin)) for row, twin in zip(target, source, strict=True)]

    def encoder(self, seed: int) -> Encoder:
        """An encoder of random weights."""
        torch.manual_seed(seed)
        return Encoder(self.shape).to(self.device)

    def teacher(self):
        """A function that gives the vectors and the mask of rows of token ids."""
        teacher = self.encoder(0).eval().requires_grad_(False)

        def encode(rows):
            ids, mask = padded(rows, self.device)
            half = torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")
            with torch.no_grad(), half:
                return teacher(ids, mask).float(), mask

        return encode


def plain(problem: Problem) -> Clock:
    """What one would write first."""
    source, target = problem.texts()
    encode = problem.teacher()

    def plan(cost, left, right):
        return ot.solve_batch(
            cost, TRANSPORT["epsilon"], left, right, max_iter=TRANSPORT["iterations"], tol=0,
            grad="detach",
        ).plan  # fmt: skip

    rng = np.random.default_rng(0)
    batches = (
        ([source[row] for row in rows], rows)
        for rows in (
            rng.choice(problem.pairs, problem.size, replace=False)
            for _ in range(problem.steps + WARM)
        )
    )
    return train(
        problem.encoder(1).train(),
        batches,
        lambda rows: encode([target[row] for row in rows]),
        plan,
        problem.device,
    )


def ours(problem: Problem) -> Clock:
    """Batches by tokens, on the teacher's vectors from the store."""
    source, target = problem.texts()
    lengths = [len(row) for row in source]
    number = problem.steps + WARM
    tokens = int(problem.size * np.mean(lengths) * 1.05)
    batches = Batches(problem.pairs, number=number, tokens=tokens, lengths=lengths, seed=1)
    wanted = list(islice(batches, number))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        needed = sorted({row for rows in wanted for row in rows}, key=lambda row: lengths[row])
        write_store(folder, problem, target, needed)
        storing = time.perf_counter() - start
        store = TokenVectors(folder)

        def read(rows):
            arrays = store.padded(rows)
            return tuple(torch.from_numpy(arrays[place]).to(problem.device) for place in (0, 2))

        clock = train(
            problem.encoder(1).train(),
            (([source[row] for row in rows], rows) for rows in wanted),
            read,
            lambda *costs: transport_plan(*costs, **TRANSPORT),
            problem.device,
        )
    clock.storing = len(needed) / storing
    return clock


def write_store(folder: str, problem: Problem, target: list[np.ndarray], needed: list[int]) -> None:
    """Store the teacher's vectors of the rows that will be read; the others are empty."""
    encode = problem.teacher()
    vectors = {}
    for first in range(0, len(needed), problem.size):
        rows = needed[first : first + problem.size]
        encoded, mask = encode([target[row] for row in rows])
        for row, of_row, real in zip(rows, encoded, mask, strict=True):
            vectors[row] = of_row[real].half().cpu().numpy()
    empty = np.zeros((0, DIMENSION), dtype=np.float16)
    found = (vectors.get(row, empty) for row in range(problem.pairs))
    stored = ((ids[: len(row)], row) for ids, row in zip(target, found, strict=True))
    write_token_vectors(folder, stored, DIMENSION)


def with_peak(pipeline, problem: Problem) -> tuple[Clock, float]:
    """Run a pipeline; returns its clock and the most memory that the process had, in GiB."""
    clock = pipeline(problem)
    peak = (
        torch.cuda.max_memory_allocated()
        if problem.device == "cuda"
        else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    )
    return clock, peak / 2**30


def measure(problem: Problem) -> float:
    """Print both pipelines; returns ours over the plain one, in pairs per second."""
    results = {}
    for pipeline in (plain, ours):
        # Each in a process of its own: the peak of a process is never lower than it was.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            results[pipeline.__name__] = process.submit(with_peak, pipeline, problem).result()
    shape, device, steps, size, longest = problem
    mean = np.mean([len(row) for row in problem.texts()[0]])
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Encoder(shape).encoder.encoder.parameters())
    print(f"{describe(device)}\nXLM-R {shape}, {steps} steps of about {size} pairs, "
          f"{mean:.0f} tokens on average, {longest} at most\n")  # fmt: skip
    print("| pipeline | pairs / s | transport, share of a step | 10^9 operations / s | peak GiB |")
    print("|---|--:|--:|--:|--:|")
    for name, (clock, peak) in results.items():
        share = 100 * clock.transport / clock.steps
        rate = 6 * parameters * clock.tokens / clock.steps / 1e9
        speed = clock.pairs / clock.steps
        print(f"| {name} | {speed:.2f} | {share:.1f} % | {rate:.0f} | {peak:.1f} |")
    first, second = (clock for clock, _ in results.values())
    print(f"\nstoring the teacher's vectors, once: {second.storing:.2f} pairs / s\n")
    return (second.pairs / second.steps) / (first.pairs / first.steps)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="base", help="of teacher and student")
    parser.add_argument("--steps", type=int, default=6, help="steps that are counted")
    parser.add_argument("--size", type=int, default=32, help="sentence pairs of a step")
    parser.add_argument("--longest", type=int, default=128, help="tokens of a sentence, at most")
    arguments = vars(parser.parse_args())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    problem = Problem(device=device, **arguments)
    ratio = measure(problem)
    if device == "cuda" and problem.shape == "base":
        measure(problem._replace(shape="large"))
    print(f"ratio {ratio:.2f}")
