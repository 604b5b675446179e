"""Fetch a model from the Hugging Face hub at a fixed revision, or copy one from a folder.

The hub's own variables count: HF_ENDPOINT for a mirror of it, HF_TOKEN for a model that wants one.
"""

import json
import os
import pickle
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from optical.models import layouts
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path, lock, remove
from optical.runtime.lock_file import record_commit, recorded_commit
from optical.runtime.program import run_program

# Weights in the one format that is safe to load, the configuration, of a translator that of its
# search too, and any tokenizer's files.
PATTERNS = [
    *("config.json", "generation_config.json", "*.safetensors*"),
    *("*token*", "*.model", "*.txt", "vocab.json", "*.spm"),
]

PICKLES = "pytorch_model*.bin*"
"""Weights in the old format, of a model that has no others."""

PAUSES = (1, 4, 16)
"""Seconds before the hub is asked once more."""

BUSY = (429, 500, 502, 503, 504)
"""What it then has answered."""


def main(
    *,
    hub: str | None = None,
    revision: str | None = None,
    folder: Path | None = None,
    dimension: int | None = None,
    commits: Path | None = None,
    output: Path,
) -> None:
    """
    hub: hub id, such as FacebookAI/xlm-roberta-base
    revision: commit of the hub model, or a pull request of it (refs/pr/39)
    folder: folder of a model on this machine
    dimension: of the token vectors of a finished late-interaction model; of another model none
    commits: file in which the commit of a pull request is recorded, and looked up again
    output: folder to write
    """
    patterns = PATTERNS if dimension is None else [*PATTERNS, *layouts.FILES]
    if folder:
        with atomic_path(output) as temporary:
            temporary.mkdir()
            for pattern in patterns:
                for file in folder.glob(pattern):
                    copy = temporary / file.relative_to(folder)
                    copy.parent.mkdir(exist_ok=True)
                    shutil.copy2(file, copy)
            check(temporary, str(folder), dimension)
        return
    # Beside the output, so that a download that was broken off goes on there.
    unfinished = output.with_name(f"{output.name}.unfinished")
    with lock(unfinished):
        commit = commit_of(hub, revision, commits)
        files = unfinished / commit
        download(hub, commit, files, patterns)
        make_safe(files, hub)
        check(files, hub, dimension)
        remove(files / ".cache")  # what the hub's library knows of the files
        with atomic_path(output) as temporary:
            os.replace(files, temporary)
    remove(unfinished)


def commit_of(hub: str, revision: str, commits: Path | None) -> str:
    """The commit of a revision; that of a pull request is the one that it had the first time."""
    if not revision.startswith("refs/"):
        return revision
    name = f"{hub}@{revision}"
    known = recorded_commit(commits, name) if commits else None
    if known:
        return known
    with TemporaryDirectory() as cache:
        # The hub's library names the folder of a snapshot by its commit.
        found = asked(hub, revision, cache_dir=cache, allow_patterns=["config.json"])
    commit = Path(found).name
    print(f"{name} is commit {commit}")
    if commits:
        record_commit(commits, name, commit)
    return commit


def download(hub: str, revision: str, folder: Path, patterns: list[str]) -> None:
    """The files of a model in a folder; those that are there already are not fetched again.

    Weights in the old format come only where there are none in safetensors. The hub's library goes
    on with a transfer that breaks, and waits for a network.
    """
    asked(hub, revision, local_dir=folder, allow_patterns=patterns)
    if not any(folder.glob("*.safetensors")):
        asked(hub, revision, local_dir=folder, allow_patterns=[PICKLES])


def asked(hub: str, revision: str, **options) -> str:
    """The folder of a model's files; a hub that is busy is asked again after each of `PAUSES`.

    options: of `huggingface_hub.snapshot_download`.

    Raises:
        InputError: where the hub has no such model or commit, wants consent, or cannot be reached.
    """
    from huggingface_hub import errors, snapshot_download

    for pause in (*PAUSES, None):
        try:
            return snapshot_download(hub, revision=revision, **options)
        except errors.GatedRepoError:
            reason = "asks for consent; give it on the model's page and set HF_TOKEN"
            break
        except errors.RepositoryNotFoundError:
            reason = "the hub has no such model, or HF_TOKEN may not read it"
            break
        except errors.RevisionNotFoundError:
            reason = "the hub has no such commit of it"
            break
        except OSError as error:
            reason = next(iter(str(error.__cause__ or error).splitlines()), type(error).__name__)
            status = getattr(getattr(error, "response", None), "status_code", None)
            if pause is None or status not in BUSY:
                break
            print(f"{reason}; again in {pause} s", file=sys.stderr)
            time.sleep(pause)
    raise InputError(f"{hub} at {revision}: {reason}")


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


def as_safetensors(name: str) -> str:
    """What a file of weights in the old format is called in the new one."""
    return name.replace("pytorch_model", "model").removesuffix(".bin") + ".safetensors"


def check(folder: Path, origin: str, dimension: int | None) -> None:
    """Raise InputError for a folder that is no model, or no finished one of a dimension."""
    for pattern in ("config.json", "*.safetensors"):
        if not any(folder.glob(pattern)):
            raise InputError(f"{origin}: no {pattern}; expected a transformers model")
    if dimension is not None:
        layouts.check_dimension(folder, origin, dimension)


if __name__ == "__main__":
    run_program(main)
