"""The one place that builds a trainer: precision, schedule, batches, resuming, logging."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import MappingProxyType

import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from sentence_transformers import (
    MultiVectorEncoder,
    MultiVectorEncoderTrainer,
    MultiVectorEncoderTrainingArguments,
)
from torch.utils.data import SequentialSampler
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.utils import logging as transformers_logging

from optical.models.export import save_for_all
from optical.models.precision import has_bfloat16
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path, lock, remove
from optical.runtime.origin import fingerprint
from optical.runtime.processes import world_size
from optical.training.batches import Batches
from optical.training.checkpoints import (
    Checkpoints,
    newest_whole,
    training_folder,
)
from optical.training.collator import BitextCollator, readers
from optical.training.log import NAME, CollapseGuard, TrainingLog

logger = logging.getLogger(__name__)

WEIGHTS = "model.safetensors"
"""The file of a checkpoint's weights."""


def training_arguments(
    kind: type[TrainingArguments],
    output: str | Path,
    *,
    steps: int,
    learning_rate: float,
    seed: int,
    accumulation: int = 1,
    **more,
) -> TrainingArguments:
    """The settings that every training shares: a warm-up over a tenth, then linear decay to zero.

    accumulation: batches of a step; several processes share them. bfloat16 where the GPU has it,
    float32 elsewhere. The loss goes to the log fifty times.

    Raises InputError when the batches of a step cannot be shared by the processes.
    """
    processes = world_size()
    if accumulation % processes:
        raise InputError(
            f"accumulation {accumulation} cannot be shared by {processes} processes; "
            f"expected a multiple of {processes}"
        )
    return kind(
        output_dir=str(training_folder(output)),
        max_steps=steps,
        gradient_accumulation_steps=accumulation // processes,
        learning_rate=learning_rate,
        warmup_steps=steps // 10,
        lr_scheduler_type="linear",
        seed=seed,
        # Without a GPU, accelerate makes one training of several processes only if told so.
        use_cpu=processes > 1 and not torch.cuda.is_available(),
        bf16=has_bfloat16(),
        logging_steps=max(1, steps // 50),
        logging_first_step=True,
        # To leave out a loss that is not finite would be to wait for each. What makes one is found
        # by `late_checks.Look`, `CollapseGuard` or `run_training`.
        logging_nan_inf_filter=False,
        save_strategy="no",  # `Checkpoints` says when
        report_to="none",
        disable_tqdm=False,
        # The batches are ours, of any size; see `Batches`.
        accelerator_config={
            "even_batches": False,
            "dispatch_batches": False,
            "non_blocking": True,  # from pinned memory, while the GPU computes
        },
        **more,
    )


class LateInteractionTrainer(MultiVectorEncoderTrainer):
    """The trainer of sentence-transformers on batches of ours.

    Its checkpoints hold the weights that it trains: the others are those it started from.
    """

    def __init__(self, *arguments, batches: Batches, **more) -> None:
        super().__init__(*arguments, **more)
        self.batches = batches

    def get_batch_sampler(self, *_, **__) -> Batches:
        """The batches, for the trainer's data loader."""
        return self.batches

    def add_model_card_callback(self, default_args_dict: dict[str, object]) -> None:
        """None: the card is of ours, and the library's would read through the examples."""

    def trained(self) -> dict[str, torch.Tensor]:
        """The weights that are trained, by name."""
        named = self.model.named_parameters()
        return {name: weight.detach() for name, weight in named if weight.requires_grad}

    def _save(self, output_dir: str | None = None, state_dict=None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: weight.cpu().contiguous() for name, weight in self.trained().items()}
        save_file(weights, folder / WEIGHTS)

    def _load_from_checkpoint(self, checkpoint_path: str) -> None:
        saved, trained = load_file(Path(checkpoint_path, WEIGHTS)), self.trained()
        if saved.keys() != trained.keys():
            raise ValueError(f"{checkpoint_path}: of other weights than those that are trained")
        for name, weight in trained.items():
            weight.copy_(saved[name])


class OrderedTrainer(Trainer):
    """The trainer of transformers on a data set that is in random order already.

    A resumed training finds its place in it again.
    """

    def _get_train_sampler(self, train_dataset: torch.utils.data.Dataset | None = None):
        return SequentialSampler(train_dataset or self.train_dataset)


def train_late_interaction(
    model: MultiVectorEncoder,
    examples: Dataset,
    loss: torch.nn.Module,
    output: str | Path,
    *,
    batches: Batches,
    columns: Mapping[str, str] = MappingProxyType({}),
    collator: BitextCollator | None = None,
    origin: dict[str, object],
    card: str,
    writer: Callable[..., object] | None = None,
    callbacks: Sequence[TrainerCallback] = (),
    accumulation: int = 1,
    **settings,
) -> None:
    """Train a late-interaction model on examples and save it to the folder `output`.

    batches: as many as there are steps, times `accumulation`. columns: whether each text column
    holds a "query" or a "document", which decides its marker. collator: makes batches of examples
    that are no texts, see `readers` for where. origin: the `origin_of` the
    training, whose checkpoints are used. card: the model card. writer: saves the model in a folder,
    with a card, in place of `save_for_all`. callbacks: called before those of every training, such
    as `late_checks.Look`. settings: those of `training_arguments`.
    """
    arguments = training_arguments(
        MultiVectorEncoderTrainingArguments,
        output,
        prompts={column: model.prompts[task] for column, task in columns.items()},
        accumulation=accumulation,
        dataloader_num_workers=readers() if collator else 0,
        **settings,
    )
    trainer = LateInteractionTrainer(
        model=model,
        args=arguments,
        train_dataset=examples,
        data_collator=collator,
        loss=loss,
        batches=batches,
        callbacks=[
            *callbacks,
            CollapseGuard(model),
            TrainingLog(lambda step: batches.examples(step * accumulation)),
        ],
    )
    save = writer if writer else partial(save_for_all, model=model)
    run_training(trainer, output, origin, partial(save, card=card))


def run_training(
    trainer: Trainer,
    output: str | Path,
    origin: dict[str, object],
    *writers: Callable[[Path], object],
    check: Callable[[], None] = lambda: None,
) -> None:
    """Run a training to its end, from its last checkpoint if it has one, and save what it made.

    origin: the `origin_of` the training. check: raises when the result is not worth saving.
    Raises InputError when another process has the training, and for weights that are not finite.
    """
    folder, identity = training_folder(output), fingerprint(origin)
    trainer.add_callback(Checkpoints(identity))
    first = trainer.is_world_process_zero()
    with lock(folder) if first else nullcontext():
        checkpoint = newest_whole(folder, identity) if first else None
        trainer.accelerator.wait_for_everyone()
        checkpoint = checkpoint or newest_whole(folder, identity)
        if checkpoint:
            logger.info("going on from %s", checkpoint)
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except FloatingPointError as error:  # of a loss, in a step that the guard does not watch
            raise InputError(
                f"the training has diverged: {error}; a smaller learning rate may help"
            ) from error
        if first:
            if not all(weight.isfinite().all() for weight in trainer.model.parameters()):
                raise InputError(
                    "the training has diverged: weights are not finite; "
                    "a smaller learning rate may help"
                )
            check()
            log = partial(shutil.copy, folder / NAME)
            save(output, *writers, log, partial(write_provenance, origin))
    if first:
        remove(folder)


def write_provenance(origin: dict[str, object], folder: Path) -> None:
    """Write what shaped a training beside what it made."""
    (folder / "provenance.json").write_text(json.dumps(origin, indent=2) + "\n")


def show_progress() -> None:
    """Log what the libraries say as lines, without the advice that concerns their developers."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    transformers_logging.set_verbosity_error()


def save(output: str | Path, *writers: Callable[[Path], object]) -> None:
    """Save what writers put into one folder, such as the `save_pretrained` of a model.

    The folder is whole or absent.
    """
    with atomic_path(output) as temporary:
        temporary.mkdir()
        for write in writers:
            write(temporary)
