"""Gather the text of one language that encoders are pre-trained on."""

from pathlib import Path

from optical.corpora.pretraining_text import write_text
from optical.runtime.program import run_program


def main(
    *,
    language: str,
    origin: Path,
    texts: int,
    output: Path,
) -> None:
    """
    language: language of the text
    origin: a constructed world.json, a bitext .parquet, or a training set's folder
    texts: texts to take at most
    output: text to write (.parquet)
    """
    written = write_text(output, origin, language, texts)
    print(f"{written} texts of {language}")


if __name__ == "__main__":
    run_program(main)
