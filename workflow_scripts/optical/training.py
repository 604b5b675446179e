"""The one place that builds a trainer: precision, schedule, logging."""

import logging
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers import (
    MultiVectorEncoder,
    MultiVectorEncoderTrainer,
    MultiVectorEncoderTrainingArguments,
)
from transformers import TrainingArguments
from transformers.utils import logging as transformers_logging

from optical.files import atomic_path, remove


def training_folder(output: str | Path) -> Path:
    """Where a trainer keeps what is not finished: beside the output, which is whole or absent."""
    output = Path(output)
    return output.with_name(f"{output.name}.training")


def training_arguments(
    kind: type[TrainingArguments],
    output: str | Path,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    **more,
) -> TrainingArguments:
    """The settings that every training shares: a warm-up over a tenth, then linear decay to zero.

    bfloat16 where the GPU has it, float32 elsewhere. The loss goes to the log fifty times.
    """
    return kind(
        output_dir=str(training_folder(output)),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        warmup_steps=steps // 10,
        lr_scheduler_type="linear",
        seed=seed,
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        logging_steps=max(1, steps // 50),
        logging_first_step=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=False,
        **more,
    )


def train_late_interaction(
    model: MultiVectorEncoder,
    examples: Dataset,
    loss: torch.nn.Module,
    output: str | Path,
    *,
    columns: dict[str, str],
    **settings,
) -> None:
    """Train a late-interaction model on examples and save it to the folder `output`.

    columns: whether each text column holds a "query" or a "document", which decides its marker.
    settings: those of `training_arguments`.
    """
    arguments = training_arguments(
        MultiVectorEncoderTrainingArguments,
        output,
        prompts={column: model.prompts[task] for column, task in columns.items()},
        **settings,
    )
    MultiVectorEncoderTrainer(
        model=model, args=arguments, train_dataset=examples, loss=loss
    ).train()
    save(output, model)


def show_progress() -> None:
    """Log what the libraries say as lines, without the advice that concerns their developers."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    transformers_logging.set_verbosity_error()


def save(output: str | Path, *parts) -> None:
    """Save a finished model, and what belongs to it, as one folder that is whole or absent."""
    with atomic_path(output) as temporary:
        for part in parts:
            part.save_pretrained(str(temporary))
    remove(training_folder(output))
