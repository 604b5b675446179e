"""The shape of an encoder or translator, and the arithmetic and bytes that follow from it.

A multiplication and an addition are two operations. The count is that of Kaplan et al. (2020,
arXiv 2001.08361, table 1): two operations a weight and token for the forward pass, twice as many
for the backward pass, and those of attention beside them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from optical.study import paths
from optical.study.study import Study

RESOURCES = Path(__file__).parents[3] / "resources"

OPTIMISER_BYTES = 40
"""Bytes moved for each trained weight in a step of AdamW in float32: weight, gradient and two
moments are read, all but the gradient are written (28); the gradient is written, and read for its
norm and its clipping (12)."""

STATE_BYTES = 16
"""Bytes held for each trained weight: weight, gradient and two moments in float32."""


@dataclass(frozen=True)
class Shape:
    """The shape of a model.

    layers: that read. width: hidden size. inner: width of the feed-forward layers. vocabulary: of
    the embedding table. writers: layers that write, of a translator. gates: matrices of the
    feed-forward layer beside the usual two. attention: factor on the attention's own operations and
    weights, as relative positions have more. assumed: whether it is a guess.
    """

    layers: int
    width: int
    inner: int
    vocabulary: int
    writers: int = 0
    gates: int = 0
    attention: float = 1.0
    assumed: bool = False

    @property
    def reading(self) -> float:
        """Weights of the layers that read."""
        return self.layers * self.of_layer(self.attention)

    @property
    def writing(self) -> float:
        """Weights of the layers that write, which attend twice."""
        return self.writers * (self.of_layer(self.attention) + 4 * self.width**2)

    def of_layer(self, attention: float) -> float:
        """Weights of a layer's matrices."""
        return 4 * attention * self.width**2 + (2 + self.gates) * self.width * self.inner

    @property
    def sides(self) -> int:
        """The inputs and outputs of all linear layers that read, which LoRA has weights for."""
        return self.layers * (8 * self.width + (2 + self.gates) * (self.width + self.inner))

    @property
    def table(self) -> int:
        """Weights of the embedding table."""
        return self.vocabulary * self.width

    @property
    def parameters(self) -> float:
        """All weights, without biases and positions, which are under a hundredth of them."""
        return self.reading + self.writing + self.table

    def forward(self, tokens: float, length: float) -> float:
        """Operations of a forward pass over so many tokens, in texts of a length."""
        attending = 4 * self.attention * self.layers * tokens * length * self.width
        return 2 * self.reading * tokens + attending


@cache
def known_models() -> dict[str, Any]:
    """The content of resources/encoders.yaml: {hub id: its shape}."""
    return yaml.safe_load((RESOURCES / "encoders.yaml").read_text(encoding="utf-8"))


ASSUMED = "FacebookAI/xlm-roberta-base"
"""What a model is taken for of which nothing is known."""


def shape_of(study: Study, name: str) -> Shape:
    """The shape of an encoder or finished teacher of a study: from scratch, of a folder that is
    here, of the table of known ones, or else assumed.
    """
    about = study.encoders[name]
    if "layers" in about:
        return scratch_shape(about)
    folders = [Path(paths.ENCODER.format(study=study.name, encoder=name))]
    folders += [Path(about["folder"])] if "folder" in about else []
    return read_shape(folders) or known_shape(about.get("hub", ""))


def translator_shape(study: Study) -> Shape:
    """The shape of a study's translator, of the hub or from scratch."""
    about = study["translation"]
    if about["hub"]:
        folder = Path(paths.HUB_TRANSLATOR.format(study=study.name))
        return read_shape([folder]) or known_shape(about["hub"])
    layers, width, vocabulary = (about[name] for name in ("layers", "width", "vocabulary"))
    return Shape(layers, width, 4 * width, vocabulary, writers=layers)


def scratch_shape(about: Mapping[str, Any]) -> Shape:
    """The shape of an encoder that is trained from scratch (`models.encoders.new_masked_model`)."""
    gates = 1 if about.get("architecture") in ("modernbert", "eurobert") else 0
    attention = DEBERTA if about.get("architecture") == "deberta-v2" else 1.0
    width = about["width"]
    return Shape(
        about["layers"], width, 4 * width, about["vocabulary"], gates=gates, attention=attention
    )


DEBERTA = 1.5
"""Attention of DeBERTa has two more products of each query and key, with relative positions (He et
al. 2021, arXiv 2006.03654); they are half of a layer's attention more, roughly."""


def known_shape(hub: str) -> Shape:
    """The shape of a hub model by its id, or an assumed one."""
    if hub in known_models():
        return Shape(**known_models()[hub])
    return Shape(**known_models()[ASSUMED], assumed=True)


def read_shape(folders: list[Path]) -> Shape | None:
    """The shape in the config.json of the first folder that has one; None where it says too little.

    A broken file is the business of who loads the model.
    """
    for folder in folders:
        file = folder / "config.json"
        if not file.is_file():
            continue
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
            return from_config(about)
        except (ValueError, KeyError, TypeError):
            continue
    return None


def from_config(about: Mapping[str, Any]) -> Shape:
    """The shape in a configuration of transformers. Raises KeyError where it has no usual name."""
    width = about.get("hidden_size") or about["d_model"]
    kind = about.get("model_type")
    return Shape(
        about.get("num_hidden_layers") or about["encoder_layers"],
        width,
        about.get("intermediate_size") or about.get("encoder_ffn_dim") or about["d_ff"],
        about["vocab_size"],
        writers=about.get("decoder_layers") or about.get("num_decoder_layers") or 0,
        gates=1 if kind in ("modernbert", "eurobert", "t5") else 0,
        attention=DEBERTA if kind == "deberta-v2" else 1.0,
    )
