"""Translate queries with a sequence-to-sequence model."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus


def main(
    translator: Path,
    queries: Path,
    length: int,
    beams: int,
    output: Path,
    source_code: str | None = None,
    target_code: str | None = None,
) -> None:
    take_gpus(1)

    from optical.training.translation import translate_file

    settings = {"length": length, "beams": beams, "source": source_code, "target": target_code}
    number = translate_file(translator, queries, output, **settings)
    print(f"{number} queries translated")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--translator", type=Path, required=True, help="folder of the model")
    parser.add_argument("--queries", type=Path, required=True, help="queries, id<TAB>text a line")
    parser.add_argument("--length", type=int, required=True, help="tokens of a text at most")
    parser.add_argument("--beams", type=int, required=True, help="beams of the search; 1: greedy")
    parser.add_argument("--source-code", help="the model's code of the language, if it has many")
    parser.add_argument("--target-code", help="the model's code of the language to write")
    parser.add_argument("--output", type=Path, required=True, help="queries to write (.tsv)")
    run_program(lambda: main(**vars(parser.parse_args())))
