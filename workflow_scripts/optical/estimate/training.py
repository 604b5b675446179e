"""The work of a training, whatever it trains."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from optical.estimate.shapes import OPTIMISER_BYTES, STATE_BYTES, Shape
from optical.estimate.work import CONTEXT, Work
from optical.study.study import Study

ACTIVATIONS = 40
"""Bytes that a layer holds for the backward pass, for each token and dimension of the width: 34 in
half precision (Korthikanti et al. 2022, arXiv 2205.05198, section 4.1, without the part that fused
attention does not hold), and some in float32."""

LOGITS = 24
"""Bytes moved for each logit of a vocabulary: written, normalised and read in both passes."""


SURE = 0.95
"""Of the size of a saved model, what is certain: a shape tells it to some hundredths."""


def model_bytes(shape: Shape) -> float:
    """Bytes of a saved model: weights in float32, the tokenizer beside them."""
    return 4 * shape.parameters + 90 * shape.vocabulary


class Part(NamedTuple):
    """What of a model is trained and kept.

    weights: that are trained. kept, beside: bytes that stay, and that lie there until its queries
    are embedded. passes: forward and backward pass in forward passes: 3 where all layers are
    trained; 2 where they are frozen, whose own gradients nobody needs.
    """

    weights: float
    kept: float
    beside: float = 0.0
    passes: float = 3.0


def part_of(study: Study, shape: Shape, settings: Mapping[str, Any]) -> Part:
    """What of a student is trained and kept by the settings of its training (`Adaptation`)."""
    projection = shape.width * study["model"]["dimension"]
    table = shape.table if settings["embeddings"] == "trained" else 0
    rank = settings["lora_rank"]
    weights = table + projection + (shape.reading if rank is None else rank * shape.sides)
    passes = 3.0 if rank is None else 2.0
    if study["keep"] == "models":
        return Part(weights, model_bytes(shape), passes=passes)
    adapter = weights * (2 if study["precision"] == "float16" else 4)
    if study["keep"] == "scores":
        return Part(weights, 0.0, adapter, passes)
    return Part(weights, adapter, passes=passes)


def trained(
    stage: str,
    shape: Shape,
    *,
    steps: float,
    batches: float,
    passes: float,
    texts: float,
    operations: float,
    compared: float = 0.0,
    moved: float = 0.0,
    held: float = 0.0,
    part: Part | None = None,
    **more,
) -> Work:
    """A training. Of a batch: its passes through the model, tokens to be read, operations and moved
    bytes of the loss; held: bytes of the loss in memory.

    batches: of a step. texts: padded tokens that go through the model at once. part: what is
    trained and kept; the whole model by default.
    """
    number = steps * batches
    part = part or Part(shape.parameters, model_bytes(shape))
    # What is frozen lies there as weights alone.
    state = STATE_BYTES * part.weights + 4 * max(0.0, shape.parameters - part.weights)
    return Work(
        stage=stage,
        program="train",
        gpu=True,
        batches=number,
        passes=number * passes,
        layers=shape.layers + shape.writers,
        operations=number * operations,
        width=shape.width,
        compared=number * compared,
        moved=steps * OPTIMISER_BYTES * part.weights + number * moved,
        kept=part.kept,
        sure=0.0 if shape.assumed else SURE * part.kept,
        # The last whole checkpoint and the next: weights and both moments.
        beside=part.beside + 2 * 12 * part.weights,
        memory=CONTEXT
        + state
        + 2 * (shape.reading + shape.writing)
        + ACTIVATIONS * texts * shape.width * (shape.layers + 2 * shape.writers)
        + held,
        least=0.0 if shape.assumed else state,
        **more,
    )
