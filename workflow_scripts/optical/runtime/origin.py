"""What shaped a result that takes long, so that what is unfinished of another is not used."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from optical.runtime.code import meaning
from optical.runtime.files import content
from optical.runtime.processes import world_size

LIBRARIES = ("torch", "transformers", "sentence-transformers", "accelerate", "tokenizers")


def origin_of(*settings: Any, **others: object) -> dict[str, object]:
    """All that shapes a result, as a record that can be written down.

    settings: dataclasses of settings. others: by name; a path stands for the content of its file or
    folder. Beside them count the versions of the libraries, the statements of the modules of this
    project that are loaded (not their comments), and the number of processes.
    """
    values = {name: value for one in settings for name, value in asdict(one).items()} | others
    package = __name__.split(".")[0]
    return {
        "settings": {
            name: content(value) if isinstance(value, Path) else value
            for name, value in sorted(values.items())
        },
        "libraries": {name: version(name) for name in LIBRARIES},
        "modules": {
            name: meaning(Path(module.__file__))
            for name, module in sorted(sys.modules.items())
            if name.startswith(f"{package}.")
        },
        "processes": world_size(),
    }


def fingerprint(origin: Mapping[str, object]) -> str:
    """One hash of what `origin_of` gives."""
    return hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()
