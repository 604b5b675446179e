"""The folder of a trained model, as other libraries read it; interop/ tries the libraries."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from conftest import TEXTS
from optical.models.encoders import load
from optical.models.export import model_card, save_for_all
from optical.models.layouts import ENCODER_WEIGHTS, INDEX, PROJECTION_WEIGHTS, VARIANT

QUERIES = [*TEXTS[:3], "the cat and the dog, " * 5]


@pytest.fixture
def folder(model, tmp_path):
    save_for_all(tmp_path / "model", model, model_card("queries in sw", "distillation", "T"))
    return tmp_path / "model"


def read(file):
    return json.loads(file.read_text())


@pytest.mark.parametrize("encode", ["encode_query", "encode_document"])
def test_sentence_transformers_gives_the_vectors_of_before(model, folder, encode):
    before, after = (getattr(one, encode)(QUERIES) for one in (model, load(folder)))
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one, other)


def test_a_loaded_model_is_saved_as_the_same_folder(folder, tmp_path):
    save_for_all(tmp_path / "again", load(folder), (folder / "README.md").read_text())
    names = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    assert names
    for name in names:
        if name.suffix != ".json":
            assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
        elif name.name != "tokenizer_config.json":  # transformers adds how it was loaded
            assert read(tmp_path / "again" / name) == read(folder / name)


def test_automodel_and_the_projection_give_the_query_vectors(model, folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder, variant=VARIANT)
    projection = load_file(folder / PROJECTION_WEIGHTS)["linear.weight"]
    settings = read(folder / "artifact.metadata")
    for query, wanted in zip(QUERIES, model.encode_query(QUERIES), strict=True):
        inputs = tokenizer(
            settings["query_token"] + query,
            truncation=True,
            max_length=settings["query_maxlen"],
            return_tensors="pt",
        )
        hidden = encoder(**inputs).last_hidden_state[0] @ projection.T
        vectors = torch.nn.functional.normalize(hidden, dim=-1).detach()
        np.testing.assert_allclose(vectors, wanted, atol=1e-5)


@pytest.mark.parametrize("library", ["sentence_transformers", "transformers"])
def test_loading_a_model_as_its_card_says_prints_no_warning(folder, library):
    blocks = re.search("```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[1]
    (example,) = (one for one in blocks.split("\n\n") if one.startswith(f"from {library} "))
    example = example.replace("THIS FOLDER", str(folder))
    command = [sys.executable, "-W", "always", "-c", example]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = [line for line in re.split("[\r\n]", done.stderr) if not re.match("Loading|$", line)]
    assert said == done.stdout.splitlines() == []


def test_colbert_finds_its_names(folder):
    assert read(folder / "config.json")["architectures"] == ["HF_ColBERT"]
    assert read(folder / "artifact.metadata")["model_name"] is None
    places = read(folder / INDEX)["weight_map"]
    assert places["roberta.embeddings.word_embeddings.weight"] == ENCODER_WEIGHTS
    assert places["linear.weight"] == PROJECTION_WEIGHTS
    files = [load_file(folder / file) for file in (ENCODER_WEIGHTS, PROJECTION_WEIGHTS)]
    assert [*files[0], *files[1]] == [*places]
    assert {name.split(".")[0] for name in places} == {"roberta", "linear"}
    assert not list(folder.glob("model.safetensors"))
    size = sum(tensor.nbytes for tensors in files for tensor in tensors.values())
    assert read(folder / INDEX)["metadata"]["total_size"] == size


def test_others_may_read_the_weights(folder):
    for file in (ENCODER_WEIGHTS, PROJECTION_WEIGHTS):
        assert (folder / file).stat().st_mode == (folder / "config.json").stat().st_mode


def test_transformers_4_knows_the_tokenizer(folder):
    assert read(folder / "tokenizer_config.json")["tokenizer_class"] == "PreTrainedTokenizerFast"


def test_the_card_names_the_model_of_the_passages(folder):
    assert "another model, `T`" in (folder / "README.md").read_text()
    assert "another model" not in model_card("queries and passages", "retrieval", None)


def test_a_model_of_other_modules_is_refused(model, tmp_path):
    del model[3]
    with pytest.raises(ValueError, match="expected a transformer, a projection"):
        save_for_all(tmp_path / "model", model, "")
