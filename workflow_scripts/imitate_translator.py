"""Make a translator of random weights like one of the hub, to try a study without the model."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from optical.runtime.program import run_program
from optical.settings.translation import TranslatorKind, TranslatorShape

TEXTS = 10_000
"""Texts of each language that the tokenizer is made of, at most."""


def main(
    *,
    text: list[Path],
    kind: TranslatorKind,
    codes: Sequence[str] = (),
    shape: TranslatorShape,
    seed: int,
    output: Path,
) -> None:
    """
    text: {language}.parquet: source, target
    kind: what the model of the hub is
    codes: what it calls the languages
    seed: seed of the weights
    output: folder to write
    """
    from transformers import set_seed

    from optical.models.imitated_translators import imitate
    from optical.runtime.files import atomic_path

    set_seed(seed)
    tokenizer, model = imitate(kind, list(texts_of(text)), shape, codes)
    with atomic_path(output) as temporary:
        for part in (model, tokenizer):
            part.save_pretrained(temporary)
    print(f"{len(tokenizer)} tokens, {model.num_parameters():,} parameters")


def texts_of(files: Sequence[Path]) -> Iterator[str]:
    """The first texts of each file, both sides of a pair."""
    import pyarrow.parquet as pq

    for file in files:
        for rows in islice(pq.ParquetFile(file).iter_batches(TEXTS), 1):
            for column in rows.columns:
                yield from filter(None, column.to_pylist())


if __name__ == "__main__":
    run_program(main)
