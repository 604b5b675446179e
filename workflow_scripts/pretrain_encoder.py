"""Pre-train an encoder and its tokenizer from scratch on multilingual text."""

from pathlib import Path

from optical.runtime.errors import InputError
from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.encoder import Pretraining, Shape

# Texts the tokenizer is trained on, and texts the finished encoder is tried on.
TOKENIZER_TEXTS, TRIED_TEXTS = 200_000, 2_048

BYTE_PAIRS = ("modernbert", "eurobert")
"""Architectures whose models have byte pairs."""


def main(*, text: list[Path], shape: Shape, settings: Pretraining, output: Path) -> None:
    """
    text: {language}.parquet: source, target
    output: folder to write
    """
    take_gpus(1)

    from transformers import TrainingArguments, set_seed

    from optical.models.encoders import new_masked_model
    from optical.models.tokenizer import train_tokenizer
    from optical.runtime.origin import origin_of
    from optical.training.log import TrainingLog
    from optical.training.pretraining import (
        MaskingCollator,
        PretrainingTrainer,
        SampledText,
        mean_loss,
        unigram_entropy,
    )
    from optical.training.trainer import run_training, show_progress, training_arguments

    show_progress()
    set_seed(settings.seed)
    files = {file.stem: file for file in text}
    exponent, seed = settings.exponent, settings.seed
    number = settings.steps * settings.batch_size
    draws = SampledText(files, draws=number, exponent=exponent, seed=seed)
    print(f"training a tokenizer on {min(len(draws), TOKENIZER_TEXTS)} texts", flush=True)
    tokenizer = train_tokenizer(
        draws.sentences(min(len(draws), TOKENIZER_TEXTS)),
        shape.vocabulary,
        byte_pairs=shape.architecture in BYTE_PAIRS,
    )
    collator = MaskingCollator(tokenizer, length=settings.length, masked=settings.masked)
    model = new_masked_model(
        tokenizer,
        layers=shape.layers,
        width=shape.width,
        heads=shape.heads,
        architecture=shape.architecture,
    )
    print(f"{len(tokenizer)} pieces, {model.num_parameters():,} parameters", flush=True)
    arguments = training_arguments(
        TrainingArguments,
        output,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=seed,
        per_device_train_batch_size=settings.batch_size,
        remove_unused_columns=False,
    )
    trainer = PretrainingTrainer(
        model=model,
        args=arguments,
        train_dataset=draws,
        data_collator=collator,
        contrast=settings.contrast,
        callbacks=[TrainingLog(lambda step: step * settings.batch_size)],
    )

    def check() -> None:
        """Refuse a half-trained encoder: one is worse than none."""
        tried = SampledText(files, draws=TRIED_TEXTS, exponent=exponent, seed=seed + 1)
        loss = mean_loss(model, collator, tried, settings.batch_size)
        entropy = unigram_entropy(tokenizer, tried.sentences(TRIED_TEXTS))
        share = loss / entropy
        print(f"loss {loss:.3f} nats, unigram entropy {entropy:.3f} nats: {share:.2f} of it")
        if not share <= settings.largest_loss:  # NaN is no loss either
            raise InputError(
                f"the encoder is half-trained: its loss is {share:.2f} of the unigram entropy,"
                f" expected at most {settings.largest_loss}; give pretraining more steps"
            )

    writers = [model.save_pretrained, tokenizer.save_pretrained]
    run_training(trainer, output, origin_of(shape, settings, **files), *writers, check=check)


if __name__ == "__main__":
    run_program(main)
