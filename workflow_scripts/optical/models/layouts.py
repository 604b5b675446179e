"""Folders of models, finished late-interaction ones above all, looked at without loading anything.

Of three libraries: PyLate and sentence-transformers (`MultiVectorEncoder`) list their modules in
modules.json, ColBERT (colbert-ai) keeps its projection beside the weights of the transformer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from optical.runtime.errors import InputError
from optical.runtime.wholeness import prove_safetensors

# Weights in the one format that is safe to load, the configuration, of a translator that of its
# search too, and any tokenizer's files.
TRANSFORMERS = [
    *("config.json", "generation_config.json", "*.safetensors*"),
    *("*token*", "*.model", "*.txt", "vocab.json", "*.spm"),
]
"""The files of a transformers model that are fetched."""

FILES = [
    *("artifact.metadata", "modules.json", "config_sentence_transformers.json"),
    *("sentence_bert_config.json", "[0-9]*_*/config.json", "[0-9]*_*/*.safetensors"),
]
"""What such a model has beside the files of a transformers model: no code and no pickle."""

OTHERS = ["[!0-9]*/*"]
"""What of these patterns' files on the hub, where a * goes through folders, is no module's: weights
of other steps of the training (checkpoint-500) or for other libraries (onnx).
"""

VARIANT = "encoder"
"""What transformers calls the weights of a model of this project without its projection."""

ENCODER_WEIGHTS = f"model.{VARIANT}.safetensors"
PROJECTION_WEIGHTS = "1_Dense/model.safetensors"
INDEX = "model.safetensors.index.json"
"""The files of the weights of such a model, and the one that lists both (`models.export`)."""

FROM_PADDING = ("camembert", "data2vec-text", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl")
"""Model types whose positions are counted from the one behind that of padding."""

FROM_ZERO = ("albert", "bert", "distilbert", "electra", "ernie")
"""Model types whose positions are counted from 0."""

IDENTITY = "torch.nn.modules.linear.Identity"


@dataclass(frozen=True)
class Layout:
    """How a finished model lies in its folder, and the dimension of its token vectors."""

    library: Literal["pylate", "colbert", "sentence-transformers"]
    dimension: int


def patterns(*, finished: bool) -> list[str]:
    """The names of the files of a model, of a finished late-interaction one or any other."""
    return [*TRANSFORMERS, *FILES] if finished else TRANSFORMERS


def files_of(folder: Path, *, finished: bool) -> set[Path]:
    """The files of a model in a folder, those of weights that an index names among them."""
    named = {folder / name for _, name in shards(folder)}
    found = (file for pattern in patterns(finished=finished) for file in folder.glob(pattern))
    return named | {file for file in found if file.is_file()}


def shards(folder: Path) -> Iterator[tuple[str, str]]:
    """(index, file) of each file that an index of weights names.

    Raises InputError, without the folder's name, for one that lies elsewhere: it is not the
    model's to have copied.
    """
    for index in sorted(folder.glob("*.safetensors.index.json")):
        places = read(index).get("weight_map", {})
        if not isinstance(places, dict):
            raise InputError(f"{index.name} is not the JSON of a model")
        for name in sorted(set(map(str, places.values()))):
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise InputError(f"{index.name} names {name}, which is outside its folder")
            yield index.name, name


def check_model(folder: Path, origin: str, dimension: int | None) -> None:
    """Raise InputError for a folder that is no model, or no finished one of a dimension, or whose
    weights are not whole.

    dimension: of the token vectors of a finished late-interaction model; of another model none.
    """
    check_files(folder, origin, dimension)
    for file in sorted(files_of(folder, finished=dimension is not None)):
        if file.suffix == ".safetensors":
            try:
                prove_safetensors(file)
            except InputError as error:
                raise InputError(f"{origin}: {file.relative_to(folder)} {error}") from error


def check_files(
    folder: Path, origin: str, dimension: int | None, weights: str = "*.safetensors"
) -> None:
    """Raise InputError as `check_model` does, but of weights look at no more than their headers.

    weights: pattern of their files.
    """
    if not folder.is_dir():
        raise InputError(f"{origin}: no such folder; expected that of a transformers model")
    for pattern in ("config.json", weights):
        if not any(folder.glob(pattern)):
            raise InputError(f"{origin}: no {pattern}; expected a transformers model")
    try:
        for index, name in shards(folder):
            if not (folder / name).is_file():
                raise InputError(f"{index} names {name}, which is not there")
    except InputError as error:
        raise InputError(f"{origin}: {error}") from None
    if dimension is not None:
        check_dimension(folder, origin, dimension)


def check_dimension(folder: Path, origin: str, dimension: int) -> None:
    """Raise InputError for a folder of another dimension, or of no late-interaction model.

    origin: where its model came from.
    """
    found = read_layout(folder, origin).dimension
    if found != dimension:
        raise InputError(
            f"{origin}: vectors of {found} dimensions, but model.dimension is {dimension}"
        )


def longest(config: Mapping[str, Any]) -> int | None:
    """The tokens of a text that a model has positions for.

    config: of transformers. None for other types of models, most of which have relative positions.
    """
    kind, positions = config.get("model_type"), config.get("max_position_embeddings")
    if positions and kind in FROM_PADDING:
        return int(positions) - config.get("pad_token_id", 1) - 1
    return positions if kind in FROM_ZERO else None


def longest_of(folder: Path, origin: str) -> int | None:
    """The tokens that the model of a folder has positions for.

    Raises InputError, which begins with the origin, for a configuration that is no JSON.
    """
    try:
        return longest(read(folder / "config.json"))
    except InputError as error:
        raise InputError(f"{origin}: {error}") from None


def read_layout(folder: Path, origin: str = "") -> Layout:
    """The layout of a folder.

    Raises InputError, which begins with the origin or else the folder, for one that is missing,
    that is no late-interaction model, or whose weights are not safetensors.
    """
    try:
        return layout_of(folder)
    except InputError as error:
        raise InputError(f"{origin or folder}: {error}") from None


def layout_of(folder: Path) -> Layout:
    """The layout of a folder. Raises InputError, without the folder's name."""
    if not folder.is_dir():
        raise InputError("no such folder; expected that of a late-interaction model")
    if not any(folder.glob("*.safetensors")):
        raise InputError("no *.safetensors; expected a late-interaction model")
    settings = read(folder / "config_sentence_transformers.json")
    if (folder / "modules.json").exists():
        kind = settings.get("model_type")
        # PyLate before 1.2 named no type.
        if kind == "ColBERT" or (kind is None and "query_prefix" in settings):
            return Layout("pylate", dimension_of_modules(folder))
        if kind == "MultiVectorEncoder":
            return Layout("sentence-transformers", dimension_of_modules(folder, normalize=True))
    elif "HF_ColBERT" in (read(folder / "config.json").get("architectures") or ()):
        return Layout("colbert", dimension_of_colbert(folder))
    raise InputError(
        "no late-interaction model; expected the files of PyLate, of ColBERT, or of "
        "sentence-transformers' MultiVectorEncoder"
    )


def dimension_of_modules(folder: Path, *, normalize: bool = False) -> int:
    """The dimension that the last linear module gives.

    normalize: whether vectors have unit length only by a module that says so; PyLate gives it to
    all. Raises InputError for modules of other kinds, which this project could not embed with.
    """
    modules = read(folder / "modules.json", list)
    places = []
    for module in modules:
        library, _, kind = str(module["type"]).partition(".")
        kind = kind.rpartition(".")[2]
        if library not in ("sentence_transformers", "pylate"):
            raise InputError(f"modules.json: {module['type']} is code of no known library")
        place, expected = r"\d+_\w+", f"N_{kind}"
        if kind == "Transformer":
            place, expected = "", "the folder itself"
        if not re.fullmatch(place, module["path"]):
            raise InputError(
                f"modules.json: {kind} lies in {module['path']!r}; expected {expected}"
            )
        places.append((kind, module["path"]))
    kinds = " ".join(kind for kind, _ in places)
    if not re.fullmatch(r"Transformer( Dense)+( MultiVectorMask)?( Normalize)?", kinds):
        raise InputError(
            f"modules.json: {kinds}; expected Transformer, Dense, and perhaps MultiVectorMask and "
            "Normalize"
        )
    if normalize and not kinds.endswith("Normalize"):
        raise InputError(
            f"modules.json: {kinds}; expected Normalize at the end, as vectors have unit length"
        )
    return [dimension_of_dense(folder / path) for kind, path in places if kind == "Dense"][-1]


def dimension_of_dense(folder: Path) -> int:
    """The dimension that a module gives. Raises InputError if it is not linear."""
    about = read(folder / "config.json")
    activation = about.get("activation_function")
    if about.get("bias") or activation != IDENTITY:
        raise InputError(
            f"{folder.name}: bias {about.get('bias')}, activation {activation}; expected a linear "
            "projection alone"
        )
    if not (folder / "model.safetensors").exists():
        raise InputError(
            f"{folder.name}: no model.safetensors; expected weights that are no pickle"
        )
    return int(about["out_features"])


def dimension_of_colbert(folder: Path) -> int:
    """The dimension that ColBERT's linear layer gives."""
    for name, shape in tensors(folder):
        if name == "linear.weight":
            return shape[0]
    raise InputError("no linear.weight among the weights; expected those of ColBERT")


def tensors(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """(name, shape) of the weights in a folder, from the headers of their files."""
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = stream.read(min(length, file.stat().st_size))
        try:
            known = json.loads(header)
        except ValueError:
            raise InputError(f"{file.name} holds no whole weights") from None
        yield from ((name, about["shape"]) for name, about in known.items() if "shape" in about)


def read(file: Path, kind: type = dict) -> Any:
    """The content of a JSON file; of one that is not there, nothing."""
    if not file.exists():
        return kind()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, kind):
        raise InputError(f"{file.name} is not the JSON of a model")
    return content
