"""Translate queries with a sequence-to-sequence model."""

from pathlib import Path

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.translation import Decoding


def main(
    *,
    translator: Path,
    queries: Path,
    settings: Decoding,
    output: Path,
    source_code: str | None = None,
    target_code: str | None = None,
    most: int | None = None,
) -> None:
    """
    translator: folder of the model
    queries: queries, id<TAB>text a line
    output: queries to write (.tsv)
    source_code: the model's code of the language, if it has many
    target_code: the model's code of the language to write
    most: how many queries, the first of the file; all of them if not given
    """
    take_gpus(1)

    from optical.training.translation import translate_file

    number = translate_file(
        translator,
        queries,
        output,
        length=settings.length,
        beams=settings.beams,
        source=source_code,
        target=target_code,
        most=most,
    )
    print(f"{number} queries translated")


if __name__ == "__main__":
    run_program(main)
