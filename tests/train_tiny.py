"""A tiny distillation, as a process that tests start, kill, and start again."""

import argparse
import json
import os
import signal
from pathlib import Path


def train(
    folder: Path,
    output: Path,
    *,
    steps=24,
    size=4,
    accumulation=1,
    tokens=None,
    every=4,
    kill_at=None,
    kill_in_checkpoint=None,
    learning_rate=0.01,
    rank=None,
    adapter=False,
    embeddings="trained",
    readers=0,
) -> None:
    """Distil the model in `folder`/start onto the vectors in `folder`/targets.

    every: steps between checkpoints. kill_at: end as by SIGKILL after this step; kill_in_checkpoint
    before this step's checkpoint is marked as whole. rank, embeddings: see `Adaptation`. adapter:
    whether what changed is saved alone. readers: processes that make batches.
    """
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback, set_seed

    from optical.retrieval.token_vectors import TokenVectors
    from optical.runtime.origin import origin_of
    from optical.settings.adaptation import Adaptation
    from optical.training import checkpoints
    from optical.training.batches import Batches
    from optical.training.collator import BitextCollator
    from optical.training.distillation import source_ids, tokenised
    from optical.training.students import begin
    from optical.training.trainer import show_progress, train_late_interaction
    from optical.transport.losses import OptimalTransportLoss

    class Every(checkpoints.Checkpoints):
        def on_step_end(self, args, state, control, **_):
            control.should_save = state.global_step % every == 0
            if state.global_step == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        def on_save(self, args, state, control, **more):
            if state.global_step == kill_in_checkpoint:
                os.kill(os.getpid(), signal.SIGKILL)
            super().on_save(args, state, control, **more)

    import optical.training.trainer

    optical.training.trainer.Checkpoints = Every
    optical.training.trainer.readers = lambda: readers
    assert issubclass(Every, TrainerCallback)
    show_progress()
    torch.set_num_threads(1)
    set_seed(1)
    sentences = json.loads((folder / "sentences.json").read_text())
    targets = TokenVectors(folder / "targets")
    student, writer = begin(
        folder / "start",
        output,
        Adaptation(lora_rank=rank, embeddings=embeddings),
        adapter=adapter,
        precision="float32",
    )
    pairs = Dataset.from_dict({"source": sentences, "label": range(len(sentences))})
    pairs = tokenised(student, pairs)
    lengths = None if tokens is None else [len(ids) for ids in source_ids(student, pairs)]
    train_late_interaction(
        student,
        pairs,
        OptimalTransportLoss(student, targets=targets),
        output,
        collator=BitextCollator(student, targets),
        batches=Batches(
            len(sentences),
            number=steps * accumulation,
            seed=1,
            size=None if tokens else size,
            tokens=tokens,
            lengths=lengths,
        ),
        card="",
        writer=writer,
        origin=origin_of(
            folder=folder, steps=steps, size=size, learning_rate=learning_rate, rank=rank
        ),
        accumulation=accumulation,
        steps=steps,
        learning_rate=learning_rate,
        seed=1,
    )


def train_linear(output: Path) -> None:
    """Train a layer for two steps, to learn what is left beside what it made."""
    import torch
    from transformers import TrainingArguments

    from optical.training.log import TrainingLog
    from optical.training.trainer import OrderedTrainer, run_training, training_arguments

    class Linear(torch.nn.Linear):
        def forward(self, vectors):
            return {"loss": super().forward(vectors).square().mean()}

    trainer = OrderedTrainer(
        model=Linear(2, 2),
        args=training_arguments(TrainingArguments, output, steps=2, learning_rate=0.1, seed=1),
        train_dataset=[{"vectors": torch.ones(2)}] * 4,
        callbacks=[TrainingLog(lambda step: step)],
    )
    run_training(trainer, output, {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--accumulation", type=int, default=1)
    train(**vars(parser.parse_args()))
