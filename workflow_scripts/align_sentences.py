"""Transport plans of some sentence pairs, before and after distillation."""

import json
import traceback
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optical.runtime.files import atomic_path
from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.distillation import Distillation

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from optical.retrieval.token_vectors import TokenVectors


def main(
    *,
    start: Path,
    student: Path,
    targets: Path,
    teacher: Path,
    bitext: Path,
    shown: int = 2,
    tokens: int = 16,
    settings: Distillation,
    output: Path,
) -> None:
    """
    start: the student before distillation
    student: folder of the student
    targets: the teacher's token vectors
    teacher: folder of the teacher
    bitext: bitext (.parquet)
    shown: sentence pairs to align
    tokens: of a pair, from half of them on, if any is so
    output: plans to write (.json)
    """
    take_gpus(1)

    try:
        found: Any = aligned(start, student, targets, teacher, bitext, shown, tokens, settings)
    except OSError:
        raise
    except Exception as error:
        # It is only to be seen: nothing else of the study shall wait for it.
        traceback.print_exc()
        found = {"left_out": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    with atomic_path(output) as temporary:
        temporary.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def aligned(
    start: Path,
    student: Path,
    targets: Path,
    teacher: Path,
    bitext: Path,
    shown: int,
    tokens: int,
    settings: Distillation,
) -> list[dict[str, Any]]:
    """The tokens of some sentence pairs with their masses, and the plans before and after.

    Of each pair: language, sentences (foreign, pivot), source, target, masses (source, target),
    plans by title.
    """
    import numpy as np
    import pyarrow.parquet as pq
    import torch

    from optical.models.embedding import Embedder, embed, readable
    from optical.models.shared_base import load_embedder
    from optical.retrieval.token_vectors import TokenVectors
    from optical.transport.losses import token_weights
    from optical.transport.settings import Transport
    from optical.transport.solvers import cosine_cost, transport_plan

    vectors = TokenVectors(targets)
    of_teacher = Embedder.load(teacher).tokenizer
    if not len(vectors):
        return []
    # The first pairs that are neither too short to tell anything nor too long to be seen, or those
    # that are nearest to it.
    beyond = np.maximum(tokens // 2 - vectors.lengths, vectors.lengths - tokens)
    rows = np.argsort(np.maximum(beyond, 0), kind="stable")[:shown].tolist()
    length = max(2 * tokens, *vectors.lengths[rows].tolist())
    texts = pq.read_table(bitext, columns=["source", "target"]).take(rows)
    sources = texts["source"].to_pylist()
    # As training weighs them: the rarity of a token is that in the whole bitext.
    weights = weights_of(start, of_teacher, vectors, bitext, settings)
    transport = {field.name: getattr(settings, field.name) for field in fields(Transport)}
    found: list[dict[str, Any]] = []
    for row, sentences in zip(rows, zip(*texts.to_pydict().values(), strict=True), strict=True):
        target = readable(of_teacher, vectors.ids(row))
        found.append(
            {"language": bitext.stem, "sentences": sentences, "target": target, "plans": {}}
        )
    for title, folder in (("before", start), ("after", student)):
        model = load_embedder(folder)
        embedded = embed(model, sources, task="query", length=length)
        for pair, row, (ids, source) in zip(found, rows, embedded, strict=True):
            pair["source"] = readable(model.tokenizer, ids)
            both = (source.astype(np.float32), vectors[row].astype(np.float32))
            sides = [torch.from_numpy(side)[None] for side in both]
            cost = cosine_cost(*sides)
            masses = [
                token_weights(
                    torch.ones(side.shape[:2], dtype=torch.bool),
                    torch.from_numpy(np.asarray(of_side, dtype=np.int64))[None],
                    weights.get(name),
                )
                for side, of_side, name in zip(
                    sides,
                    (ids, vectors.ids(row)),
                    ("source_weights", "target_weights"),
                    strict=True,
                )
            ]
            plan = transport_plan(cost, *masses, **transport)
            pair["masses"] = [mass[0].tolist() for mass in masses]
            pair["plans"][title] = plan[0].tolist()
    return found


def weights_of(
    start: Path,
    teacher: "PreTrainedTokenizerBase",
    targets: "TokenVectors",
    bitext: Path,
    settings: Distillation,
) -> dict[str, "Tensor"]:
    """`source_weights` and `target_weights`, [vocabulary], as the loss of the training has them.

    Nothing where all tokens of a sentence weigh the same. teacher: the teacher's tokenizer.
    """
    if settings.marginals == "uniform" and settings.special_tokens:
        return {}

    from optical.models.encoders import load
    from optical.training.distillation import loss_for, read_pairs, tokenised, without_cut

    student = load(start)
    pairs = tokenised(student, read_pairs(bitext, targets, settings.pairs), settings.length)
    if settings.cut_pairs == "leave_out":
        pairs = without_cut(pairs, student, teacher, targets, settings.length)
    loss = loss_for("optical", student, teacher, targets, pairs, settings)
    return {name: getattr(loss, name).cpu() for name in ("source_weights", "target_weights")}


if __name__ == "__main__":
    run_program(main)
