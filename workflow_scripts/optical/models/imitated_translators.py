"""Translators of random weights that are otherwise like those of the hub, to try a study with.

Each has the architecture and the configuration of the hub model, but for its size, and a tokenizer
of its class that has the languages under the same names. So a folder of one is loaded by the same
lines as that of the model itself.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    NllbTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

from optical.models.tokenizer import (
    SPECIAL_TOKENS,
    sentencepiece_model,
    train_tokenizer,
    unigram_pieces,
)
from optical.settings.translation import TranslatorKind, TranslatorShape

T5_SPECIAL_TOKENS = ["<pad>", "</s>", "<unk>"]
"""In the order of T5's vocabulary."""


Parts = tuple[PreTrainedTokenizerBase, PreTrainedModel]


def imitate(
    kind: TranslatorKind, texts: Sequence[str], shape: TranslatorShape, codes: Sequence[str]
) -> Parts:
    """The tokenizer and the model of a translator of random weights.

    texts: what the pieces of the tokenizer are made of. codes: what the hub model calls the
    languages. M2M-100 and NLLB have names of their own and no others; elsewhere these are added.

    Raises:
        InputError: for a vocabulary that is too small for the characters of the texts.
    """
    return IMITATIONS[kind](texts, shape, codes)


def m2m100(texts: Sequence[str], shape: TranslatorShape, codes: Sequence[str]) -> Parts:
    """M2M-100 (Fan et al. 2021): pieces of SentencePiece, and 100 languages such as __sw__."""
    written = sentencepiece_model(texts, shape.vocabulary - len(SPECIAL_TOKENS))
    pieces = SentencePieceProcessor(model_proto=written)
    names = [*SPECIAL_TOKENS, *(pieces.id_to_piece(id) for id in range(1, len(pieces)))]
    with TemporaryDirectory() as folder:
        vocabulary, model = Path(folder, "vocab.json"), Path(folder, "sentencepiece.bpe.model")
        vocabulary.write_text(json.dumps({name: id for id, name in enumerate(names)}))
        model.write_bytes(written)
        tokenizer = M2M100Tokenizer(str(vocabulary), str(model))
    # The last ids mean nothing, as in the model of the hub.
    size = max(tokenizer.lang_token_to_id.values()) + 1 + tokenizer.num_madeup_words
    return tokenizer, m2m100_model(size, shape)


def nllb(texts: Sequence[str], shape: TranslatorShape, codes: Sequence[str]) -> Parts:
    """NLLB (NLLB Team 2022): merged pairs, and the codes of FLORES-200 (swh_Latn)."""
    pairs = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    pairs.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary, special_tokens=SPECIAL_TOKENS, show_progress=False
    )
    pairs.train_from_iterator(texts, trainer)
    trained = json.loads(pairs.to_str())["model"]
    merges = [tuple(pair) for pair in trained["merges"]]
    tokenizer = NllbTokenizer(vocab=trained["vocab"], merges=merges)
    return tokenizer, m2m100_model(len(tokenizer), shape)


def madlad(texts: Sequence[str], shape: TranslatorShape, codes: Sequence[str]) -> Parts:
    """MADLAD-400 (Kudugunta et al. 2023): T5 in its version 1.1, with gates and embeddings of their
    own for what is written, and a token <2sw> for each language to write.
    """
    special = [(token, 0.0) for token in T5_SPECIAL_TOKENS]
    pieces = unigram_pieces(texts, shape.vocabulary - len(special))
    tokenizer = T5Tokenizer(vocab=[*special, *pieces], extra_ids=0)
    tokenizer.add_tokens([f"<2{code}>" for code in codes])
    model = T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer),
            d_model=shape.width,
            d_kv=max(1, shape.width // shape.heads),
            d_ff=4 * shape.width,
            num_layers=shape.layers,
            num_heads=shape.heads,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=tokenizer.pad_token_id,
        )
    )
    return tokenizer, model


def other(texts: Sequence[str], shape: TranslatorShape, codes: Sequence[str]) -> Parts:
    """Any other: the model of M2M-100, with a token for each language."""
    tokenizer = train_tokenizer(texts, shape.vocabulary)
    tokenizer.add_tokens(list(codes), special_tokens=True)
    return tokenizer, m2m100_model(len(tokenizer), shape)


def m2m100_model(size: int, shape: TranslatorShape) -> M2M100ForConditionalGeneration:
    """The model of M2M-100 and of NLLB, which has the same architecture. size: number of ids."""
    sides: dict[str, Any] = {}
    for side in ("encoder", "decoder"):
        sides[f"{side}_layers"] = shape.layers
        sides[f"{side}_attention_heads"] = shape.heads
        sides[f"{side}_ffn_dim"] = 4 * shape.width
    return M2M100ForConditionalGeneration(
        M2M100Config(
            vocab_size=size,
            d_model=shape.width,
            max_position_embeddings=shape.length,
            scale_embedding=True,
            **sides,
        )
    )


IMITATIONS: dict[TranslatorKind, Callable[..., Parts]] = {
    "m2m100": m2m100,
    "nllb": nllb,
    "madlad": madlad,
    "other": other,
}
