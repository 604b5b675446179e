"""A model of the hub, looked at before it is fetched: its files, its configuration, its weights'
headers. Of a weights file the header alone is read.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from optical.models import layouts
from optical.models.old_weights import PICKLES
from optical.runtime import hub_files, wholeness
from optical.runtime.errors import InputError
from optical.runtime.file_parts import MOST, Seen, ask_for

SECONDS = 20
"""What the hub may take to list a model's files."""

PAUSES = (1.0,)
"""Seconds before a hub that is busy is asked a second time, and the last."""

WEIGHTS = ".safetensors"
OLD_WEIGHTS = (b"PK", b"\x80")
"""How files of weights in the old format begin: as a zip archive or a pickle."""


class HubModel(NamedTuple):
    """What there is to say of a model: `kind` as transformers calls it, and all files' bytes.

    parameters: 0 where weights in the old format do not tell.
    """

    kind: str
    parameters: int
    files: int
    bytes: int


def look_at_model(name: str, revision: str, dimension: int | None, folder: Path) -> HubModel:
    """Ask for the beginning of every file of a model that would be fetched, and read what is there.

    dimension: as `layouts.check_model` takes it. folder: where what was read is kept; the weights
    there are headers alone.

    Raises:
        InputError: for a model that the hub does not give, that is of no kind known here, that
            needs code of its own, or whose weights are missing or cut off.
    """
    commit, sizes = listed_files(name, revision, layouts.patterns(finished=dimension is not None))
    origin, total, parameters = f"{name} at {revision}", 0, 0
    for file, size in sizes.items():
        seen = ask_for(hub_files.address(name, commit, file))
        if None not in (size, seen.size) and size != seen.size:
            raise InputError(f"{origin}: {file}: {seen.size} bytes, but its list says {size}")
        total += seen.size or 0
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        if file.endswith(WEIGHTS):
            try:
                header = header_of(seen)
            except InputError as error:
                raise InputError(f"{origin}: {file} {error}") from error
            (folder / file).write_bytes(header)
            parameters += number_of_parameters(header)
        elif file.endswith(".bin"):
            if not seen.beginning.startswith(OLD_WEIGHTS):
                raise InputError(f"{origin}: {file} is no file of weights")
            (folder / file).write_bytes(b"")
        elif seen.whole:
            (folder / file).write_bytes(seen.beginning)
            if file.endswith(".json"):
                try:
                    wholeness.prove_json(folder / file)
                except InputError as error:
                    raise InputError(f"{origin}: {file} {error}") from error
    safe = any(map(is_safe, sizes))
    # Pickles, of which nothing is read here, do not tell their dimension.
    told = dimension if safe else None
    layouts.check_files(folder, origin, told, weights=f"*{WEIGHTS}" if safe else PICKLES)
    return HubModel(kind_of(folder, origin), parameters if safe else 0, len(sizes), total)


def listed_files(
    name: str, revision: str, patterns: Sequence[str]
) -> tuple[str, dict[str, int | None]]:
    """The commit of a revision, and {file: its size, None if unknown}, those of some patterns.

    Weights in the old format are among them where there are none in safetensors.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils import filter_repo_objects

    def ask() -> Any:
        return HfApi(hub_files.endpoint()).model_info(
            name, revision=revision, files_metadata=True, timeout=SECONDS
        )

    try:
        about = hub_files.patiently(ask, "model", PAUSES)
    except InputError as error:
        raise InputError(f"{name} at {revision}: {error}") from error
    sizes = {file.rfilename: file.size for file in about.siblings or ()}
    if not any(map(is_safe, sizes)):
        patterns = [*patterns, PICKLES]
    files = filter_repo_objects(sizes, allow_patterns=patterns, ignore_patterns=layouts.OTHERS)
    return about.sha, {file: sizes[file] for file in files}


def is_safe(file: str) -> bool:
    """Whether a file of a model is weights in safetensors, and no module's (1_Dense)."""
    return file.endswith(WEIGHTS) and "/" not in file


def header_of(seen: Seen) -> bytes:
    """The header of a weights file, its length before it.

    Raises InputError, without the file's name, where the file is not as long as the header says.
    """
    end = 8 + int.from_bytes(seen.beginning[:8], "little")
    header = seen.beginning[:end]
    if len(seen.beginning) < end <= min(MOST // 2, seen.size or 0):
        with seen.opened() as file:
            header = file.read(end)
    try:
        tensors = json.loads(header[8:])
        ends = [about["data_offsets"][1] for name, about in tensors.items() if name[:2] != "__"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"is no file of safetensors: it begins with {header[:20]!r}") from error
    if seen.size is not None and seen.size != (expected := end + max(ends, default=0)):
        raise InputError(f"holds no whole weights: {seen.size} bytes of {expected}")
    return header


def number_of_parameters(header: bytes) -> int:
    """The numbers in all tensors that a header tells of."""
    tensors = json.loads(header[8:]).items()
    return sum(math.prod(about["shape"]) for name, about in tensors if name[:2] != "__")


def kind_of(folder: Path, origin: str) -> str:
    """The model's kind. Raises InputError for one that transformers does not know."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder).model_type
    except (ValueError, KeyError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{origin}: config.json: {reason}") from error
