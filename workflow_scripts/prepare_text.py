"""Gather the text of one language that encoders are pre-trained on."""

import argparse
from pathlib import Path

from optical.corpora.text import write_text
from optical.runtime.files import run_program


def main(language: str, origin: Path, texts: int, output: Path) -> None:
    written = write_text(output, origin, language, texts)
    print(f"{written} texts of {language}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", required=True, help="language of the text")
    parser.add_argument(
        "--from",
        dest="origin",
        type=Path,
        required=True,
        metavar="PATH",
        help="a constructed world.json, a bitext .parquet, or a training set's folder",
    )
    parser.add_argument("--texts", type=int, required=True, help="texts to take at most")
    parser.add_argument("--output", type=Path, required=True, help="text to write (.parquet)")
    run_program(lambda: main(**vars(parser.parse_args())))
