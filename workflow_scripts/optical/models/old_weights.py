"""Weights in PyTorch's old format, pickles, of models that have no others."""

import json
import pickle
import sys
from pathlib import Path

from optical.runtime.errors import InputError

PICKLES = "pytorch_model*.bin*"
"""Their files, and the index of those that lie in parts."""


def make_safe(folder: Path, origin: str) -> None:
    """Write weights in the old format, which came because there are no others, as safetensors.

    A pickle can run code of its author. `torch.load(weights_only=True)` builds tensors and nothing
    else, and refuses all that it would have to call.

    Raises:
        InputError: for a file that holds anything but tensors.
    """
    pickles = sorted(folder.glob("pytorch_model*.bin"))
    if not pickles:
        return
    import torch
    from safetensors.torch import save_file

    names = ", ".join(file.name for file in pickles)
    print(f"warning: {origin} has no safetensors; {names}: tensors alone are read", file=sys.stderr)
    for file in pickles:
        try:
            tensors = torch.load(file, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise InputError(
                f"{origin}: {file.name}: {reason}; expected a file of tensors alone"
            ) from error
        check_tensors(tensors, f"{origin}: {file.name}")
        # Tied weights share their memory, which safetensors refuses.
        own = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        save_file(own, folder / as_safetensors(file.name), metadata={"format": "pt"})
        file.unlink()
    index = folder / "pytorch_model.bin.index.json"
    if index.exists():
        content = json.loads(index.read_text(encoding="utf-8"))
        content["weight_map"] = {
            name: as_safetensors(file) for name, file in content["weight_map"].items()
        }
        target = folder / "model.safetensors.index.json"
        target.write_text(json.dumps(content, indent=2), encoding="utf-8")
        index.unlink()


def check_tensors(content: object, place: str) -> None:
    """Raise InputError unless what a file held is tensors by name, as those of a model are."""
    import torch

    if not isinstance(content, dict):
        raise InputError(f"{place}: {type(content).__name__}; expected a file of tensors alone")
    for name, value in content.items():
        if not (isinstance(name, str) and isinstance(value, torch.Tensor)):
            raise InputError(
                f"{place}: {name!r} is {type(value).__name__}; expected a file of tensors alone"
            )


def as_safetensors(name: str) -> str:
    """What a file of weights in the old format is called in the new one."""
    return name.replace("pytorch_model", "model").removesuffix(".bin") + ".safetensors"
