"""A finished late-interaction model of another library as one of this project's.

It keeps its weights, markers, lengths, its expansion of queries and the tokens that it skips in
passages. Of the layouts see `optical.models.layouts`.
"""

import json
import string
from pathlib import Path

import torch
from sentence_transformers import MultiVectorEncoder
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sentence_transformer.modules import Normalize
from transformers import PreTrainedTokenizerBase

from optical.models.encoders import load, longest_text
from optical.models.layouts import read_layout
from optical.runtime.errors import InputError

SAMPLES = ("a", "the cat sat on the mat", "Où est-il ?", "1990", "ki-xitu, puti")
"""Texts that a way to write a marker is tried on."""


def load_finished(folder: Path) -> MultiVectorEncoder:
    """The model of a folder, with the modules that `models.export.save_for_all` saves.

    Raises InputError for a folder of no known layout, and for what this project cannot keep.
    """
    library = read_layout(folder).library
    # The weights of a pooler, which no token vector needs, may be missing: let them be the same.
    torch.manual_seed(0)
    model = load(folder, device="cpu").eval()
    transformer, *others = model
    tokenizer = transformer.tokenizer
    dense = [module for module in others if isinstance(module, Dense)]
    masks = [module for module in others if isinstance(module, MultiVectorMask)]
    skipped = skipped_tokens(folder, masks)
    prompts = {task: model.prompts.get(task) or "" for task in ("query", "document")}
    if library == "colbert":
        metadata = read_metadata(folder)
        skipped = skipped_by_colbert(tokenizer, metadata)
        prompts = {
            task: marker_of_colbert(tokenizer, metadata.get(key) or default)
            for task, key, default in (
                ("query", "query_token_id", "[unused0]"),
                ("document", "doc_token_id", "[unused1]"),
            )
        }
    set_lengths(folder, transformer)
    return MultiVectorEncoder(
        modules=[
            transformer,
            one_projection(dense),
            MultiVectorMask(skiplist_words=skipped),
            Normalize(module_input_name="token_embeddings"),
        ],
        prompts={task: shortest(tokenizer, prompt) for task, prompt in prompts.items()},
        device="cpu",
    )


def one_projection(layers: list[Dense]) -> Dense:
    """Linear layers without bias, residual connections among them, as one."""
    features = {"token_embeddings": torch.eye(layers[0].in_features)}
    with torch.no_grad():
        for layer in layers:
            features = layer(features)
    weights = features["token_embeddings"].T.clone()
    return Dense(
        layers[0].in_features,
        layers[-1].out_features,
        bias=False,
        activation_function=torch.nn.Identity(),
        init_weight=weights,
        module_input_name="token_embeddings",
    )


def skipped_tokens(folder: Path, masks: list[MultiVectorMask]) -> list[str]:
    """The tokens that the model skips in passages."""
    for mask in masks:
        if mask.skiplist_tasks != ["document"] or mask.keep_only_token_ids:
            raise InputError(
                f"{folder}: skips tokens of {mask.skiplist_tasks}, keeps only "
                f"{mask.keep_only_token_ids}; expected a model that skips those of documents alone"
            )
    return [word for mask in masks for word in mask.skiplist_words]


def set_lengths(folder: Path, transformer: Transformer) -> None:
    """Say how long queries and passages may be where the model left that to its tokenizer."""
    expansion = transformer.query_expansion
    # None stands for the mask token.
    if expansion and (expansion["strategy"] != "fixed" or expansion["token"] is not None):
        raise InputError(
            f"{folder}: expands queries by {expansion['strategy']!r} and {expansion['token']!r}; "
            "expected 'fixed' and the mask token"
        )
    longest = longest_text(transformer)
    transformer.query_length = expansion["length"] if expansion else transformer.query_length
    transformer.query_length = transformer.query_length or longest
    transformer.document_length = transformer.document_length or longest
    if not 0 < max(transformer.query_length, transformer.document_length) < 1_000_000:
        raise InputError(f"{folder}: says nowhere how long its queries and documents may be")


# --- what colbert-ai does, which sentence-transformers does for BERT's tokens alone


def read_metadata(folder: Path) -> dict:
    """The settings of colbert-ai; without the file its defaults count."""
    file = folder / "artifact.metadata"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def skipped_by_colbert(tokenizer: PreTrainedTokenizerBase, metadata: dict) -> list[str]:
    """The first token of each punctuation mark, as colbert-ai finds it."""
    if not metadata.get("mask_punctuation", True):
        return []
    first = [tokenizer.encode(mark, add_special_tokens=False)[0] for mark in string.punctuation]
    return tokenizer.convert_ids_to_tokens(list(dict.fromkeys(first)))


def marker_of_colbert(tokenizer: PreTrainedTokenizerBase, name: str) -> str:
    """How a text begins for its tokens to be those that colbert-ai puts a marker among.

    It puts the marker's id behind the first token; that of an unknown one is the unknown token's.
    """
    (marker,) = tokenizer.convert_ids_to_tokens([tokenizer.convert_tokens_to_ids(name)])
    for written in (marker, f"{marker} "):
        if all(
            ids_of(tokenizer, written + text) == with_marker(tokenizer, marker, text)
            for text in SAMPLES
        ):
            return written
    raise InputError(f"the marker {marker!r} is no token of its own to the tokenizer")


def with_marker(tokenizer: PreTrainedTokenizerBase, marker: str, text: str) -> list[int]:
    """The ids of a text with the marker's behind the first."""
    first, *others = ids_of(tokenizer, text)
    return [first, tokenizer.convert_tokens_to_ids(marker), *others]


def shortest(tokenizer: PreTrainedTokenizerBase, prompt: str) -> str:
    """A prompt without the space around it, if texts then have the same tokens: other libraries
    take a marker without it.
    """
    bare = prompt.strip()
    same = all(
        ids_of(tokenizer, bare + text) == ids_of(tokenizer, prompt + text) for text in SAMPLES
    )
    return bare if same else prompt


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """The ids of a text, special tokens among them."""
    return tokenizer(text)["input_ids"]
