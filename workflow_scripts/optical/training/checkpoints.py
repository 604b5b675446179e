"""Resuming a training to the bit: whole checkpoints, of this very training, one process at a time.

What is not finished lies in a folder beside the output, {output}.training: checkpoints, a lock, and
the training log. It is removed when the output is there.
"""

import json
import time
from pathlib import Path

import torch
from transformers import TrainerCallback

from optical.runtime.files import remove

SECONDS = 300
"""Training time between two checkpoints: what a kill costs at most."""

MARKER = "whole.json"


def training_folder(output: str | Path) -> Path:
    """Where a trainer keeps what is not finished: beside the output, which is whole or absent."""
    output = Path(output)
    return output.with_name(f"{output.name}.training")


def newest_whole(folder: Path, identity: str) -> Path | None:
    """The last checkpoint that was written to its end, by this training; others are removed."""
    checkpoints = sorted(
        folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), reverse=True
    )
    whole = next((path for path in checkpoints if is_whole(path, identity)), None)
    for path in checkpoints:
        if path != whole:
            remove(path)
    return whole


def is_whole(checkpoint: Path, identity: str) -> bool:
    """Whether a checkpoint has its marker, all files that the marker names, and this identity."""
    try:
        marker = json.loads((checkpoint / MARKER).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return marker["fingerprint"] == identity and marker["sizes"] == sizes(checkpoint)


def sizes(checkpoint: Path) -> dict[str, int]:
    """{name: bytes} of a checkpoint's files, the marker aside."""
    return {
        file.relative_to(checkpoint).as_posix(): file.stat().st_size
        for file in sorted(checkpoint.rglob("*"))
        if file.is_file() and file.name != MARKER
    }


class Checkpoints(TrainerCallback):
    """Has the trainer write a checkpoint every so often, marks it when it is whole, keeps one.

    Args:
        identity: the training's `fingerprint`.
        seconds: training time between two checkpoints.
    """

    def __init__(self, identity: str, seconds: float = SECONDS) -> None:
        self.identity = identity
        self.seconds = seconds
        self.last = time.monotonic()

    def on_train_begin(self, args, state, control, **_):
        """Count the time from here."""
        self.last = time.monotonic()

    def on_step_end(self, args, state, control, **_):
        """Ask for a checkpoint when it is time; the last step's is the output itself."""
        due = time.monotonic() - self.last >= self.seconds and state.global_step < state.max_steps
        control.should_save = agreed(due, args.device)

    def on_save(self, args, state, control, **_):
        """Mark the checkpoint as whole once every process has written its part."""
        if torch.distributed.is_initialized():
            torch.distributed.barrier()
        if state.is_world_process_zero:
            written = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            marker = {"fingerprint": self.identity, "sizes": sizes(written)}
            (written / MARKER).write_text(json.dumps(marker))
            newest_whole(Path(args.output_dir), self.identity)
        self.last = time.monotonic()


def agreed(answer: bool, device: torch.device) -> bool:
    """What the first process answers, in all of them: their clocks differ."""
    if not torch.distributed.is_initialized():
        return answer
    shared = torch.tensor(answer, dtype=torch.uint8, device=device)
    torch.distributed.broadcast(shared, src=0)
    return bool(shared)
