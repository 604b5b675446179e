"""Fetch an encoder from the Hugging Face hub at a fixed revision, or copy one from a folder."""

import argparse
import shutil
from pathlib import Path

from optical.files import atomic_path, run_program

# Weights in the one format that is safe to load, the configuration, and any tokenizer's files.
PATTERNS = ["config.json", "*.safetensors*", "*token*", "*.model", "*.txt"]


def main(hub: str | None, revision: str | None, folder: Path | None, output: Path) -> None:
    with atomic_path(output) as temporary:
        if hub:
            from huggingface_hub import snapshot_download

            snapshot_download(hub, revision=revision, local_dir=temporary, allow_patterns=PATTERNS)
        else:
            temporary.mkdir()
            for pattern in PATTERNS:
                for file in folder.glob(pattern):
                    shutil.copy2(file, temporary)
        for pattern in ("config.json", "*.safetensors"):
            if not any(temporary.glob(pattern)):
                raise ValueError(f"{hub or folder}: no {pattern}; expected a transformers encoder")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hub", help="hub id, such as FacebookAI/xlm-roberta-base")
    source.add_argument("--folder", type=Path, help="folder of an encoder on this machine")
    parser.add_argument("--revision", help="commit of the hub model")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
