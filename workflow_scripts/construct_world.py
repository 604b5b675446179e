"""Write the settings of a constructed world, which everything constructed follows from."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from optical.corpora.constructed import World
from optical.runtime.files import atomic_path, run_program


def main(output: Path, **settings) -> None:
    with atomic_path(output) as temporary:
        temporary.write_text(json.dumps(asdict(World(**settings)), indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="seed of the world")
    parser.add_argument("--entities", type=int, required=True, help="number of entities")
    parser.add_argument("--relations", type=int, required=True, help="number of relations")
    parser.add_argument("--zipf", type=float, required=True, help="exponent of their frequencies")
    parser.add_argument(
        "--facts-per-passage", type=int, required=True, help="sentences in a passage"
    )
    parser.add_argument("--passages", type=int, required=True, help="size of the test collection")
    parser.add_argument("--queries", type=int, required=True, help="queries of the collection")
    parser.add_argument("--output", type=Path, required=True, help="world.json to write")
    run_program(lambda: main(**vars(parser.parse_args())))
