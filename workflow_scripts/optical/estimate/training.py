"""The work of a training, whatever it trains."""

from optical.estimate.shapes import OPTIMISER_BYTES, STATE_BYTES, Shape
from optical.estimate.work import CONTEXT, Work

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
    **more,
) -> Work:
    """A training. Of a batch: its passes through the model, tokens to be read, operations and moved
    bytes of the loss; held: bytes of the loss in memory.

    batches: of a step. texts: padded tokens that go through the model at once.
    """
    number = steps * batches
    state = STATE_BYTES * shape.parameters
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
        moved=steps * OPTIMISER_BYTES * shape.parameters + number * moved,
        kept=model_bytes(shape),
        sure=0.0 if shape.assumed else SURE * model_bytes(shape),
        # The last whole checkpoint and the next: weights and both moments.
        beside=2 * 12 * shape.parameters,
        memory=CONTEXT
        + state
        + 2 * (shape.reading + shape.writing)
        + ACTIVATIONS * texts * shape.width * (shape.layers + 2 * shape.writers)
        + held,
        least=0.0 if shape.assumed else state,
        **more,
    )
