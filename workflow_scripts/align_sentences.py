"""Transport plans of some sentence pairs, before and after distillation."""

import json
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from optical.runtime.files import atomic_path
from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.transport.settings import Transport


def main(
    *,
    start: Path,
    student: Path,
    targets: Path,
    teacher: Path,
    bitext: Path,
    pairs: int = 2,
    tokens: int = 16,
    settings: Transport,
    output: Path,
) -> None:
    """
    start: the student before distillation
    student: folder of the student
    targets: the teacher's token vectors
    teacher: folder of the teacher
    bitext: bitext (.parquet)
    pairs: sentence pairs to align
    tokens: of a pair, from half of them on, if any is so
    output: plans to write (.json)
    """
    take_gpus(1)

    try:
        found: Any = aligned(start, student, targets, teacher, bitext, pairs, tokens, settings)
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
    pairs: int,
    tokens: int,
    settings: Transport,
) -> list[dict[str, Any]]:
    """The tokens of some sentence pairs, and their plans before and after the distillation."""
    import numpy as np
    import pyarrow.parquet as pq
    import torch

    from optical.models.embedding import Embedder, embed, readable
    from optical.models.shared_base import load_embedder
    from optical.retrieval.token_vectors import TokenVectors
    from optical.transport.solvers import cosine_cost, transport_plan

    vectors = TokenVectors(targets)
    of_teacher = Embedder.load(teacher).tokenizer
    if not len(vectors):
        return []
    # The first pairs that are neither too short to tell anything nor too long to be seen, or those
    # that are nearest to it.
    beyond = np.maximum(tokens // 2 - vectors.lengths, vectors.lengths - tokens)
    rows = np.argsort(np.maximum(beyond, 0), kind="stable")[:pairs].tolist()
    length = max(2 * tokens, *vectors.lengths[rows].tolist())
    sources = pq.read_table(bitext, columns=["source"])["source"].take(rows).to_pylist()
    found: list[dict[str, Any]] = []
    for row in rows:
        found.append({"target": readable(of_teacher, vectors.ids(row)), "plans": {}})
    for title, folder in (("before", start), ("after", student)):
        model = load_embedder(folder)
        embedded = embed(model, sources, task="query", length=length)
        for pair, row, (ids, source) in zip(found, rows, embedded, strict=True):
            pair["source"] = readable(model.tokenizer, ids)
            both = (source.astype(np.float32), vectors[row].astype(np.float32))
            sides = [torch.from_numpy(side)[None] for side in both]
            cost = cosine_cost(*sides)
            weights = [torch.ones(side.shape[:2]) for side in sides]
            plan = transport_plan(cost, *weights, **asdict(settings))
            pair["plans"][title] = plan[0].tolist()
    return found


if __name__ == "__main__":
    run_program(main)
