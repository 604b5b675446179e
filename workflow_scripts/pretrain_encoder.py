"""Pre-train an XLM-R encoder and its tokenizer from scratch on multilingual text."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus

# Texts the tokenizer is trained on, and texts the finished encoder is tried on.
TOKENIZER_TEXTS, TRIED_TEXTS = 200_000, 2_048


def main(
    text: list[Path],
    layers: int,
    width: int,
    heads: int,
    vocabulary: int,
    exponent: float,
    masked: float,
    contrast: float,
    length: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    largest_loss: float,
    seed: int,
    output: Path,
) -> None:
    take_gpus(1)

    settings = {name: value for name, value in locals().items() if name not in ("text", "output")}

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
    from optical.training.trainer import run, show_progress, training_arguments

    show_progress()
    set_seed(seed)
    files = {file.stem: file for file in text}
    draws = SampledText(files, draws=steps * batch_size, exponent=exponent, seed=seed)
    print(f"training a tokenizer on {min(len(draws), TOKENIZER_TEXTS)} texts", flush=True)
    tokenizer = train_tokenizer(draws.sentences(min(len(draws), TOKENIZER_TEXTS)), vocabulary)
    collator = MaskingCollator(tokenizer, length=length, masked=masked)
    model = new_masked_model(tokenizer, layers=layers, width=width, heads=heads)
    print(f"{len(tokenizer)} pieces, {model.num_parameters():,} parameters", flush=True)
    arguments = training_arguments(
        TrainingArguments,
        output,
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
        per_device_train_batch_size=batch_size,
        remove_unused_columns=False,
    )
    trainer = PretrainingTrainer(
        model=model,
        args=arguments,
        train_dataset=draws,
        data_collator=collator,
        contrast=contrast,
        callbacks=[TrainingLog(lambda step: step * batch_size)],
    )

    def check() -> None:
        """Refuse a half-trained encoder: one is worse than none."""
        tried = SampledText(files, draws=TRIED_TEXTS, exponent=exponent, seed=seed + 1)
        loss = mean_loss(model, collator, tried, batch_size)
        entropy = unigram_entropy(tokenizer, tried.sentences(TRIED_TEXTS))
        share = loss / entropy
        print(f"loss {loss:.3f} nats, unigram entropy {entropy:.3f} nats: {share:.2f} of it")
        if share > largest_loss:
            raise ValueError(
                f"the encoder is half-trained: its loss is {share:.2f} of the unigram entropy,"
                f" expected at most {largest_loss}; give pretraining more steps"
            )

    writers = [model.save_pretrained, tokenizer.save_pretrained]
    run(trainer, output, origin_of(**settings, **files), *writers, check=check)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="{language}.parquet: source, target"
    )
    parser.add_argument("--layers", type=int, required=True, help="transformer layers")
    parser.add_argument("--width", type=int, required=True, help="hidden size")
    parser.add_argument("--heads", type=int, required=True, help="attention heads")
    parser.add_argument("--vocabulary", type=int, required=True, help="pieces of the tokenizer")
    parser.add_argument(
        "--exponent", type=float, required=True, help="languages are drawn by size ** exponent"
    )
    parser.add_argument("--masked", type=float, required=True, help="share of masked tokens")
    parser.add_argument(
        "--contrast", type=float, required=True, help="weight of the contrast of translations"
    )
    parser.add_argument("--length", type=int, required=True, help="tokens of a text or pair")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    parser.add_argument("--batch-size", type=int, required=True, help="texts or pairs a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument(
        "--largest-loss",
        type=float,
        required=True,
        help="share of the unigram entropy above which the encoder is refused",
    )
    parser.add_argument("--seed", type=int, required=True, help="seed of weights and sampling")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
