"""Batches of a bitext: token ids of the student's side, and the teacher's vectors of the other.

Everything that a step needs of the processor and of the disk is done here, so that other processes
can do it ahead of a GPU.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers import MultiVectorEncoder
from torch import Tensor

from optical.models.embedding import expansion_token
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.processes import world_size

READERS = 2
"""Processes that make batches ahead of a GPU, at most."""


class BitextCollator:
    """Pad the rows of a tokenised bitext, see `optical.training.distillation.tokenised`.

    A batch has two columns of features. `source` is what the student's `preprocess` makes of the
    sentences. `target` has the teacher's `token_embeddings`, float32 [B, m, d], `input_ids` and
    `attention_mask`, both [B, m], which `optical.transport.losses.BitextLoss` takes in place of
    reading them.

    Args:
        student: whose tokenizer pads, and whose queries may be filled up.
        targets: the teacher's vectors, of which the labels are rows.
    """

    valid_label_columns = ("label",)  # the trainer of sentence-transformers asks for them

    def __init__(self, student: MultiVectorEncoder, targets: TokenVectors) -> None:
        self.tokenizer, self.targets = student.tokenizer, targets
        self.expansion = student[0].query_expansion

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """A padded batch; each row has `source`, token ids, and `label`, a row of the targets."""
        features = {
            f"source_{name}": tensor
            for name, tensor in self.padded([row["source"] for row in rows]).items()
        }
        arrays = self.targets.padded([row["label"] for row in rows])
        names = ("token_embeddings", "input_ids", "attention_mask")
        for name, array in zip(names, arrays, strict=True):
            features[f"target_{name}"] = torch.from_numpy(array)
        return features

    def padded(self, ids: list[list[int]]) -> dict[str, Tensor]:
        """Token ids and mask, [B, n], and which places fill queries up, where something does."""
        lengths = np.array([len(row) for row in ids])[:, None]
        longest = self.expansion["length"] if self.expansion else lengths.max()
        places = np.arange(longest)
        left = self.tokenizer.padding_side == "left"
        real = places >= longest - lengths if left else places < lengths
        numbers = np.full(real.shape, self.tokenizer.pad_token_id, dtype=np.int64)
        numbers[real] = np.concatenate(ids)
        tokens, mask = torch.from_numpy(numbers), torch.from_numpy(real).long()
        features = {"input_ids": tokens, "attention_mask": mask}
        if self.expansion:
            filled = mask == 0
            features["query_expansion_positions"] = filled
            features["input_ids"] = tokens.masked_fill(filled, expansion_token(self.tokenizer))
            if self.expansion["attend"]:
                features["attention_mask"] = torch.ones_like(mask)
        return features


def readers() -> int:
    """Processes that make batches beside each process that trains.

    With a GPU the processor is free while it computes: so many as there are cores left, two at
    most. Without one the model computes on all cores, and another process would take from it what
    it brings, and a part of a second to start.
    """
    if not torch.cuda.is_available():
        return 0
    return min(READERS, max(0, cores() // world_size() - 1))


def cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
