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
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np
import ot
import torch
from machine import describe
from transformers import XLMRobertaConfig, XLMRobertaModel

from optical.batches import Batches
from optical.token_vectors import TokenVectors, write_token_vectors
from optical.transport import cosine_cost, marginals, transport_loss, transport_plan

SHAPES = {
    "tiny": {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2},
    "base": {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12},
    "large": {"num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16},
}
VOCABULARY, DIMENSION = 250_004, 128
TRANSPORT = {"epsilon": 0.05, "iterations": 50}


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
    """Seconds of training steps, and of the transport in them."""

    def __init__(self, device: str) -> None:
        self.device, self.steps, self.transport, self.pairs, self.tokens = device, 0.0, 0.0, 0, 0

    def now(self) -> float:
        """The time when the device has done what it was told."""
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def train(student, batches, side, plan, device: str, warm: int) -> Clock:
    """Train on batches of (source rows, row numbers); the first `warm` steps are not counted."""
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
        if step >= warm:
            clock.steps += clock.now() - start
            clock.transport += after - before
            clock.pairs += len(rows)
            clock.tokens += int(mask.sum())
    return clock


def measure(shape: str, device: str, steps: int, size: int, longest: int) -> float:
    """Print both pipelines; returns ours over the plain one, in pairs per second."""
    warm = 1
    number = 64 * size
    source, target = sentences(number, 1, longest), sentences(number, 2, longest)
    # A sentence and its translation are about as long as each other.
    target = [np.resize(row, len(twin)) for row, twin in zip(target, source, strict=True)]
    torch.manual_seed(0)
    teacher = Encoder(shape).to(device).eval().requires_grad_(False)

    def encode(rows):
        ids, mask = padded(rows, device)
        with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            return teacher(ids, mask).float(), mask

    def plain_plan(cost, left, right):
        return ot.solve_batch(
            cost, TRANSPORT["epsilon"], left, right, max_iter=TRANSPORT["iterations"], tol=0,
            grad="detach",
        ).plan  # fmt: skip

    def new_student():
        torch.manual_seed(1)
        return Encoder(shape).to(device).train()

    rng = np.random.default_rng(0)
    plain_batches = (
        ([source[row] for row in rows], rows)
        for rows in (rng.choice(number, size, replace=False) for _ in range(steps + warm))
    )
    plain = train(
        new_student(), plain_batches, lambda rows: encode([target[row] for row in rows]),
        plain_plan, device, warm,
    )  # fmt: skip

    lengths = [len(row) for row in source]
    tokens = int(size * np.mean(lengths) * 1.05)
    batches = Batches(number, number=steps + warm, tokens=tokens, lengths=lengths, seed=1)
    wanted = list(islice(batches, steps + warm))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        needed = sorted({row for rows in wanted for row in rows}, key=lambda row: lengths[row])
        vectors = {}
        for first in range(0, len(needed), size):
            rows = needed[first : first + size]
            encoded, mask = encode([target[row] for row in rows])
            for row, of_row, real in zip(rows, encoded, mask, strict=True):
                vectors[row] = of_row[real].half().cpu().numpy()
        empty = np.zeros((0, DIMENSION), dtype=np.float16)
        stored = ((target[row][: len(vectors.get(row, empty))], vectors.get(row, empty))
                  for row in range(number))  # fmt: skip
        write_token_vectors(folder, stored, DIMENSION)
        storing = time.perf_counter() - start
        store = TokenVectors(folder)

        def read(rows):
            arrays = store.padded(rows)
            return tuple(torch.from_numpy(arrays[place]).to(device) for place in (0, 2))

        ours = train(
            new_student(), (([source[row] for row in rows], rows) for rows in wanted), read,
            lambda *problem: transport_plan(*problem, **TRANSPORT), device, warm,
        )  # fmt: skip

    parameters = sum(p.numel() for p in teacher.encoder.encoder.parameters())
    print(f"{describe(device)}\nXLM-R {shape}, {steps} steps of about {size} pairs, "
          f"{np.mean(lengths):.0f} tokens on average, {longest} at most\n")  # fmt: skip
    print("| pipeline | pairs / s | transport, share of a step | 10^9 operations / s |")
    print("|---|--:|--:|--:|")
    for name, clock in (("plain", plain), ("ours", ours)):
        rate = 6 * parameters * clock.tokens / clock.steps / 1e9
        print(f"| {name} | {clock.pairs / clock.steps:.2f} "
              f"| {100 * clock.transport / clock.steps:.1f} % | {rate:.0f} |")  # fmt: skip
    print(f"\nstoring the teacher's vectors, once: {len(needed) / storing:.2f} pairs / s")
    peak = (
        torch.cuda.max_memory_allocated()
        if device == "cuda"
        else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    )
    print(f"peak memory of the whole measurement: {peak / 2**30:.1f} GiB\n")
    return (ours.pairs / ours.steps) / (plain.pairs / plain.steps)


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
    ratio = measure(device=device, **arguments)
    if device == "cuda" and arguments["shape"] == "base":
        measure(device=device, **arguments | {"shape": "large"})
    print(f"ratio {ratio:.2f}")
