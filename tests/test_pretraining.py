import math
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import pretrain_encoder
from conftest import TEXTS
from optical.models.encoders import new_masked_model
from optical.models.tokenizer import train_tokenizer
from optical.runtime.errors import InputError
from optical.settings.encoder import Pretraining, Shape
from optical.training.pretraining import (
    MaskingCollator,
    SampledText,
    masked_loss,
    mean_loss,
    unigram_entropy,
)


@pytest.fixture
def files(tmp_path):
    """A language with much text and one with little, whose texts have a translation."""
    files = {}
    for name, number, target in (("much", 1000, ""), ("little", 10, "translated")):
        files[name] = tmp_path / f"{name}.parquet"
        rows = {"source": [f"{name} {i}" for i in range(number)], "target": [target] * number}
        pq.write_table(pa.table(rows), files[name])
    return files


@pytest.mark.parametrize("exponent", [0.0, 0.3, 1.0])
def test_languages_are_drawn_by_size_to_the_exponent(files, exponent):
    texts = SampledText(files, draws=2000, exponent=exponent, seed=1)
    drawn = Counter("much" if "much" in " ".join(texts[i]) else "little" for i in range(2000))
    expected = 1000**exponent / (1000**exponent + 10**exponent)
    assert drawn["much"] / 2000 == pytest.approx(expected, abs=0.03)


def test_a_draw_depends_on_the_seed_and_its_number_alone(files):
    first, again = (SampledText(files, draws=n, exponent=0.3, seed=1) for n in (50, 90))
    other = SampledText(files, draws=50, exponent=0.3, seed=2)
    assert [first[i] for i in range(50)] == [again[i] for i in range(50)]
    assert [first[i] for i in range(50)] != [other[i] for i in range(50)]


def test_half_of_the_texts_with_a_translation_are_read_with_it_on_either_side(files):
    texts = SampledText({"little": files["little"]}, draws=1000, exponent=0.3, seed=1)
    drawn = [texts[i] for i in range(1000)]
    alone = sum(not second for _, second in drawn)
    translated_first = sum(first == "translated" for first, _ in drawn)
    assert alone / 1000 == pytest.approx(0.5, abs=0.05)
    assert translated_first / 1000 == pytest.approx(0.25, abs=0.05)


def test_a_language_without_text_is_an_error_that_names_its_file(files, tmp_path):
    files["none"] = tmp_path / "none.parquet"
    pq.write_table(pa.table({"source": pa.array([], pa.string()), "target": []}), files["none"])
    with pytest.raises(InputError, match=r"none.parquet: no text .* language 'none'"):
        SampledText(files, draws=1, exponent=0.3, seed=1)


def test_special_tokens_and_padding_are_never_masked():
    tokenizer = train_tokenizer(["a b c d e f g"] * 20, 30)
    torch.manual_seed(0)
    batch = MaskingCollator(tokenizer, length=32, masked=0.9)([("a b c", "d e"), ("f", "")])[
        "masked"
    ]
    labels = batch["labels"][batch["labels"] != -100]
    assert len(labels) > 2
    assert not set(labels.tolist()) & set(tokenizer.all_special_ids)


def test_unigram_entropy_of_two_equal_words_is_one_bit():
    def tokenizer(text, add_special_tokens):
        return {"input_ids": [ord(word) for word in text.split()]}

    assert unigram_entropy(tokenizer, iter(["x y", "y x"])) == pytest.approx(math.log(2))


@pytest.fixture
def masked_model():
    tokenizer = train_tokenizer(TEXTS, 60)
    return new_masked_model(tokenizer, layers=1, width=16, heads=2), tokenizer


class MasksLongTexts(MaskingCollator):
    """Masks a token of each text of more than two words."""

    def __call__(self, items):
        batch = super().__call__(items)
        ids = batch["masked"]["input_ids"]
        batch["masked"]["labels"] = torch.full_like(ids, -100)
        for row, (text, _) in enumerate(items):
            if len(text.split()) > 2:
                batch["masked"]["labels"][row, 2] = ids[row, 2]
        return batch


def test_a_batch_without_a_masked_token_has_no_loss_and_no_gradient(masked_model):
    model, tokenizer = masked_model
    collator = MasksLongTexts(tokenizer, length=32, masked=0.15)
    loss = masked_loss(model, collator([("a dog", "")])["masked"])
    loss.backward()
    assert loss == 0
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert gradients
    assert not any(gradient.any() for gradient in gradients)


def test_the_mean_loss_is_that_of_batches_with_a_masked_token(masked_model):
    model, tokenizer = masked_model
    collator = MasksLongTexts(tokenizer, length=32, masked=0.15)
    some, none = [("the cat sat", ""), ("a dog sat", "")], [("a dog", "")]
    assert mean_loss(model, collator, some + none, 1) == mean_loss(model, collator, some, 1) > 0
    assert math.isnan(mean_loss(model, collator, none, 1))


def test_an_encoder_that_nothing_was_masked_for_is_refused(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrain_encoder, "TRIED_TEXTS", 4)
    settings = Pretraining(masked=1e-9, steps=2, batch_size=2, length=8)
    shape = Shape(layers=1, width=16, heads=2, vocabulary=40)
    with pytest.raises(InputError, match="half-trained: its loss is nan"):
        pretrain_encoder.main(
            text=[files["little"]], shape=shape, settings=settings, output=tmp_path / "encoder"
        )
    assert not (tmp_path / "encoder").exists()
