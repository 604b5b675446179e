"""Write the settings of a constructed world, which everything constructed follows from."""

import json
from dataclasses import asdict
from pathlib import Path

from optical.runtime.files import atomic_path
from optical.runtime.program import run_program
from optical.settings.constructed import Constructed


def main(*, settings: Constructed, output: Path) -> None:
    """
    output: world.json to write
    """
    with atomic_path(output) as temporary:
        temporary.write_text(json.dumps(asdict(settings), indent=2) + "\n")


if __name__ == "__main__":
    run_program(main)
