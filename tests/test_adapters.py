"""Students that are kept as what their training changed: saved, read, switched, merged, refused."""

import json
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel

import merge_student
from conftest import TEXTS
from optical.models.adapter_files import ABOUT, CHANGED, LORA_WEIGHTS
from optical.models.adapters import adapt, linear_layers, load_merged
from optical.models.embedding import Embedder
from optical.models.encoders import late_interaction, load, new_masked_model
from optical.models.export import save_for_all
from optical.models.layouts import INDEX, PROJECTION_WEIGHTS, VARIANT
from optical.models.shared_base import SharedBase, load_embedder
from optical.runtime.errors import InputError
from optical.settings.adaptation import Adaptation
from optical.training.students import begin
from test_encoder_families import FAMILIES, tokenizer_of

QUERIES = [*TEXTS[:3], "the mat and the dog " * 3]

KINDS = {
    "layers": Adaptation(),
    "layers and table": Adaptation(embeddings="trained"),
    "LoRA": Adaptation(lora_rank=4),
    "LoRA and table": Adaptation(lora_rank=4, embeddings="trained"),
}


def new_base(folder, family="xlm-roberta", width=16):
    """A teacher's folder, as students start as it."""
    torch.manual_seed(0)
    tokenizer = tokenizer_of(family)
    encoder = new_masked_model(tokenizer, layers=2, width=width, heads=2, architecture=family)
    for part in (encoder, tokenizer):
        part.save_pretrained(folder.with_name("encoder"))
    model = late_interaction(
        folder.with_name("encoder"), dimension=8, query_length=16, passage_length=32
    )
    save_for_all(folder, model, "")
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return new_base(tmp_path_factory.mktemp("results") / "teachers" / "base")


def trained(base, output, settings, *, precision="float32", seed=1, adapter=True, size=0.05):
    """A student, each of whose trained weights a training has moved; it is saved."""
    torch.manual_seed(seed)
    student, writer = begin(base, output, settings, adapter=adapter, precision=precision)
    with torch.no_grad():
        for weight in student.parameters():
            if weight.requires_grad:
                weight += size * torch.randn_like(weight)
    expected = exact_vectors(student[0].tokenizer, student[0].auto_model, student[1].linear.weight)
    output.mkdir(parents=True)
    writer(output, card="# A card\n")
    for name in ("provenance.json", "training.jsonl"):
        (output / name).write_text("{}\n")
    return expected


@torch.inference_mode()
def exact_vectors(tokenizer, transformer, projection):
    """Query vectors in float32; those of an embedder itself are rounded to float16."""
    transformer.eval()
    found = []
    for query in QUERIES:
        inputs = tokenizer("[unused0]" + query, return_tensors="pt", truncation=True, max_length=16)
        hidden = transformer(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state[0]
        found.append(torch.nn.functional.normalize(hidden @ projection.T, dim=-1))
    return torch.cat(found)


def vectors_of(embedder):
    return exact_vectors(embedder.tokenizer, embedder.transformer, embedder.projection)


def whole(adapter, folder):
    """The whole model that the workflow makes of an adapter."""
    merge_student.main(model=adapter, output=folder)
    return folder


close = partial(torch.testing.assert_close, rtol=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_is_on_attention_and_feed_forward_of_every_layer_and_on_nothing_else(family):
    tokenizer = tokenizer_of(family)
    # Of so many names peft makes fewer that mean the same.
    encoder = new_masked_model(tokenizer, layers=6, width=16, heads=2, architecture=family)
    attention = ("attention.self.query", "attention.self.key", "attention.self.value")
    forward = ("attention.output.dense", "intermediate.dense", "output.dense")
    expected = {
        "xlm-roberta": {*attention, *forward},
        "deberta-v2": {*(f"{name}_proj" for name in attention), *forward},
        "modernbert": {"attn.Wqkv", "attn.Wo", "mlp.Wi", "mlp.Wo"},
        "eurobert": {
            *(f"self_attn.{name}_proj" for name in "qkvo"),
            *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
        },
    }
    names = [name.partition("layer")[2] for name in linear_layers(encoder.base_model)]
    for layer in (".0.", ".5."):
        found = {name.partition(layer)[2] for name in names if name.lstrip("s").startswith(layer)}
        assert found == expected[family]
    names = {*linear_layers(encoder.base_model)}
    adapt([SimpleNamespace(auto_model=encoder.base_model)], Adaptation(lora_rank=2))
    adapted = {
        name.partition(".lora_A")[0] for name, _ in encoder.base_model.named_parameters()
        if ".lora_A" in name
    }  # fmt: skip
    assert adapted == names


def test_a_model_without_numbered_layers_has_no_lora():
    with pytest.raises(InputError, match="lora_rank: Linear has no linear layers"):
        linear_layers(torch.nn.Linear(2, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_the_settings_say_is_trained(base, kind):
    student = load(base)
    adapt(student, KINDS[kind])
    names = {name for name, weight in student.named_parameters() if weight.requires_grad}
    tables = {name for name in names if "word_embeddings" in name}
    projection = {name for name in names if name.endswith("linear.weight")}
    layers = names - tables - projection
    assert bool(tables) == ("table" in kind)
    assert len(projection) == 1
    assert len(layers) > 10
    assert all("lora_" in name for name in layers) == ("LoRA" in kind)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_adapter_gives_the_vectors_of_the_student_merged_and_unmerged(
    tmp_path, family, kind, precision
):
    base = new_base(tmp_path / "teachers" / "base", family)
    adapter = tmp_path / "students" / "one"
    expected = trained(base, adapter, KINDS[kind], precision=precision)
    unmerged = vectors_of(load_embedder(adapter))
    merged = vectors_of(Embedder.load(whole(adapter, tmp_path / "whole")))
    assert (expected - vectors_of(Embedder.load(base))).abs().max() > 0.1
    close(merged, unmerged, atol=1e-5)
    # Rounded once, to a two-thousandth of what changed.
    close(unmerged, expected, atol=1e-5 if precision == "float32" else 2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_merged_model_is_an_ordinary_one(base, tmp_path, kind):
    expected = trained(base, tmp_path / "students" / "one", KINDS[kind])
    folder = whole(tmp_path / "students" / "one", tmp_path / "whole")
    model = load(folder)
    close(torch.cat(model.encode_query(QUERIES)), expected, atol=1e-5)
    plain = AutoModel.from_pretrained(folder, variant=VARIANT)
    projection = load_file(folder / PROJECTION_WEIGHTS)["linear.weight"]
    close(exact_vectors(model.tokenizer, plain, projection), expected, atol=1e-5)
    ordinary = {file.name for file in base.rglob("*") if file.is_file()}
    extra = {"provenance.json", "training.jsonl"}
    assert {file.name for file in folder.rglob("*") if file.is_file()} == ordinary | extra
    assert (folder / "README.md").read_text() == "# A card\n"
    assert json.loads((folder / INDEX).read_text()) == json.loads((base / INDEX).read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_a_student_that_is_kept_whole_is_as_an_adapter_would_be(base, tmp_path, kind):
    expected = trained(base, tmp_path / "whole", KINDS[kind], adapter=False)
    close(vectors_of(load_embedder(tmp_path / "whole")), expected, atol=1e-5)
    assert not (tmp_path / "whole" / ABOUT).exists()


def test_an_adapter_holds_what_changed_and_nothing_else(base, tmp_path):
    sizes = {}
    for kind, precision in (("layers", "float32"), ("layers", "float16"), ("LoRA", "float16")):
        folder = tmp_path / f"{kind} {precision}"
        trained(base, folder, KINDS[kind], precision=precision)
        names = {*load_file(folder / CHANGED)}
        assert not any("word_embeddings" in name for name in names)
        assert (folder / LORA_WEIGHTS).exists() == (kind == "LoRA")
        if kind == "LoRA":
            assert names == {"linear.weight"}
        tensors = [load_file(file) for file in folder.glob("*.safetensors")]
        sizes[folder.name] = sum(t.nbytes for part in tensors for t in part.values())
        assert {t.dtype for part in tensors for t in part.values()} == {getattr(torch, precision)}
        # Nothing in it names a folder of this machine.
        for file in folder.glob("*.json"):
            assert str(tmp_path) not in file.read_text()
    assert sizes["layers float16"] * 2 == sizes["layers float32"]
    assert sizes["LoRA float16"] < sizes["layers float16"]


def test_a_small_change_survives_in_half_precision(base, tmp_path):
    """float16 of the weights themselves would lose a change of a ten-thousandth of them."""
    trained(base, tmp_path / "one", Adaptation(), precision="float16", size=1e-5)
    before = dict(load(base)[0].auto_model.named_parameters())
    after = dict(load_merged(tmp_path / "one")[0].auto_model.named_parameters())
    name = "encoder.layer.0.intermediate.dense.weight"
    change = (after[name] - before[name]).detach()
    assert change.std().item() == pytest.approx(1e-5, rel=0.1)
    rounded = (before[name].half().float() - before[name]).detach()
    assert rounded.abs().mean() > 0.1 * 1e-5


def test_one_base_is_switched_from_student_to_student_and_back(base, tmp_path):
    kinds = [*KINDS.values(), Adaptation(lora_rank=2)]
    folders = [tmp_path / f"student-{number}" for number in range(len(kinds))]
    for number, (folder, settings) in enumerate(zip(folders, kinds, strict=True)):
        trained(
            base, folder, settings, seed=number, precision="float16" if number % 2 else "float32"
        )
    alone = [vectors_of(load_embedder(folder)) for folder in folders]
    untrained = vectors_of(Embedder.load(base))
    shared = SharedBase(folders[0])
    transformer = shared.switch(None).transformer
    for number in (0, 2, 1, 3, None, 4, 2, 0, None, 3, 3, 1):
        folder = None if number is None else folders[number]
        embedder = shared.switch(folder)
        assert embedder.transformer is transformer
        expected = untrained if number is None else alone[number]
        close(vectors_of(embedder), expected, atol=1e-6)


def test_results_that_are_moved_as_a_whole_are_read(base, tmp_path):
    shutil.copytree(base.parents[1], tmp_path / "results")
    student = tmp_path / "results/students/small/optical/sw/seed-1"
    expected = trained(tmp_path / "results/teachers/base", student, KINDS["LoRA"])
    (tmp_path / "results").rename(tmp_path / "moved")
    moved = tmp_path / "moved" / student.relative_to(tmp_path / "results")
    close(vectors_of(load_embedder(moved)), expected, atol=1e-5)


def test_a_student_is_read_through_a_link(tmp_path):
    base, student = tmp_path / "results/teachers/base", tmp_path / "results/students/sw/one"
    expected = trained(new_base(base), student, KINDS["layers"])
    (tmp_path / "best").symlink_to(student)
    close(vectors_of(load_embedder(tmp_path / "best")), expected, atol=1e-5)


@pytest.mark.parametrize("read", [load_embedder, load_merged], ids=["unmerged", "merged"])
@pytest.mark.parametrize("kind", ["layers", "LoRA"])
def test_an_adapter_without_its_base_is_one_line(tmp_path, kind, read):
    base, student = tmp_path / "teachers" / "base", tmp_path / "students" / "one"
    trained(new_base(base), student, KINDS[kind])
    shutil.rmtree(base)
    with pytest.raises(InputError, match="without its base: .*base/model.encoder.* is missing"):
        read(student)


@pytest.mark.parametrize("read", [load_embedder, load_merged], ids=["unmerged", "merged"])
def test_an_adapter_of_another_base_is_one_line(tmp_path, read):
    base, student = tmp_path / "teachers" / "base", tmp_path / "students" / "one"
    trained(new_base(base), student, KINDS["layers"])
    save_for_all(base, load(trained_again(base, tmp_path)), "")
    with pytest.raises(InputError, match="one: an adapter of another base than .*base: it was"):
        read(student)


def trained_again(base, tmp_path):
    trained(base, tmp_path / "again", KINDS["layers"], adapter=False)
    return tmp_path / "again"


def test_a_shared_base_refuses_the_adapter_of_another(base, tmp_path):
    other = new_base(tmp_path / "teachers" / "base", width=32)
    trained(base, tmp_path / "one", KINDS["LoRA"])
    trained(other, tmp_path / "two", KINDS["LoRA"])
    shared = SharedBase(tmp_path / "one")
    before = vectors_of(shared.switch(tmp_path / "one"))
    with pytest.raises(InputError, match="two: an adapter of another base"):
        shared.switch(tmp_path / "two")
    close(vectors_of(shared.embedder), before, atol=0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"base": 3}'])
def test_what_an_adapter_says_of_itself_is_whole(base, tmp_path, text):
    trained(base, tmp_path / "one", KINDS["layers"])
    (tmp_path / "one" / ABOUT).write_text(text)
    with pytest.raises(InputError, match="adapter.json: .*; expected base, base_sha256"):
        load_embedder(tmp_path / "one")


def test_the_adapters_of_lora_are_those_of_peft(base, tmp_path):
    """Anyone who has the base and peft reads them, without this project."""
    from peft import PeftModel

    trained(base, tmp_path / "one", KINDS["LoRA"])
    expected = vectors_of(load_embedder(tmp_path / "one"))
    model = PeftModel.from_pretrained(AutoModel.from_pretrained(base), str(tmp_path / "one"))
    projection = load_file(tmp_path / "one" / CHANGED)["linear.weight"]
    close(exact_vectors(load(base).tokenizer, model, projection), expected, atol=1e-5)
    about = json.loads((tmp_path / "one" / "adapter_config.json").read_text())
    assert (about["r"], about["lora_alpha"]) == (4, 8)
    assert not Path(about["base_model_name_or_path"]).is_absolute()
