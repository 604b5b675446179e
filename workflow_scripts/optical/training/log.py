"""What a training writes down while it runs, and the guard that stops one that has collapsed."""

import json
import time
from collections.abc import Callable
from math import isfinite
from pathlib import Path

import torch
from torch.nn.functional import normalize
from transformers import TrainerCallback

from optical.runtime.energy import EnergyMeter
from optical.runtime.errors import InputError

NAME = "training.jsonl"
LEAST_SPREAD = 1e-6
"""Below this standard deviation of cosines, texts are told apart by rounding errors only. Students
that had collapsed (ten times too high a rate) stayed at 1e-7 to 7e-7; healthy ones pass 3e-5."""

PATIENCE = 10
"""Logs in a row, of the fifty of a training: a student may pass near one point on its way."""


class TrainingLog(TrainerCallback):
    """A line of JSON for each log of the trainer: step, loss, learning rate, seconds, examples.

    The file lies in the training folder and goes on where a resumed training goes on: later lines,
    written before a kill, are dropped. Seconds count training time, without the time between a kill
    and the restart; so do joules, where the machine tells them.

    Args:
        examples: how many examples were seen after a number of steps.
    """

    def __init__(self, examples: Callable[[int], int]) -> None:
        self.examples = examples

    def on_train_begin(self, args, state, control, **_):
        """Drop what was written after the step that the training resumes from."""
        self.path = Path(args.output_dir) / NAME
        self.before = {"seconds": 0.0, "joules": 0.0}
        self.start = time.monotonic()
        self.meter = EnergyMeter()
        if not state.is_world_process_zero:
            return
        lines = [line for line in read_log(self.path) if line["step"] <= state.global_step]
        if lines:
            self.before |= {name: lines[-1].get(name, 0.0) for name in self.before}
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def on_log(self, args, state, control, logs=None, **_):
        """Append what the trainer logs at a step."""
        if "loss" in logs:
            self.append(state, {name: value for name, value in logs.items() if name != "epoch"})

    def on_save(self, args, state, control, **_):
        """Write down the time at a checkpoint, from which a resumed training counts on."""
        self.append(state, {"checkpoint": True})

    def append(self, state, values: dict) -> None:
        """Append a line, from the first process only."""
        if not state.is_world_process_zero:
            return
        line = {
            "step": state.global_step,
            "seconds": round(self.before["seconds"] + time.monotonic() - self.start, 3),
            "examples": self.examples(state.global_step),
        }
        if (joules := self.meter.joules()) is not None:
            line["joules"] = round(self.before["joules"] + joules, 1)
        with open(self.path, "a") as file:
            file.write(json.dumps(line | values) + "\n")


def read_log(path: Path) -> list[dict]:
    """The lines of a training log; a last line that was cut off is left out."""
    lines = []
    if path.exists():
        for text in path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
    return lines


class CollapseGuard(TrainerCallback):
    """Logs the spread of similarities, and stops a training in which it has vanished.

    A model that gives all texts the same vectors has a small loss in distillation, and retrieves
    nothing. The spread is the standard deviation of the cosines between the mean vectors of the
    texts of a batch. Rounding to bfloat16 adds to it near the bound (1.6e-6 where it is 8.9e-7), so
    it is then that of a pass of its own, in float32 and without dropout.

    Args:
        model: the model that is trained.

    Raises:
        InputError: when the spread is below `LEAST_SPREAD` in `PATIENCE` logs in a row, and at
            once when it is not a finite number.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.watching, self.half = False, False
        self.spread: float | None = None
        self.low = 0
        model.register_forward_hook(self.watch, with_kwargs=True)

    def watch(self, model, inputs, options, output) -> None:
        """Take the spread of a batch, in the steps that are logged only."""
        if self.watching and len(output["token_embeddings"]) > 2:
            if self.half:
                output = in_float32(model, *inputs, **options)
            self.spread = spread(
                output["token_embeddings"].detach(), output["attention_mask"].bool()
            )

    def on_step_begin(self, args, state, control, **_):
        """Watch when this step will be logged."""
        self.half = args.bf16
        self.watching = (state.global_step + 1) % args.logging_steps == 0

    def on_log(self, args, state, control, logs=None, **_):
        """Add the spread to the log, for the callbacks that come after this one."""
        if self.spread is None or "loss" not in logs:
            return
        logs["spread"] = self.spread
        if not isfinite(self.spread):
            raise InputError(
                f"the training has diverged at step {state.global_step}: the model's vectors are "
                "not finite; a smaller learning rate may help"
            )
        self.low = self.low + 1 if self.spread < LEAST_SPREAD else 0
        if self.low == PATIENCE:
            raise InputError(
                f"the training has collapsed at step {state.global_step}: the similarities of "
                f"different texts spread by {self.spread:.1e}; a smaller learning rate may help"
            )


@torch.no_grad()
def in_float32(model: torch.nn.Module, features: dict, **options) -> dict:
    """What a model makes of features without autocast and dropout; its state is as before."""
    training = model.training
    model.eval()
    try:
        with torch.autocast(features["input_ids"].device.type, enabled=False):
            # Of the class: accelerate puts a forward pass with autocast in place of the model's.
            return type(model).forward(model, dict(features), **options)
    finally:
        model.train(training)


def spread(vectors: torch.Tensor, mask: torch.Tensor) -> float:
    """Standard deviation of the cosines between the mean vectors of texts.

    vectors: [B, n, d], mask: [B, n]; B at least 3.
    """
    means = normalize((vectors.float() * mask[..., None]).sum(dim=1), dim=-1)
    rows, columns = torch.triu_indices(len(means), len(means), offset=1)
    with torch.autocast(means.device.type, enabled=False):
        return (means @ means.T)[rows, columns].std().item()
