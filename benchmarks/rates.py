"""What this machine does in a second, for `make cost` to reckon with: writes a small file of rates.

python benchmarks/rates.py [--output rates.yaml]

On a CPU everything is measured on one core, which is what a job of the workflow has, and by the
time of the processor, so that what else runs on the machine counts little. The trainings are those
of the workflow, of random encoders of two depths: what a step costs beside its arithmetic. The
arithmetic is measured at two widths, since narrow matrices do not fill a machine.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# A job has one core, and its tokenizer too. To be set before anything reads it.
os.environ |= {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import torch
import yaml
from datasets import Dataset
from machine import describe
from transformers import XLMRobertaConfig, XLMRobertaModel

from optical.estimate.rates import MEASURED, START, Rates
from optical.estimate.shapes import OPTIMISER_BYTES, Shape
from optical.evaluation.trec import write_run
from optical.models.encoders import late_interaction, new_masked_model
from optical.models.tokenizer import train_tokenizer
from optical.retrieval.exact_index import ExactIndex
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.origin import origin_of
from optical.training.batches import Batches
from optical.training.trainer import save, train_late_interaction
from optical.transport.losses import OptimalTransportLoss

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
WORDS = [f"w{number}" for number in range(200)]
IMPORTS = {
    "table": "import pandas, pyarrow.parquet, optical.evaluation.scoring",
    "search": "import optical.corpora.collection_files, optical.evaluation.trec, "
    "optical.retrieval.token_index, optical.retrieval.centroid_index",
    "embed": "import optical.models.embedding, torch; torch.cuda.is_available()",
    "train": "import optical.training.trainer, optical.models.encoders, optical.transport.losses",
}
"""What a program of each kind loads before it works."""

NARROW, WIDE = 64, 768
"""Widths of encoders at which the arithmetic is measured."""


def main(output: Path, steps: int, repeat: int) -> None:
    """Measure, print and write the rates."""
    torch.set_num_threads(1)
    about = describe(DEVICE)
    print(about, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        shallow, deep = (step_seconds(folder, layers, steps) for layers in (1, 5))
        layer = max(0.0, (deep - shallow) / 4)
        narrow, wide = (operations(width, repeat) for width in (NARROW, WIDE))
        peak, half_width = saturation(narrow, wide)
        rates = Rates(
            name="this machine",
            about=about,
            gpu_memory=torch.cuda.mem_get_info()[1] if DEVICE == "cuda" else 0,
            peak=peak,
            share=1.0,
            half_width=half_width,
            bandwidth=bandwidth(repeat),
            step=max(0.0, shallow - layer),
            layer=layer,
            tokens=tokens(repeat),
            rows=rows(folder, repeat),
            scan=scan(folder, repeat),
            disk=disk(output.absolute().parent, repeat),
            start={kind: start_seconds(kind, repeat) for kind in START},
        )
    rates.write(output)
    print(yaml.safe_dump(rates.plain(), sort_keys=False, allow_unicode=True))
    print(f"written to {output}; `make cost` reads {MEASURED}")


def now() -> float:
    """Seconds: of the processor, of ended child processes too, or with a GPU of the clock."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def median(call: Callable[[], object], repeat: int, clock: Callable[[], float] = now) -> float:
    """Median seconds of a call; the first is to warm up and does not count."""
    seconds = []
    for _ in range(repeat + 1):
        begin = clock()
        call()
        seconds.append(clock() - begin)
    return statistics.median(seconds[1:])


def start_seconds(kind: str, repeat: int) -> float:
    """Seconds until a program of a kind has loaded its libraries."""
    command = [sys.executable, "-c", IMPORTS[kind]]
    return median(lambda: subprocess.run(command, check=True, capture_output=True), repeat)


def texts(number: int, words: int) -> list[str]:
    """Drawn texts of so many words, always the same."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, words)) for _ in range(number)]


def step_seconds(folder: Path, layers: int, steps: int) -> float:
    """Seconds of a training step of the workflow, of an encoder so narrow that it hardly computes.

    The difference of two trainings: what they share is no step.
    """
    tokenizer = train_tokenizer(texts(200, 20), 300)
    encoder = folder / f"encoder-{layers}"
    torch.manual_seed(0)
    model = new_masked_model(tokenizer, layers=layers, width=32, heads=2)
    save(encoder, model.save_pretrained, tokenizer.save_pretrained)
    sentences = texts(256, 8)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(sentences), 10, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    targets = folder / f"targets-{layers}"
    write_token_vectors(targets, ((np.arange(10), of_text) for of_text in vectors), 32)

    def train(number: int) -> float:
        student = late_interaction(encoder, dimension=32, query_length=32, passage_length=32)
        begin = now()
        train_late_interaction(
            student,
            Dataset.from_dict({"source": sentences, "label": range(len(sentences))}),
            OptimalTransportLoss(student, targets=TokenVectors(targets)),
            folder / f"student-{layers}-{number}",
            columns={"source": "query"},
            batches=Batches(len(sentences), number=number, size=32, seed=1),
            card="",
            origin=origin_of(layers=layers, steps=number),
            steps=number,
            learning_rate=1e-4,
            seed=1,
        )
        return now() - begin

    train(2)
    return max(0.0, train(2 + steps) - train(2)) / steps


def operations(width: int, repeat: int) -> float:
    """Operations a second of an encoder's forward and backward pass, by the count of `Shape`."""
    texts_of_batch, length, layers = (512, 64, 4) if DEVICE == "cuda" else (64, 32, 2)
    config = XLMRobertaConfig(
        vocab_size=1000,
        num_hidden_layers=layers,
        hidden_size=width,
        num_attention_heads=max(1, width // 64),
        intermediate_size=4 * width,
        max_position_embeddings=514,
        type_vocab_size=1,
    )
    torch.manual_seed(0)
    model = XLMRobertaModel(config, add_pooling_layer=False).to(DEVICE)
    ids = torch.randint(5, 900, (texts_of_batch, length), device=DEVICE)

    def step() -> None:
        half = torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == "cuda")
        with half:
            loss = model(input_ids=ids).last_hidden_state.float().square().mean()
        loss.backward()
        model.zero_grad()

    shape = Shape(layers, width, 4 * width, 1000)
    return 3 * shape.forward(ids.numel(), length) / median(step, repeat)


def saturation(narrow: float, wide: float) -> tuple[float, float]:
    """(rate of an endlessly wide encoder, width at which half of it is reached).

    Seconds an operation are a + b / width through both measurements. Where the narrow one is as
    fast, the rate is that of the wide one at any width.
    """
    slope = (1 / narrow - 1 / wide) / (1 / NARROW - 1 / WIDE)
    least = 1 / wide - slope / WIDE
    if slope <= 0 or least <= 0:
        return wide, 0.0
    return 1 / least, slope / least


def bandwidth(repeat: int) -> float:
    """Bytes a second of clipping and a step of AdamW, by the count of `OPTIMISER_BYTES`."""
    number = 500_000_000 if DEVICE == "cuda" else 20_000_000
    weights = torch.nn.Parameter(torch.zeros(number, device=DEVICE))
    weights.grad = torch.ones_like(weights)
    optimiser = torch.optim.AdamW([weights], lr=1e-5, fused=True)

    def step() -> None:
        torch.nn.utils.clip_grad_norm_([weights], 1.0)
        optimiser.step()

    return OPTIMISER_BYTES * number / median(step, repeat)


def tokens(repeat: int) -> float:
    """Tokens a second of a tokenizer on one core, in blocks of some thousand texts."""
    tokenizer = train_tokenizer(texts(200, 20), 300)
    block = texts(4000, 20)
    number = sum(map(len, tokenizer(block)["input_ids"]))
    return number / median(lambda: tokenizer(block), repeat)


def rows(folder: Path, repeat: int) -> float:
    """Lines of a run that are written in a second."""
    queries, depth = 50, 1000
    results = {f"passage-{row}": 1.0 - row / depth for row in range(depth)}
    rankings = [(f"query-{number}", results) for number in range(queries)]
    seconds = median(lambda: write_run(folder / "x.run.gz", iter(rankings), tag="x"), repeat)
    return queries * depth / seconds


def scan(folder: Path, repeat: int) -> float:
    """Operations a second of exact MaxSim: two for each dimension of each pair of tokens."""
    passages, length, dimension = 2000, 50, 128
    rng = np.random.default_rng(0)

    def drawn(number: int) -> np.ndarray:
        vectors = rng.normal(size=(number, dimension)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    stored = ((np.arange(length), drawn(length)) for _ in range(passages))
    write_token_vectors(folder / "passages", stored, dimension)
    index = ExactIndex(TokenVectors(folder / "passages"))
    queries = [drawn(24) for _ in range(index.block)]
    work = 2 * 24 * len(queries) * passages * length * dimension
    return work / median(lambda: index.search(queries, 100), repeat)


def disk(folder: Path, repeat: int) -> float:
    """Bytes a second that are written to the disk of a folder, to its end."""
    block, number = os.urandom(1 << 20), 256

    def write() -> None:
        with tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(number):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())

    return number * len(block) / median(write, repeat, time.perf_counter)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=MEASURED, help=f"file ({MEASURED})")
    parser.add_argument("--steps", type=int, default=40, help="training steps that are timed (40)")
    parser.add_argument("--repeat", type=int, default=3, help="times that each call is made (3)")
    main(**vars(parser.parse_args()))
