"""Weights are float32 whatever they lie in, and bfloat16 is used only where a GPU has it."""

import json
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import TrainingArguments

from conftest import TEXTS
from optical.models.encoders import late_interaction, load, new_masked_model
from optical.models.export import save_for_all
from optical.models.layouts import ENCODER_WEIGHTS
from optical.models.precision import has_bfloat16
from optical.models.tokenizer import train_tokenizer
from optical.training.log import LEAST_SPREAD, CollapseGuard, spread
from optical.training.pretraining import (
    MaskingCollator,
    PretrainingTrainer,
    translation_contrast,
)


def in_half(folder, encoder):
    """The same encoder, stored in bfloat16, as some of the hub are."""
    for file in encoder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    weights = load_file(encoder / "model.safetensors")
    half = {name: weight.bfloat16() for name, weight in weights.items()}
    save_file(half, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))
    return folder


def dtypes(model):
    return {weight.dtype for weight in model.parameters()}


def test_an_encoder_in_bfloat16_is_trained_in_float32(encoder, tmp_path):
    model = late_interaction(
        in_half(tmp_path, encoder), dimension=8, query_length=16, passage_length=32
    )
    assert dtypes(model) == {torch.float32}
    (weight,) = (w for name, w in model.named_parameters() if name.endswith("query.weight"))
    before = weight.detach().clone()
    optimiser = torch.optim.SGD([weight], lr=1e-5)
    weight.grad = torch.ones_like(weight)
    optimiser.step()  # in bfloat16 it would vanish in most weights
    assert (before - weight).detach().mean().item() == pytest.approx(1e-5, rel=0.01)
    save_for_all(tmp_path / "saved", model, "")
    assert {w.dtype for w in load_file(tmp_path / "saved" / ENCODER_WEIGHTS).values()} == {
        torch.float32
    }


def test_a_student_starts_in_float32_from_a_model_in_bfloat16(model, tmp_path):
    save_for_all(tmp_path / "start", model.bfloat16(), "")
    assert dtypes(load(tmp_path / "start")) == {torch.float32}


@pytest.mark.parametrize("real", [True, False])
def test_bfloat16_is_used_where_the_gpu_has_it_and_not_where_it_is_emulated(monkeypatch, real):
    def is_supported(including_emulation=True):
        return including_emulation or real

    monkeypatch.setattr(torch, "cuda", SimpleNamespace(
        is_available=lambda: True, is_bf16_supported=is_supported
    ))  # fmt: skip
    assert has_bfloat16() == real


def test_pretraining_computes_under_autocast(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")  # what the arguments leave behind
    tokenizer = train_tokenizer(TEXTS, 60)
    torch.manual_seed(0)
    model = new_masked_model(tokenizer, layers=1, width=16, heads=2)
    arguments = TrainingArguments(str(tmp_path), bf16=True, use_cpu=True, report_to="none")
    trainer = PretrainingTrainer(model=model, args=arguments, contrast=1.0)
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda _, __, out, name=name: found.update({name: out}))
    pairs = [("the cat", "a dog"), ("a mat", "the mat"), ("a dog sat", "the dog")]
    batch = MaskingCollator(tokenizer, length=32, masked=0.3)(pairs)
    loss = trainer.compute_loss(model, batch)
    assert {out.dtype for out in found.values()} == {torch.bfloat16}
    assert len(found) > 5
    assert loss.dtype == torch.float32
    loss.backward()
    assert dtypes(model) == {torch.float32}


def test_the_contrast_of_translations_is_not_rounded():
    tokenizer = train_tokenizer(TEXTS, 60)
    torch.manual_seed(0)
    model = new_masked_model(tokenizer, layers=1, width=16, heads=2).eval()
    seen = []
    real = torch.nn.functional.cross_entropy

    def cross_entropy(scores, own):
        seen.append(scores.dtype)
        return real(scores, own)

    sides = MaskingCollator(tokenizer, length=32, masked=0.3)([("the cat", "a dog"), ("a", "b")])
    with pytest.MonkeyPatch.context() as patch, torch.autocast("cpu", torch.bfloat16):
        patch.setattr("optical.training.pretraining.cross_entropy", cross_entropy)
        translation_contrast(model, sides["sides"])
    assert seen == [torch.float32, torch.float32]


def nearly_collapsed(model, share):
    """A model whose vectors are one vector, but for a share of what they were."""
    layer = model[0].auto_model.encoder.layer[-1].output.LayerNorm
    layer.weight.data *= share
    layer.bias.data = torch.linspace(0.3, 1.7, len(layer.bias))
    return model


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_the_guard_sees_through_the_rounding_of_bfloat16(model, dropout):
    nearly_collapsed(model, 0.01)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    texts = ["a dog", "the mat", "the cat sat", "the dog, the cat and the mat"]
    features = model.preprocess(texts, task="query")

    def output_of():
        return model(dict(features), task="query")

    with torch.no_grad():
        exact = output_of() if not dropout else model.eval()(dict(features), task="query")
    expected = spread(exact["token_embeddings"], exact["attention_mask"].bool())
    guard = CollapseGuard(model.train())
    guard.watching = True
    state = SimpleNamespace(global_step=9)
    guard.on_step_begin(SimpleNamespace(bf16=True, logging_steps=10), state, None)
    random = torch.get_rng_state()
    with torch.autocast("cpu", torch.bfloat16):
        rounded = output_of()
    assert model.training
    assert guard.spread == pytest.approx(expected, abs=1e-7)
    # Of the rounded vectors a collapsed model would pass.
    raw = spread(rounded["token_embeddings"].float(), rounded["attention_mask"].bool())
    assert guard.spread < LEAST_SPREAD
    if not dropout:
        assert raw > LEAST_SPREAD
    # The pass of the guard's own draws no random numbers: the training is as without it.
    if not dropout:
        assert torch.equal(torch.get_rng_state(), random)
