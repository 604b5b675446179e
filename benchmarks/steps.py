"""Where the time of a step goes: the workflow's own distillation, and its own embedding.

The program `distill_student.py` trains a student on drawn sentence pairs, whose lengths are those
of translations. Spans are timed inside its trainer: waiting for a batch, the model's forward pass,
the teacher's vectors, the plan and the loss, the backward pass, the optimiser; what is left is the
trainer's own. Then `embed_column` embeds drawn passages, a part of which is tokenising, the model,
and writing. `--operators` prints what the profiler of PyTorch says of the same steps.

The model is random, of the demo's larger shape or of XLM-R base, with a small vocabulary. Prints
tables and, last, the sentence pairs per second.
"""

import argparse
import runpy
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from embed import SHAPES, WORDS, make_model
from machine import describe
from torch.profiler import ProfilerActivity, profile
from transformers import TrainerCallback

import optical.training.trainer
from optical.models import vector_stores
from optical.models.embedding import Embedder
from optical.retrieval.token_vectors import write_token_vectors
from optical.settings.distillation import Distillation

PROGRAM = Path(__file__).parents[1] / "workflow_scripts/distill_student.py"
distill_student = runpy.run_path(str(PROGRAM))["main"]
"""The program of the workflow, which is no part of the library."""

WARM = 2
DIMENSION = 128


class Spans:
    """Seconds of spans by name; what runs inside another span does not count for that one."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.open: list[float] = []
        self.counting = False

    @contextmanager
    def span(self, name: str):
        """Count what runs inside for this name."""
        start = time.perf_counter()
        self.open.append(0.0)
        yield
        taken, within = time.perf_counter() - start, self.open.pop()
        if self.open:
            self.open[-1] += taken
        if self.counting:
            self.seconds[name] += taken - within

    def timed(self, owner: object, method: str, name: str) -> None:
        """Have every call of a method be a span."""
        wrapped = getattr(owner, method)

        def call(*arguments, **options):
            with self.span(name):
                return wrapped(*arguments, **options)

        setattr(owner, method, call)

    def table(self, whole: float, steps: int, unit: str) -> None:
        """Print each span as a share of the whole, and what is left."""
        print(f"| part of a {unit} | ms | share |\n|---|--:|--:|")
        left = whole - sum(self.seconds.values())
        for name, taken in [*self.seconds.most_common(), ("the rest", left)]:
            print(f"| {name} | {1000 * taken / steps:.1f} | {100 * taken / whole:.1f} % |")
        print(f"| all | {1000 * whole / steps:.1f} | |\n")


class Watch(TrainerCallback):
    """Counts the steps after the first ones, and has the profiler look at them."""

    def __init__(self, trainer, spans: Spans, profiler) -> None:
        self.trainer, self.spans, self.profiler = trainer, spans, profiler
        self.start, self.whole, self.steps, self.pairs = 0.0, 0.0, 0, 0

    def on_train_begin(self, args, state, control, **_):
        """Time what the trainer has by now."""
        trainer, timed = self.trainer, self.spans.timed
        timed(trainer, "get_batch_samples", "waiting for a batch")
        timed(trainer, "compute_loss", "plan and loss")
        timed(trainer.model, "forward", "forward pass")
        timed(trainer.loss, "teacher_side", "teacher's vectors")
        timed(trainer.accelerator, "backward", "backward pass")
        timed(trainer, "_clip_grad_norm", "optimiser")
        timed(trainer.optimizer, "step", "optimiser")

    def on_step_end(self, args, state, control, **_):
        """Begin to count after the first steps, end with the last."""
        now, batches = time.perf_counter(), self.trainer.batches
        if state.global_step == WARM:
            self.start, self.spans.counting = now, True
            if self.profiler:
                self.profiler.start()
        elif state.global_step == state.max_steps:
            if self.profiler:
                self.profiler.stop()
            self.spans.counting = False
            self.whole, self.steps = now - self.start, state.max_steps - WARM
            self.pairs = batches.examples(state.max_steps) - batches.examples(WARM)


def sentences(number: int, seed: int, middle: int, longest: int) -> list[str]:
    """Texts of log-normal length."""
    rng = np.random.default_rng(seed)
    lengths = np.clip(rng.lognormal(np.log(middle), 0.6, number), 3, longest).astype(int)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def distil(folder: Path, settings: Distillation, pairs: int, profiler) -> Watch:
    """Run the program, and return what was counted."""
    sides = {"source": sentences(pairs, 1, 18, 120), "target": sentences(pairs, 2, 18, 120)}
    pq.write_table(pa.table(sides), folder / "bitext.parquet")
    tokenizer = Embedder.load(folder / "model").tokenizer
    rng = np.random.default_rng(3)

    def teacher():
        for text in sides["target"]:
            ids = np.array(tokenizer(text, truncation=True, max_length=settings.length).input_ids)
            vectors = rng.standard_normal((len(ids), DIMENSION), dtype=np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            yield ids, vectors.astype(np.float16)

    write_token_vectors(folder / "targets", teacher(), DIMENSION)
    watches = []
    run_training = optical.training.trainer.run_training

    def watched(trainer, *arguments, **options):
        watches.append(Watch(trainer, Spans(), profiler))
        trainer.add_callback(watches[0])
        run_training(trainer, *arguments, **options)

    optical.training.trainer.run_training = watched
    distill_student(
        start=folder / "model",
        teacher=folder / "model",
        targets=folder / "targets",
        bitext=folder / "bitext.parquet",
        method="optical",
        settings=settings,
        seed=1,
        output=folder / "student",
    )
    return watches[0]


def embedding(folder: Path, passages: int) -> tuple[Spans, float]:
    """Embed passages as the workflow does; returns spans and seconds."""
    texts = sentences(passages, 4, 55, 170)
    pq.write_table(pa.table({"text": texts}), folder / "passages.parquet")
    spans = Spans()
    spans.timed(vector_stores, "write_shard", "writing")
    spans.timed(vector_stores, "origin_of", "hashing what is read")
    spans.timed(Embedder, "load", "loading the model")
    spans.timed(Embedder, "token_ids", "tokenising")
    spans.timed(Embedder, "vectors", "model")
    spans.counting = True
    start = time.perf_counter()
    vector_stores.embed_column(
        folder / "model", folder / "passages.parquet", "text", folder / "store", task="document"
    )
    return spans, time.perf_counter() - start


def measure(arguments: argparse.Namespace) -> float:
    """Print all tables; returns sentence pairs per second."""
    if arguments.shape == "demo":
        SHAPES["demo"] = {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    activities = [ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * (device == "cuda")]
    profiler = profile(activities=activities) if arguments.operators else None
    settings = Distillation(
        steps=arguments.steps + WARM,
        batch_size=arguments.size,
        batch_tokens=arguments.tokens,
        length=64,
        marginals="idf",
        embeddings=arguments.embeddings,
        lora_rank=arguments.lora,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_model(folder, arguments.shape)
        start = time.perf_counter()
        watch = distil(folder, settings, arguments.pairs, profiler)
        taken = time.perf_counter() - start
        print(f"\n{describe(device)}\nXLM-R {arguments.shape}, embeddings {arguments.embeddings}, "
              f"LoRA {arguments.lora}, {watch.steps} steps of {watch.pairs / watch.steps:.0f} "
              f"pairs, {arguments.pairs} pairs in all\n")  # fmt: skip
        watch.spans.table(watch.whole, watch.steps, "step")
        print(f"the program, start and end and {watch.steps + WARM} steps: {taken:.1f} s\n")
        if profiler:
            print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=12))
        if arguments.passages:
            spans, whole = embedding(folder, arguments.passages)
            spans.table(whole, arguments.passages, f"passage, of {arguments.passages}")
    return watch.pairs / watch.whole


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=["demo", *SHAPES], default="demo", help="of the encoder")
    parser.add_argument("--steps", type=int, default=60, help="steps that are counted")
    parser.add_argument("--size", type=int, default=32, help="sentence pairs of a step")
    parser.add_argument("--tokens", type=int, help="tokens of a step, in place of pairs")
    parser.add_argument("--pairs", type=int, default=8000, help="pairs of the bitext")
    parser.add_argument("--embeddings", choices=["trained", "frozen"], default="frozen")
    parser.add_argument("--lora", type=int, help="rank")
    parser.add_argument("--passages", type=int, default=0, help="passages to embed as well")
    parser.add_argument("--operators", action="store_true", help="print the profile of operators")
    print(f"\npairs / s {measure(parser.parse_args()):.2f}")
