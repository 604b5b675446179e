"""Encoders of other families than XLM-R: pre-trained, counted, made teachers and distilled from."""

import json
import os
import subprocess
import sys

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from compare_gap import parameters_of
from conftest import TEXTS, embedder
from optical.models.encoders import late_interaction, new_masked_model
from optical.models.export import save_for_all
from optical.models.tokenizer import train_tokenizer
from optical.runtime.errors import InputError
from optical.training.pretraining import masked_loss
from pretrain_encoder import BYTE_PAIRS

FAMILIES = ("xlm-roberta", "deberta-v2", "modernbert", "eurobert")


def tokenizer_of(architecture):
    return train_tokenizer(
        TEXTS, 300 if architecture in BYTE_PAIRS else 60, byte_pairs=architecture in BYTE_PAIRS
    )


@pytest.fixture(params=FAMILIES)
def family(request, tmp_path):
    """The folder of a tiny encoder, as the hub has it: with the head of its pre-training."""
    torch.manual_seed(0)
    tokenizer = tokenizer_of(request.param)
    model = new_masked_model(tokenizer, layers=2, width=16, heads=2, architecture=request.param)
    assert model.config.model_type == request.param
    for part in (model, tokenizer):
        part.save_pretrained(tmp_path / "encoder")
    return tmp_path / "encoder"


def test_the_masked_loss_is_that_of_the_model_itself(family):
    """It is computed at masked tokens alone, by the layers of the family's own head."""
    model = AutoModelForMaskedLM.from_pretrained(family).eval()
    tokenizer = AutoTokenizer.from_pretrained(family)
    batch = tokenizer(["the cat sat on the mat", "a dog"], padding=True, return_tensors="pt")
    labels = batch["input_ids"].masked_fill(~batch["attention_mask"].bool(), -100)
    labels[:, ::2] = -100
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        expected = model(**inputs, labels=labels).loss
        found = masked_loss(model, inputs | {"labels": labels})
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_byte_pairs_of_the_same_texts_are_the_same_in_another_process(tmp_path):
    program = (
        "from conftest import TEXTS; from optical.models.tokenizer import train_tokenizer;"
        "print(train_tokenizer(TEXTS, 300, byte_pairs=True).backend_tokenizer.to_str())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(printed) == 1


def test_a_vocabulary_without_room_for_all_bytes_is_refused():
    with pytest.raises(InputError, match="vocabulary: 200; expected at least 261 for byte pairs"):
        train_tokenizer(TEXTS, 200, byte_pairs=True)


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
    message = r"model\.passage_length: 1024, but the encoder in .* reads 512 tokens at most"
    with pytest.raises(InputError, match=message):
        late_interaction(family, dimension=8, query_length=16, passage_length=1024)


def test_an_encoder_whose_tokenizer_says_no_length_reads_all_its_positions(family):
    file = family / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    file.write_text(json.dumps(settings | {"model_max_length": int(1e30)}))
    model = late_interaction(family, dimension=8, query_length=16, passage_length=512)
    assert len(model.encode_document(["cat " * 600])[0]) == 512
    with pytest.raises(InputError, match="reads 512 tokens at most"):
        late_interaction(family, dimension=8, query_length=16, passage_length=513)


def test_colbert_reads_the_same_tokens_or_the_card_says_that_it_cannot(family, tmp_path):
    """colbert-ai has transformers 4, which needs to be told of a first space; interop/ tries it."""
    model = late_interaction(family, dimension=8, query_length=16, passage_length=32)
    save_for_all(tmp_path / "model", model, "")
    config = json.loads((tmp_path / "model/tokenizer_config.json").read_text())
    name = json.loads((tmp_path / "model/config.json").read_text())["model_type"]
    assert config.get("add_prefix_space") is (True if name in BYTE_PAIRS else None)
    unread = "colbert-ai cannot load this model" in (tmp_path / "model/README.md").read_text()
    assert unread == (name == "eurobert")
