"""What a distillation is made of: sentence pairs, the teacher's vectors, and a loss."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from datasets import Dataset
from sentence_transformers import MultiVectorEncoder
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from optical.models.embedding import check_length, expansion_token
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError
from optical.settings.distillation import Distillation
from optical.transport.losses import (
    BitextLoss,
    GreedyAlignmentLoss,
    OptimalTransportLoss,
    SentenceLoss,
    idf_weights,
)
from optical.transport.settings import Ranking, Transport

LOSSES = {
    "optical": OptimalTransportLoss,
    "greedy": GreedyAlignmentLoss,
    "sentence": SentenceLoss,
}
"""The loss of each method that distils."""

BLOCK = 4096
"""Sentences that are tokenised at once."""


def read_pairs(bitext: Path, targets: TokenVectors, most: int | None = None) -> Dataset:
    """A data set of (source, label): the foreign side, and its row in the teacher's vectors.

    most: pairs at most, the first of the bitext. Raises InputError when the vectors were not made
    from this bitext.
    """
    sources = pq.read_table(bitext, columns=["source"])["source"].to_pylist()
    if len(sources) != len(targets):
        raise InputError(
            f"{bitext}: {len(sources)} pairs, but the teacher's vectors have {len(targets)} rows"
        )
    sources = sources[:most]
    return Dataset.from_dict({"source": sources, "label": range(len(sources))})


def tokenised(student: MultiVectorEncoder, pairs: Dataset, length: int | None = None) -> Dataset:
    """The pairs with the token ids of the source in its place, as the student reads it.

    The marker is included, what fills queries up is not. length: tokens at most, where it is to
    differ from the student's own; a student that fills queries up has one length of them. Raises
    InputError for a length that the student has no positions for.
    """
    marker, transformer = student.prompts["query"], student[0]
    expansion = transformer.query_expansion
    if length and not expansion:
        check_length(transformer.auto_model, length)
    length = expansion["length"] if expansion else length or transformer.query_length
    ids, ends = [np.empty(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)]
    for start in range(0, len(pairs), BLOCK):
        texts = [marker + text for text in pairs[start : start + BLOCK]["source"]]
        block = student.tokenizer(texts, truncation=True, max_length=length)["input_ids"]
        ids.append(np.fromiter(chain.from_iterable(block), dtype=np.int32))
        ends.append(ends[-1][-1] + np.cumsum([len(row) for row in block]))
    source = pa.LargeListArray.from_arrays(np.concatenate(ends), np.concatenate(ids))
    return Dataset(pa.table({"source": source, "label": pa.array(pairs["label"][:])}))


def without_cut(
    pairs: Dataset,
    student: MultiVectorEncoder,
    teacher: PreTrainedTokenizerBase,
    targets: TokenVectors,
    length: int,
) -> Dataset:
    """The tokenised pairs of which neither side has as many tokens as sentences are cut at.

    That is `length`, or the length that queries are filled up to; what fills them up is no token of
    the sentence. teacher: the teacher's tokenizer. Raises InputError where no pair is left.
    """
    expansion, rows = student[0].query_expansion, np.asarray(pairs["label"])
    most = expansion["length"] if expansion else length
    sources = np.array([len(ids) for ids in pairs["source"]])
    filled = filled_up(teacher, targets, rows)
    whole = (sources < most) & (filled if filled.any() else targets.lengths[rows] < length)
    if not whole.any():
        raise InputError(f"distillation.length: no pair is shorter than {most} tokens")
    return pairs.select(np.flatnonzero(whole))


def filled_up(
    teacher: PreTrainedTokenizerBase, targets: TokenVectors, rows: np.ndarray
) -> np.ndarray:
    """Which rows of the targets end in what a teacher fills queries up with."""
    if len(np.unique(targets.lengths[rows])) > 1:  # filled up, all would have one length
        return np.zeros(len(rows), dtype=bool)
    filler = expansion_token(teacher)
    # A sentence may end in the same token.
    last = 2 if filler == teacher.eos_token_id else 1
    return np.array([(targets.ids(row)[-last:] == filler).all() for row in rows], dtype=bool)


def source_ids(student: MultiVectorEncoder, pairs: Dataset) -> Iterator[list[int]]:
    """Yield the token ids of each tokenised pair's foreign side, and what a finished teacher, as
    which the student started, fills queries up with.
    """
    expansion = student[0].query_expansion
    filler = [expansion_token(student.tokenizer)] * expansion["length"] if expansion else []
    for start in range(0, len(pairs), BLOCK):
        for ids in pairs[start : start + BLOCK]["source"]:
            yield ids + filler[len(ids) :]


def loss_for(
    method: str,
    student: MultiVectorEncoder,
    teacher: PreTrainedTokenizerBase,
    targets: TokenVectors,
    pairs: Dataset,
    settings: Distillation,
) -> BitextLoss:
    """The loss of a method for a student on a bitext.

    teacher: the teacher's tokenizer. pairs: tokenised. settings: only optical reads those of the
    transport.
    """
    more: dict[str, Any] = {field.name: getattr(settings, field.name) for field in fields(Ranking)}
    marginals, special_tokens = settings.marginals, settings.special_tokens
    if marginals == "idf" or not special_tokens:
        sources = source_ids(student, pairs)
        rows = (targets.ids(row).tolist() for row in pairs["label"])
        more |= {
            "source_weights": token_weights(student.tokenizer, sources, marginals, special_tokens),
            "target_weights": token_weights(teacher, rows, marginals, special_tokens),
        }
    if method == "optical":
        more |= {field.name: getattr(settings, field.name) for field in fields(Transport)}
    return LOSSES[method](student, targets=targets, **more)


def token_weights(
    tokenizer: PreTrainedTokenizerBase,
    sentences: Iterable[Iterable[int]],
    marginals: str,
    special_tokens: bool,
) -> Tensor:
    """The weight of each token id in its sentence, [vocabulary]."""
    vocabulary = len(tokenizer)
    weights = idf_weights(sentences, vocabulary) if marginals == "idf" else torch.ones(vocabulary)
    if not special_tokens:
        weights[[id for id in special_ids(tokenizer) if id < vocabulary]] = 0.0
    return weights


def special_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Ids of the tokens that stand for no text: markers and sentence ends; not of <unk>."""
    added = tokenizer.added_tokens_decoder.items()
    return [id for id, token in added if token.special and id != tokenizer.unk_token_id]
