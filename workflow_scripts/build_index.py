"""Build the index over the token vectors of a collection's passages."""

import argparse
from pathlib import Path

from optical.retrieval.token_index import build_index
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus


def main(vectors: Path, kind: str, codec: str, centroids: int | None, output: Path) -> None:
    take_gpus(1)

    settings = {} if kind == "exact" else {"codec": codec, "centroids": centroids}
    build_index(TokenVectors(vectors), output, kind=kind, **settings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, required=True, help="folder of token vectors")
    parser.add_argument("--kind", choices=["auto", "exact", "approximate"], default="auto")
    approximate = parser.add_argument_group("approximate", "settings of an approximate index")
    approximate.add_argument(
        "--codec", choices=["int8", "float16", "pq"], default="int8", help="how vectors are kept"
    )
    approximate.add_argument("--centroids", type=int, help="their number, by default of the size")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
