"""What a distillation is made of: sentence pairs, each with its row of the teacher's vectors."""

from pathlib import Path

import pyarrow.parquet as pq
from datasets import Dataset
from sentence_transformers import MultiVectorEncoder

from optical.losses import OptimalTransportLoss, idf_weights
from optical.token_vectors import TokenVectors


def read_pairs(bitext: Path, targets: TokenVectors) -> Dataset:
    """A data set of (source, label): the foreign side, and its row in the teacher's vectors.

    Raises ValueError when the vectors were not made from this bitext.
    """
    sources = pq.read_table(bitext, columns=["source"])["source"].to_pylist()
    if len(sources) != len(targets):
        raise ValueError(
            f"{bitext}: {len(sources)} pairs, but the teacher's vectors have {len(targets)} rows"
        )
    return Dataset.from_dict({"source": sources, "label": range(len(sources))})


def transport_loss_for(
    student: MultiVectorEncoder,
    targets: TokenVectors,
    pairs: Dataset,
    *,
    marginals: str,
    epsilon: float,
    iterations: int,
) -> OptimalTransportLoss:
    """The transport loss of a student on a bitext; `marginals` is "uniform" or "idf"."""
    weights = {}
    if marginals == "idf":
        sources = student.tokenizer(list(pairs["source"]))["input_ids"]
        weights = {
            "source_weights": idf_weights(sources, len(student.tokenizer)),
            "target_weights": idf_weights(
                (targets.ids(row).tolist() for row in range(len(targets))),
                int(targets.tokens.max()) + 1,
            ),
        }
    return OptimalTransportLoss(student, targets, epsilon=epsilon, iterations=iterations, **weights)
