"""Train a small translator from scratch on the bitext of one language."""

from pathlib import Path

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.translation import Translator

# Pairs that the tokenizer is trained on.
TOKENIZER_PAIRS = 100_000


def main(*, bitext: Path, reverse: bool = False, settings: Translator, output: Path) -> None:
    """
    bitext: bitext (.parquet)
    reverse: translate from the pivot into the language
    output: folder to write
    """
    take_gpus(1)

    from transformers import TrainingArguments, set_seed

    from optical.models.tokenizer import train_tokenizer
    from optical.runtime.origin import origin_of
    from optical.training.log import TrainingLog
    from optical.training.trainer import run_training, show_progress, training_arguments
    from optical.training.translation import (
        PairCollator,
        ShuffledPairs,
        TranslationTrainer,
        new_translator,
    )

    show_progress()
    set_seed(settings.seed)
    number = settings.steps * settings.batch_size
    pairs = ShuffledPairs(bitext, reverse=reverse, draws=number, seed=settings.seed)
    tokenizer = train_tokenizer(pairs.sentences(TOKENIZER_PAIRS), settings.vocabulary)
    model = new_translator(
        tokenizer,
        layers=settings.layers,
        width=settings.width,
        heads=settings.heads,
        length=settings.length,
    )
    print(f"{len(tokenizer)} pieces, {model.num_parameters():,} parameters", flush=True)
    trainer = TranslationTrainer(
        model=model,
        args=training_arguments(
            TrainingArguments,
            output,
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            seed=settings.seed,
            per_device_train_batch_size=settings.batch_size,
            remove_unused_columns=False,
        ),
        train_dataset=pairs,
        data_collator=PairCollator(tokenizer, settings.length),
        callbacks=[TrainingLog(lambda step: step * settings.batch_size)],
    )
    origin = origin_of(settings, bitext=bitext, reverse=reverse)
    run_training(trainer, output, origin, model.save_pretrained, tokenizer.save_pretrained)


if __name__ == "__main__":
    run_program(main)
