"""Make a whole model of a student that was kept as an adapter, so that every library loads it."""

import shutil
from pathlib import Path

from optical.runtime.program import run_program


def main(*, model: Path, output: Path) -> None:
    """
    model: folder of the adapter, which names its base
    output: folder to write
    """
    from optical.models.adapters import card_of, load_merged
    from optical.models.export import save_for_all
    from optical.runtime.files import atomic_path

    merged = load_merged(model)
    with atomic_path(output) as temporary:
        save_for_all(temporary, merged, card_of(model))
        for name in ("provenance.json", "training.jsonl"):
            shutil.copy(model / name, temporary / name)


if __name__ == "__main__":
    run_program(main)
