"""What of an encoder the training of a student changes, and what is kept of the student."""

from dataclasses import dataclass
from typing import Annotated, Literal

Keep = Literal["models", "adapters", "scores"]
Precision = Literal["float32", "float16"]


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """Which weights of a student are trained. The projection always is."""

    embeddings: Literal["frozen", "trained"] = "frozen"
    """The token embeddings: trained, or frozen, that is, those of the teacher. In XLM-R base they
    are 192 of 278 million parameters."""

    lora_rank: Annotated[int, ("minimum", 1), ("maximum", 1024)] | None = None
    """Rank of LoRA (Hu et al. 2022) on every linear layer of attention and feed-forward, with
    alpha twice the rank. It needs a learning rate about ten times as high. null: all layers are
    trained themselves."""
