"""Tokenizers of encoders that are built from scratch."""

import io
from collections.abc import Iterable

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from optical.runtime.errors import InputError
from optical.settings.encoder import LONGEST

# XLM-R's order of the special tokens; its positions start after the padding id.
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]
SMALLEST = 256 + len(SPECIAL_TOKENS) + 1
"""Byte pairs: each byte, and the special tokens."""

SPACE = "▁"
"""How SentencePiece writes the space before a word."""


def train_tokenizer(
    texts: Iterable[str], vocabulary: int, *, byte_pairs: bool = False
) -> PreTrainedTokenizerFast:
    """A tokenizer with XLM-R's special tokens, lower-casing: unigram pieces, or byte pairs.

    The same texts always give the same tokenizer. vocabulary: number of pieces at most, special
    tokens included; of byte pairs at least `SMALLEST`. Raises InputError when it is too small for
    the characters of the texts.
    """
    tokenizer = (
        pairs_tokenizer(texts, vocabulary) if byte_pairs else pieces_tokenizer(texts, vocabulary)
    )
    tokenizer.add_special_tokens([*SPECIAL_TOKENS, "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=LONGEST,
    )


def pairs_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Byte pairs (Sennrich, Haddow and Birch, ACL 2016; of bytes: Radford et al. 2019)."""
    if vocabulary < SMALLEST:
        raise InputError(f"vocabulary: {vocabulary}; expected at least {SMALLEST} for byte pairs")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 1,  # and <mask>
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def pieces_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Unigram pieces."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        # Words look the same after a space and after punctuation.
        [pre_tokenizers.Punctuation(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace()
    pieces = unigram_pieces(
        (words(tokenizer, text) for text in texts), vocabulary - len(SPECIAL_TOKENS) - 1
    )
    tokenizer.model = models.Unigram(
        [*((token, 0.0) for token in SPECIAL_TOKENS), *pieces], SPECIAL_TOKENS.index("<unk>")
    )
    return tokenizer


def words(tokenizer: Tokenizer, text: str) -> str:
    """The words that a tokenizer cuts a text into, with single spaces between them."""
    normal = tokenizer.normalizer.normalize_str(text)
    return " ".join(
        word.removeprefix(SPACE) for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)
    )


def unigram_pieces(lines: Iterable[str], number: int) -> list[tuple[str, float]]:
    """At most so many pieces of the words in the lines, each with its log probability."""
    model = SentencePieceProcessor(model_proto=sentencepiece_model(lines, number))
    return [(model.id_to_piece(id), model.get_score(id)) for id in range(1, len(model))]


def sentencepiece_model(lines: Iterable[str], number: int) -> bytes:
    """SentencePiece's own file of at most so many pieces; its first is <unk>.

    By SentencePiece (Kudo and Richardson, 2018): the trainer of `tokenizers` gives other pieces for
    the same text from one process to the next.
    """
    written = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=written,
            model_type="unigram",
            vocab_size=number + 1,  # its own <unk>
            hard_vocab_limit=False,
            normalization_rule_name="identity",
            # The words are cut already, and stay as they are.
            split_by_unicode_script=False,
            split_by_number=False,
            max_sentence_length=1 << 20,
            # The order in which threads are summed is part of the result.
            num_threads=16,
            **{"unk_id": 0, "bos_id": -1, "eos_id": -1, "pad_id": -1},
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(
            f"vocabulary: {number} pieces are too few for the text: {error}"
        ) from error
    return written.getvalue()
