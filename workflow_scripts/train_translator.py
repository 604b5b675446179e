"""Train a small translator from scratch on the bitext of one language."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus

# Pairs that the tokenizer is trained on.
TOKENIZER_PAIRS = 100_000


def main(
    bitext: Path,
    reverse: bool,
    layers: int,
    width: int,
    heads: int,
    vocabulary: int,
    length: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    output: Path,
) -> None:
    take_gpus(1)

    settings = {name: value for name, value in locals().items() if name != "output"}

    from transformers import TrainingArguments, set_seed

    from optical.models.tokenizer import train_tokenizer
    from optical.runtime.origin import origin_of
    from optical.training.log import TrainingLog
    from optical.training.trainer import run, show_progress, training_arguments
    from optical.training.translation import (
        PairCollator,
        ShuffledPairs,
        TranslationTrainer,
        new_translator,
    )

    show_progress()
    set_seed(seed)
    pairs = ShuffledPairs(bitext, reverse=reverse, draws=steps * batch_size, seed=seed)
    tokenizer = train_tokenizer(pairs.sentences(TOKENIZER_PAIRS), vocabulary)
    model = new_translator(tokenizer, layers=layers, width=width, heads=heads, length=length)
    print(f"{len(tokenizer)} pieces, {model.num_parameters():,} parameters", flush=True)
    trainer = TranslationTrainer(
        model=model,
        args=training_arguments(
            TrainingArguments,
            output,
            steps=steps,
            learning_rate=learning_rate,
            seed=seed,
            per_device_train_batch_size=batch_size,
            remove_unused_columns=False,
        ),
        train_dataset=pairs,
        data_collator=PairCollator(tokenizer, length),
        callbacks=[TrainingLog(lambda step: step * batch_size)],
    )
    run(trainer, output, origin_of(**settings), model.save_pretrained, tokenizer.save_pretrained)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bitext", type=Path, required=True, help="bitext (.parquet)")
    parser.add_argument(
        "--reverse", action="store_true", help="translate from the pivot into the language"
    )
    parser.add_argument("--layers", type=int, required=True, help="layers to read, and to write")
    parser.add_argument("--width", type=int, required=True, help="hidden size")
    parser.add_argument("--heads", type=int, required=True, help="attention heads")
    parser.add_argument("--vocabulary", type=int, required=True, help="pieces of both languages")
    parser.add_argument("--length", type=int, required=True, help="tokens of a sentence")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    parser.add_argument("--batch-size", type=int, required=True, help="sentence pairs a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument("--seed", type=int, required=True, help="seed of weights and order")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
