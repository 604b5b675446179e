"""Encoders of other families than XLM-R: counted, made teachers and distilled from alike."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    EuroBertConfig,
    EuroBertForMaskedLM,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
)

from compare_gap import parameters_of
from conftest import TEXTS, embedder
from optical.models.encoders import late_interaction, new_masked_model
from optical.models.tokenizer import train_tokenizer
from optical.runtime.errors import InputError

SIZE = {
    **{"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2},
    **{"num_attention_heads": 2, "max_position_embeddings": 128},
}


def byte_pairs():
    """A tokenizer of byte pairs, as EuroBERT and mmBERT have one."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>"}
    names |= {"unk": "<unk>", "mask": "<mask>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        **{f"{name}_token": token for name, token in names.items()},
    )


def ids_of(tokenizer):
    names = ("pad", "bos", "eos", "cls", "sep")
    return {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in names}


def xlm_r():
    tokenizer = train_tokenizer(TEXTS, 60)
    return tokenizer, new_masked_model(tokenizer, layers=2, width=16, heads=2)


def mdeberta():
    tokenizer = train_tokenizer(TEXTS, 60)
    relative = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "type_vocab_size": 0}
    relative |= {"position_biased_input": False, "position_buckets": 16, "share_att_key": True}
    relative |= {"norm_rel_ebd": "layer_norm", "max_relative_positions": -1}
    ids = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    return tokenizer, DebertaV2ForMaskedLM(DebertaV2Config(**ids, **SIZE, **relative))


def mmbert():
    tokenizer = byte_pairs()
    config = ModernBertConfig(vocab_size=len(tokenizer), **ids_of(tokenizer), **SIZE)
    return tokenizer, ModernBertForMaskedLM(config)


def eurobert():
    tokenizer = byte_pairs()
    ids = {"mask_token": "<mask>", "mask_token_id": tokenizer.mask_token_id}
    heads = {"num_key_value_heads": 2}
    config = EuroBertConfig(vocab_size=len(tokenizer), **ids_of(tokenizer), **ids, **SIZE, **heads)
    return tokenizer, EuroBertForMaskedLM(config)


@pytest.fixture(params=[xlm_r, mdeberta, mmbert, eurobert], ids=lambda make: make.__name__)
def family(request, tmp_path):
    """The folder of a tiny encoder, as the hub has it: with the head of its pre-training."""
    torch.manual_seed(0)
    for part in request.param():
        part.save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


def test_parameters_are_those_of_the_layers(family):
    model = AutoModel.from_pretrained(family)
    layers = [
        parameter.numel()
        for name, parameter in model.named_parameters()
        if not any(part in name for part in ("embeddings.", "embed_tokens.", "pooler."))
    ]
    assert parameters_of(family) == sum(layers) > 0


def test_a_family_reads_queries_and_passages_and_is_trained(family, tmp_path):
    model = late_interaction(family, dimension=8, query_length=16, passage_length=32)
    output = model(model.preprocess(["the cat", "a dog sat on the mat"], task="query"))
    vectors = output["token_embeddings"]
    assert vectors.shape[::2] == (2, 8)
    vectors.square().mean().backward()
    untrained = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None and "pooler." not in name  # of one vector a text, never read
    ]
    assert not untrained
    # As it is saved it gives the same vectors, in the programs that embed too.
    saved = embedder(model, tmp_path / "saved")
    ids = saved.token_ids(["the cat"], "document", None)
    ((_, found),) = saved.vectors(ids, "document")
    with torch.inference_mode():
        (expected,) = model.eval().encode(["the cat"], prompt_name="document", task="document")
    # Vectors are kept as float16.
    torch.testing.assert_close(torch.from_numpy(found).float(), expected, atol=1e-3, rtol=0)


def test_a_length_that_the_encoder_cannot_read_is_refused(family):
    message = r"model\.passage_length: 1024, but the encoder in .* reads (128|512) tokens at most"
    with pytest.raises(InputError, match=message):
        late_interaction(family, dimension=8, query_length=16, passage_length=1024)
