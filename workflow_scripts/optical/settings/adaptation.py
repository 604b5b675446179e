"""What of an encoder the training of a student changes, and what is kept of the student."""

from dataclasses import dataclass
from typing import Annotated, Literal

Keep = Literal["models", "adapters", "scores"]
Precision = Literal["float32", "float16"]


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """What the training of a student changes of the model that it starts as. The projection is
    always trained."""

    embeddings: Literal["frozen", "trained"] = "frozen"
    """The table of token embeddings: frozen (as it is in the model that the student starts as) or
    trained. In XLM-R base it is 192 of 278 million parameters."""

    lora_rank: Annotated[int, ("minimum", 1), ("maximum", 1024)] | None = None
    """Rank of LoRA (Hu et al. 2022) on every linear layer of attention and feed-forward, with
    alpha twice the rank. It wants a learning rate about ten times as high. When null all layers are
    trained themselves."""
