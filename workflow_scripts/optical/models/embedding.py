"""Texts into token vectors.

Embedding needs of a model only its forward pass: it is loaded by transformers alone, which starts
two seconds sooner than sentence-transformers, and batches are of ours.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import decoders
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging

from optical.models.layouts import longest
from optical.models.precision import has_bfloat16
from optical.retrieval.token_vectors import shards
from optical.runtime.errors import InputError
from optical.runtime.processes import local_rank

# Padded tokens of a batch. On a CPU a batch is to stay in the cache: of XLM-R base's shape, 1,024
# are half as fast again as 8,192 (benchmarks/embed.py). A GPU is to have enough to do.
CPU_TOKENS, GPU_TOKENS = 1024, 65_536

QUERY_MARKER, PASSAGE_MARKER = "[unused0]", "[unused1]"
"""What queries and passages begin with."""

SHOWN = {QUERY_MARKER: "[Q]", PASSAGE_MARKER: "[D]"}
"""The markers for people, as the papers on ColBERT write them."""


@dataclass(frozen=True)
class Expansion:
    """What ColBERT fills short queries up with.

    token: its id. length: tokens that every query then has, and at most may have. attend: whether
    the other tokens see it.
    """

    token: int
    length: int
    attend: bool


@dataclass(frozen=True)
class Embedder:
    """A late-interaction model, as `models.export.save_for_all` saves it, for embedding alone.

    projection: [dim, hidden]. markers and lengths: the text that a "query" or a "document" begins
    with, and how many tokens it may have, special tokens and marker included. expansion: of
    queries. skipped: ids of tokens that documents have no vectors for.
    """

    tokenizer: PreTrainedTokenizerBase
    transformer: PreTrainedModel
    projection: torch.Tensor
    markers: dict[str, str]
    lengths: dict[str, int]
    expansion: Expansion | None = None
    skipped: tuple[int, ...] = ()

    @classmethod
    def load(cls, folder: str | Path, *, exact: bool = False) -> "Embedder":
        """The model of a folder, in bfloat16 on a GPU that has it, in float32 elsewhere.

        exact: in float32 on the CPU, whatever there is.
        """
        folder = Path(folder)
        settings = json.loads((folder / "artifact.metadata").read_text())
        # The projection's weights lie beside the transformer's, which is no reason for a warning.
        logging.set_verbosity_error()
        device, dtype = ("cpu", torch.float32) if exact else place()
        transformer = AutoModel.from_pretrained(folder, local_files_only=True, dtype=dtype)
        projection = load_file(folder / "1_Dense" / "model.safetensors")["linear.weight"]
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        own = json.loads((folder / "config_sentence_transformers.json").read_text())
        return cls(
            tokenizer,
            transformer.to(device).eval(),
            projection.to(device, dtype),
            {"query": settings["query_token"], "document": settings["doc_token"]},
            {"query": settings["query_maxlen"], "document": settings["doc_maxlen"]},
            expansion_of(tokenizer, own),
            skipped_ids(tokenizer, own["skiplist_words"]),
        )

    def placed(self) -> "Embedder":
        """An exact model as `load` would load it: on a GPU a copy, on a CPU itself."""
        device, dtype = place()
        if device == "cpu":
            return self
        transformer = deepcopy(self.transformer).to(device=device, dtype=dtype)
        return replace(self, transformer=transformer, projection=self.projection.to(device, dtype))

    @property
    def dimension(self) -> int:
        """Dimensions of a token vector."""
        return len(self.projection)

    def token_ids(self, texts: Iterable[str], task: str, length: int | None) -> list[list[int]]:
        """The token ids of each text as it is read, marker included, expansion left out.

        A model that expands queries has one length of them, whatever `length`. Raises InputError
        for a length that the model has no positions for.
        """
        marked = [self.markers[task] + text for text in texts]
        if task == "query" and self.expansion:
            length = self.expansion.length
        elif length:
            check_length(self.transformer, length)
        length = length or self.lengths[task]
        if not marked:
            return []
        return self.tokenizer(marked, truncation=True, max_length=length)["input_ids"]

    @torch.inference_mode()
    def vectors(self, ids: list[list[int]], task: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The token ids [tokens], and vectors, float16 [tokens, dim] of unit length, of the texts
        of a batch: with the expansion of queries, without what documents skip.

        A GPU is told what to compute; who takes the first text waits for it.
        """
        expansion = self.expansion if task == "query" else None
        lengths = torch.tensor([len(row) for row in ids])
        places = torch.arange(max(int(lengths.max()), expansion.length if expansion else 0))
        seen = places < lengths[:, None]
        padded = torch.full(seen.shape, self.tokenizer.pad_token_id)
        padded[seen] = torch.tensor([token for row in ids for token in row])
        scored = seen
        if expansion:
            scored = seen | (places < expansion.length)
            padded[scored & ~seen] = expansion.token
            seen = scored if expansion.attend else seen
        elif task == "document" and self.skipped:
            scored = seen & ~torch.isin(padded, torch.tensor(self.skipped))
        hidden = self.transformer(
            input_ids=self.moved(padded), attention_mask=self.moved(seen.long())
        ).last_hidden_state
        # Places by number, which are known here: those of a mask would have to be counted there.
        chosen = self.moved(scored.flatten().nonzero()[:, 0])
        projected = (hidden.flatten(0, 1)[chosen] @ self.projection.T).float()
        vectors = functional.normalize(projected, dim=-1).half()

        def parts() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            sizes = scored.sum(dim=1).tolist()
            texts = zip(padded[scored].split(sizes), vectors.cpu().split(sizes), strict=True)
            yield from ((tokens.numpy(), part.numpy()) for tokens, part in texts)

        return parts()

    def moved(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor on the device of the model; a GPU copies it when it comes to it."""
        if not self.projection.is_cuda:
            return tensor
        return tensor.pin_memory().to(self.projection.device, non_blocking=True)


def place() -> tuple[str, torch.dtype]:
    """Where this process embeds, and in which precision."""
    device = f"cuda:{local_rank()}" if torch.cuda.is_available() else "cpu"
    return device, torch.bfloat16 if has_bfloat16() else torch.float32


def embed(
    model: Embedder,
    texts: Iterable[str],
    *,
    task: str,
    length: int | None = None,
    done: Callable[[int], object] = lambda number: None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The token ids [tokens] and vectors, float16 [tokens, dim], of each text, in order.

    task: "query" or "document". length: tokens of a text, where it is to differ from the model's
    own. done: told the number of texts after each batch. Texts are sorted by length a shard at a
    time, so that those of a batch are alike.
    """
    for shard in shards(texts):
        yield from embed_ids(model, model.token_ids(shard, task, length), task, done)


def embed_ids(
    model: Embedder, ids: list[list[int]], task: str, done: Callable[[int], object]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """What `embed` yields of the texts of a shard, from their token ids."""
    found = [(np.empty(0), np.empty(0))] * len(ids)
    least = model.expansion.length if model.expansion and task == "query" else 0

    def take(rows: list[int], vectors: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        for row, of_row in zip(rows, vectors, strict=True):
            found[row] = of_row
        done(len(rows))

    last = None
    for rows in batches([max(least, len(row)) for row in ids], model.projection.is_cuda):
        vectors = model.vectors([ids[row] for row in rows], task)
        # A GPU has the next batch to compute while this process takes the vectors of the last.
        if last:
            take(*last)
        last = rows, vectors
    if last:
        take(*last)
    return found


def check_length(transformer: PreTrainedModel, length: int) -> None:
    """Raise InputError for texts of more tokens than a model has positions for."""
    most = longest(transformer.config.to_dict())
    if most and length > most:
        raise InputError(
            f"length: {length}, but the model in {transformer.name_or_path} reads {most} tokens "
            "at most"
        )


def expansion_token(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id of the token that queries are filled up with: the mask, or else the last one."""
    masked = tokenizer.mask_token_id
    return tokenizer.eos_token_id if masked is None else masked


def expansion_of(tokenizer: PreTrainedTokenizerBase, settings: dict) -> Expansion | None:
    """How a model expands queries, from its settings."""
    if not settings["do_query_expansion"]:
        return None
    return Expansion(
        expansion_token(tokenizer),
        settings["query_length"],
        settings["attend_to_expansion_tokens"],
    )


def skipped_ids(tokenizer: PreTrainedTokenizerBase, words: list[str]) -> tuple[int, ...]:
    """The ids of tokens; an unknown one is none, as to sentence-transformers."""
    ids = zip(words, tokenizer.convert_tokens_to_ids(words), strict=True)
    unknown = tokenizer.unk_token
    return tuple(id for word, id in ids if word == unknown or id != tokenizer.unk_token_id)


def readable(tokenizer: PreTrainedTokenizerBase, ids: Iterable[int]) -> list[str]:
    """Tokens as people read them: the mark of a word's beginning is a space, a space alone is ␣.

    What a query begins with is [Q], what a passage does [D]. Byte pairs are the text that they
    stand for, and � where they are part of a letter.
    """
    tokens = tokenizer.convert_ids_to_tokens([int(id) for id in ids])
    backend = getattr(tokenizer, "backend_tokenizer", None)  # some tokenizers are Python's
    if backend and "ByteLevel(" in repr(backend.pre_tokenizer):
        tokens = [decoders.ByteLevel().decode([token]) for token in tokens]
    return [SHOWN.get(token, token.replace("▁", " ").strip() or "␣") for token in tokens]


def batches(lengths: list[int], gpu: bool) -> Iterator[list[int]]:
    """Rows by falling length, as many at a time as fit the padded tokens of a batch.

    The longest come first, so that what does not fit into memory fails at once.
    """
    budget = GPU_TOKENS if gpu else CPU_TOKENS
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(order):
        end = start + max(1, budget // lengths[order[start]])
        yield order[start:end]
        start = end
