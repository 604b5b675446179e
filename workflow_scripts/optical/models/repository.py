"""A repository of the Hugging Face hub, made of an exported model without asking the hub.

What is looked at here would else be found by the hub after hours of upload, or by readers: a card
that the hub refuses, a file that a loader misses, a path of this machine, a token.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType

import yaml
from huggingface_hub import ModelCard
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from optical.models.layouts import ENCODER_WEIGHTS, INDEX, PROJECTION_WEIGHTS
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path, link_or_copy
from optical.runtime.wholeness import OWN_PROOFS

LARGEST = 500_000_000_000
"""Bytes that a file of the hub may have (https://huggingface.co/docs/hub/storage-limits)."""

LARGEST_PLAIN = 10_000_000
"""Bytes that a file may have which the hub keeps in git itself. Larger ones are of git LFS."""

LFS = (
    *("*.7z", "*.arrow", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gz", "*.h5", "*.joblib"),
    *("*.lfs.*", "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx", "*.ot"),
    *("*.parquet", "*.pb", "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors"),
    *("saved_model/**/*", "*.tar.*", "*.tar", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip"),
    *("*.zst", "*tfevents*"),
)
"""What the hub puts into `.gitattributes` of each new repository of a model."""

LOADED = (
    *("config.json", "tokenizer.json", "tokenizer_config.json", INDEX, ENCODER_WEIGHTS),
    *("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"),
    *("1_Dense/config.json", PROJECTION_WEIGHTS, "artifact.metadata"),
)
"""The files that transformers, sentence-transformers, PyLate and colbert-ai read."""

NEEDED = ("language", "library_name", "license", "pipeline_tag", "tags")
"""Metadata without which nobody finds the model, or knows whether they may use it."""

LICENCES = ("LICENSE", "LICENSE.md")
"""The files that a card may name as its licence
(https://github.com/huggingface/hub-docs/blob/main/modelcard.md).
"""

ABSOLUTE = re.compile(r"file://|(?<![\w./:~<-])/[\w.@+-]+/[\w.@+-]+|\b[A-Z]:\\+\w")
"""An absolute path of Unix or of Windows, of two parts or more; no part of a URL."""

SECRET = re.compile(
    r"\bhf_[A-Za-z0-9]{20,}|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
"""Tokens of the hub, of GitHub and of AWS, and private keys."""

HIDDEN = ".snakemake_timestamp"


def prepare(
    model: Path,
    output: Path,
    name: str,
    *,
    others: Mapping[str, str] = MappingProxyType({}),
    constructed: bool = False,
) -> None:
    """Write the folder of a repository: the files of an exported model, and `.gitattributes`.

    Weights are linked, where the file system can. name: of the repository, with or without its
    owner; with one, the card says it in place of "THIS FOLDER". others: the repositories of the
    study's models, by their names in the study, such as that of the teacher. constructed: whether
    the model is of languages that a program made, which have no code. Raises InputError, without
    the model's name, for what the hub would refuse or nobody should read.
    """
    check_name(name)
    check_files(model)
    with atomic_path(output) as temporary:
        ignored = shutil.ignore_patterns(HIDDEN)
        shutil.copytree(model, temporary, copy_function=link_or_copy, ignore=ignored)
        if "/" in name:
            card = temporary / "README.md"
            text = card.read_text(encoding="utf-8").replace("THIS FOLDER", name)
            for other, repository in others.items():
                text = text.replace(f"FOLDER OF `{other}`", repository)
                text = text.replace(f"another model, `{other}`", f"another model, `{repository}`")
            card.write_text(text, "utf-8")
        check_card(temporary / "README.md", constructed=constructed)
        for file in files_of(temporary):
            check_text(file, file.relative_to(temporary))
        (temporary / ".gitattributes").write_text(attributes(temporary), encoding="utf-8")


def files_of(folder: Path) -> Iterator[Path]:
    """Every file of a folder, in the order of their names."""
    yield from sorted(file for file in folder.rglob("*") if file.is_file())


def check_name(name: str) -> None:
    """Raise InputError for a name that no repository may have."""
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise InputError(f"{name!r} names no repository: {one_line(error)}") from None


def check_files(model: Path) -> None:
    """Raise InputError unless every file that a loader reads is there, whole and not too large."""
    for name in ("README.md", *LOADED):
        if not (model / name).is_file():
            raise InputError(f"no {name}; expected a model that `snakemake models` made")
    places = set(json.loads((model / INDEX).read_text(encoding="utf-8"))["weight_map"].values())
    if missing := sorted(place for place in places if not (model / place).is_file()):
        raise InputError(f"{INDEX} names {missing[0]}, which is not there")
    for file in files_of(model):
        name = str(file.relative_to(model))
        if (size := file.stat().st_size) > LARGEST:
            raise InputError(f"{name}: {size:,} bytes, the hub takes {LARGEST:,} at most")
        if proof := OWN_PROOFS.get(file.suffix):
            try:
                proof(file)
            except InputError as error:
                raise InputError(f"{name} {error}") from error


def check_card(file: Path, *, constructed: bool = False) -> None:
    """Raise InputError for metadata that the hub's own library refuses, or that is not there.

    The library sends nothing: it reads the card, and its results in the model-index form.
    """
    try:
        about = ModelCard.load(file).data.to_dict()
    except (ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        raise InputError(f"README.md: metadata that the hub refuses: {one_line(error)}") from error
    needed = [name for name in NEEDED if not (constructed and name == "language")]
    if missing := [name for name in needed if not about.get(name)]:
        raise InputError(f"README.md: no {missing[0]} among the metadata; expected a card with one")
    if about["license"] == "other":
        for name in ("license_name", "license_link"):
            if not about.get(name):
                raise InputError(f"README.md: license is other; expected {name} too")
    link = str(about.get("license_link", ""))
    if link in LICENCES and not (file.parent / link).is_file():
        raise InputError(f"README.md: license_link is {link}, which is not there")
    if link and link not in LICENCES and not link.startswith("https://"):
        expected = f"{', '.join(LICENCES)} or https://..."
        raise InputError(f"README.md: license_link is {link}; expected {expected}")
    base = about.get("base_model") or ()
    for name in [base] if isinstance(base, str) else base:
        check_name(name)


def check_text(file: Path, name: Path) -> None:
    """Raise InputError, with the line, for a text that tells a path of this machine or a token.

    name: of the file, as it is to be told. A tokenizer has paths among its words: in its files only
    those of this machine count.
    """
    here = [str(Path.home()), str(Path.cwd()), tempfile.gettempdir()]
    places = "|".join(re.escape(place) for place in here if len(place) > 1)
    # Behind a letter or a dot it is a part of a longer path: the folder of this machine is short.
    own = re.compile(rf"(?<![\w.~])(?:{places})/\w")
    token = os.environ.get("HF_TOKEN", "").strip()
    patterns = {"a token": SECRET, "a path of this machine": own}
    if "token" not in file.name:
        patterns["an absolute path"] = ABSOLUTE
    if token:
        patterns["the token HF_TOKEN"] = re.compile(re.escape(token))
    for number, line in enumerate(lines_of(file), start=1):
        for what, pattern in patterns.items():
            if found := pattern.search(line):
                shown = "" if "token" in what else f" {found[0]!r}"
                raise InputError(f"{name}:{number}: {what}{shown}; expected none")


def lines_of(file: Path) -> Iterator[str]:
    """The lines of a text file; none of a file that holds no text."""
    if is_text(file):
        with open(file, encoding="utf-8") as stream:
            yield from stream


def is_text(file: Path) -> bool:
    """Whether the beginning of a file is UTF-8 without a null, as git looks at it."""
    with open(file, "rb") as stream:
        beginning = stream.read(8000)
    try:
        beginning.decode()
    except UnicodeDecodeError as error:
        # A letter may be cut off.
        return error.start > len(beginning) - 4 and len(beginning) == 8000
    return b"\0" not in beginning


def attributes(folder: Path) -> str:
    """The text of `.gitattributes`: what the hub puts there, and what else cannot be of git alone.

    As the hub does it, that is each file by its name which is no text, or a large one.
    """
    names = [
        file.relative_to(folder).as_posix()
        for file in files_of(folder)
        if file.stat().st_size > LARGEST_PLAIN or not is_text(file)
    ]
    known = [name for name in names if any(fnmatch(Path(name).name, pattern) for pattern in LFS)]
    own = [name for name in names if name not in known]
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in (*LFS, *own))


def one_line(error: Exception) -> str:
    """The text of an error, without its line breaks."""
    return " ".join(str(error).split())
