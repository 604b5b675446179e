"""Build the FAISS index over the token vectors of a collection's passages."""

import argparse
from pathlib import Path

from optical.files import atomic_path, run_program
from optical.token_index import build_index, write_index
from optical.token_vectors import TokenVectors


def main(vectors: Path, factory: str, output: Path) -> None:
    with atomic_path(output) as temporary:
        write_index(build_index(TokenVectors(vectors), factory), temporary)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="folder of token vectors")
    parser.add_argument("--factory", required=True, help="FAISS index factory string, as Flat")
    parser.add_argument("--output", type=Path, required=True, help="index to write (.faiss)")
    run_program(lambda: main(**vars(parser.parse_args())))
