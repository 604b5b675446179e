"""Encoders: new ones from scratch, and late interaction on top of any of them."""

from pathlib import Path

import torch
from sentence_transformers import MultiVectorEncoder
from sentence_transformers.base.modules import Dense, Transformer
from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
from sentence_transformers.sentence_transformer.modules import Normalize
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForMaskedLM

from optical.runtime.errors import InputError
from optical.settings.encoder import LONGEST

QUERY_MARKER, PASSAGE_MARKER = "[unused0]", "[unused1]"


def new_masked_model(
    tokenizer: PreTrainedTokenizerFast, *, layers: int, width: int, heads: int
) -> XLMRobertaForMaskedLM:
    """An XLM-R of random weights; the feed-forward layers are four times as wide as the rest."""
    return XLMRobertaForMaskedLM(
        XLMRobertaConfig(
            vocab_size=len(tokenizer),
            num_hidden_layers=layers,
            hidden_size=width,
            num_attention_heads=heads,
            intermediate_size=4 * width,
            # Positions are counted from the one behind that of padding.
            max_position_embeddings=LONGEST + tokenizer.pad_token_id + 1,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            # A small model that sees a text a few times underfits: there is nothing to drop.
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


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
    longest = transformer.max_seq_length
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


def load(folder: str | Path) -> MultiVectorEncoder:
    """A late-interaction model from the folder it was saved in."""
    return MultiVectorEncoder(str(folder), local_files_only=True)
