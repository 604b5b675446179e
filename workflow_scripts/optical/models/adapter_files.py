"""The folder of a student that was kept as an adapter: what it says of the model that it needs.

An adapter is what a training changed. It is of use with its base alone, the model that the training
started as, which lies elsewhere and is shared by all students of an encoder:

    adapter.json                 the base, its SHA-256, and what the other files are
    changed.safetensors          tensors that were trained themselves
    adapter_config.json, adapter_model.safetensors
                                 with LoRA, as `peft` writes them
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from optical.models.layouts import ENCODER_WEIGHTS, PROJECTION_WEIGHTS
from optical.runtime.errors import InputError
from optical.runtime.files import sha256

ABOUT, CHANGED = "adapter.json", "changed.safetensors"
LORA_WEIGHTS = "adapter_model.safetensors"
WEIGHTS = (ENCODER_WEIGHTS, PROJECTION_WEIGHTS)
"""The files of a base that hold its weights."""


@dataclass(frozen=True)
class Adapter:
    """An adapter's folder, and what it says.

    base: folder of the model that it was trained from. base_sha256: of that model's weights.
    lora: whether it holds LoRA. differences: whether the changed tensors are what is to be added to
    the base's, rather than what takes their place.
    """

    folder: Path
    base: Path
    base_sha256: str
    lora: bool
    differences: bool


def write_about(folder: Path, base: Path, placed: Path, *, lora: bool, differences: bool) -> None:
    """Write what a new adapter in `folder` says. placed: where it will lie when it is whole.

    The base is named relative to it, so that results can be moved as a whole.
    """
    about = {
        "base": os.path.relpath(base, placed),
        "base_sha256": hash_weights(base),
        "lora": lora,
        "differences": differences,
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=2) + "\n")


def is_adapter(folder: Path) -> bool:
    """Whether a folder is that of an adapter, and not of a whole model."""
    return (folder / ABOUT).exists()


def read_adapter(folder: Path) -> Adapter:
    """What an adapter's folder says.

    Raises InputError for a folder of something else, and where that is no whole description.
    """
    file = folder / ABOUT
    if not file.exists():
        raise InputError(
            f"{folder}: no adapter: {ABOUT} is missing; expected a student of a study with "
            "keep: adapters"
        )
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        base = Path(os.path.normpath(folder / about["base"]))
        if not base.is_dir():  # the folder may be a link to that of the student
            base = Path(os.path.normpath(folder.resolve() / about["base"]))
        return Adapter(
            folder, base, about["base_sha256"], bool(about["lora"]), bool(about["differences"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: {type(error).__name__}: {error}; expected base, base_sha256, lora and "
            "differences"
        ) from error


def hash_base(adapter: Adapter) -> str:
    """The SHA-256 of the weights of an adapter's base. Raises InputError where they are missing."""
    for file in WEIGHTS:
        if not (adapter.base / file).exists():
            raise InputError(
                f"{adapter.folder}: an adapter without its base: {adapter.base / file} is missing; "
                "expected the model that it was trained from"
            )
    return hash_weights(adapter.base)


def hash_weights(base: Path) -> str:
    """One SHA-256 for the files of a model's weights."""
    hashes = "".join(sha256(base / file) for file in WEIGHTS)
    return hashlib.sha256(hashes.encode()).hexdigest()


def check_base(adapter: Adapter, base: Path, base_sha256: str) -> None:
    """Raise InputError unless a base, of weights of this SHA-256, is the one of an adapter."""
    if base_sha256 != adapter.base_sha256:
        raise InputError(
            f"{adapter.folder}: an adapter of another base than {base}: it was trained from "
            f"weights of SHA-256 {adapter.base_sha256[:12]}, these have {base_sha256[:12]}"
        )
