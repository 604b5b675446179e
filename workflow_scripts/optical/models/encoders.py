"""Encoders: new ones from scratch, and late interaction on top of any of them."""

from pathlib import Path
from typing import Any

import torch
from sentence_transformers import MultiVectorEncoder
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sentence_transformer.modules import Normalize
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from optical.models import layouts
from optical.models.embedding import PASSAGE_MARKER, QUERY_MARKER
from optical.runtime.errors import InputError
from optical.settings.encoder import LONGEST

# Settings that are a family's own; positions of XLM-R are counted from the one behind padding.
# A small model that sees a text a few times underfits: there is nothing to drop.
UNDROPPED: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
OWN_SETTINGS: dict[str, dict[str, Any]] = {
    "xlm-roberta": UNDROPPED | {"type_vocab_size": 1, "layer_norm_eps": 1e-5},
    # He et al. 2023, DeBERTaV3, ICLR: positions relative to each other, in the layers alone.
    "deberta-v2": UNDROPPED
    | {"type_vocab_size": 0, "relative_attention": True, "position_biased_input": False}
    | {"pos_att_type": ["p2c", "c2p"], "position_buckets": 256, "share_att_key": True}
    | {"norm_rel_ebd": "layer_norm", "max_relative_positions": -1, "pooler_dropout": 0.0},
    # Warner et al. 2024, arXiv 2412.13663: every third layer attends to the whole text.
    "modernbert": {"global_attn_every_n_layers": 3, "local_attention": 128},
    # Boizard et al. 2025, arXiv 2503.05500.
    "eurobert": {},
}


def new_masked_model(
    tokenizer: PreTrainedTokenizerFast,
    *,
    layers: int,
    width: int,
    heads: int,
    architecture: str = "xlm-roberta",
) -> PreTrainedModel:
    """A masked language model of random weights, of one of the families in `OWN_SETTINGS`.

    The feed-forward layers are four times as wide as the rest.
    """
    own = dict(OWN_SETTINGS[architecture])
    positions = LONGEST
    if architecture == "xlm-roberta":
        positions += tokenizer.pad_token_id + 1
    if architecture == "eurobert":
        own |= {"num_key_value_heads": heads, "mask_token": tokenizer.mask_token}
        own |= {"mask_token_id": tokenizer.mask_token_id}
    names = ("pad", "bos", "eos", "cls", "sep")
    return AutoModelForMaskedLM.from_config(
        AutoConfig.for_model(
            architecture,
            vocab_size=len(tokenizer),
            num_hidden_layers=layers,
            hidden_size=width,
            num_attention_heads=heads,
            intermediate_size=4 * width,
            max_position_embeddings=positions,
            **{f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in names},
            **own,
        )
    )


def predictions(model: PreTrainedModel, hidden: torch.Tensor) -> torch.Tensor:
    """What a masked language model makes of hidden states [tokens, width]: [tokens, vocabulary]."""
    match model.config.model_type:
        case "modernbert":
            return model.decoder(model.head(hidden))
        case "deberta-v2":
            return model.cls(hidden)
        case _:
            return model.lm_head(hidden)


def late_interaction(
    encoder: str | Path, *, dimension: int, query_length: int, passage_length: int
) -> MultiVectorEncoder:
    """A late-interaction model on a plain encoder folder, with a new projection.

    Queries and passages are told apart by a marker token each, added to the vocabulary.
    Lengths count tokens, special tokens and marker included; vectors are [tokens, dimension],
    of unit length.

    Raises:
        InputError: for a length of more tokens than the encoder reads.
    """
    transformer = Transformer(
        str(encoder), query_length=query_length, document_length=passage_length
    )
    # Of a checkpoint in half precision too: there small updates would be lost in rounding.
    transformer.float()
    longest = longest_text(transformer)
    for name, length in (("query_length", query_length), ("passage_length", passage_length)):
        if longest and length > longest:
            raise InputError(
                f"model.{name}: {length}, but the encoder in {encoder} reads {longest} tokens "
                "at most"
            )
    transformer.tokenizer.add_tokens([QUERY_MARKER, PASSAGE_MARKER], special_tokens=True)
    transformer.auto_model.resize_token_embeddings(len(transformer.tokenizer), mean_resizing=False)
    projection = Dense(
        transformer.get_embedding_dimension(),
        dimension,
        bias=False,
        activation_function=torch.nn.Identity(),
        module_input_name="token_embeddings",
    )
    return MultiVectorEncoder(
        modules=[
            transformer,
            projection,
            MultiVectorMask(),
            Normalize(module_input_name="token_embeddings"),
        ],
        prompts={"query": QUERY_MARKER, "document": PASSAGE_MARKER},
    )


def longest_text(transformer: Transformer) -> int | None:
    """Tokens that an encoder reads at most; None where neither it nor its tokenizer says."""
    known = (transformer.max_seq_length, layouts.longest(transformer.auto_model.config.to_dict()))
    return min(filter(None, known), default=None)


def load(folder: str | Path, device: str | None = None) -> MultiVectorEncoder:
    """A late-interaction model from the folder it was saved in, in float32 whatever it lies in.

    device: a GPU where there is one when None.
    """
    return MultiVectorEncoder(str(folder), local_files_only=True, device=device).float()
