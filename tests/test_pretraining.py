import math
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from optical.models.tokenizer import train_tokenizer
from optical.runtime.errors import InputError
from optical.training.pretraining import MaskingCollator, SampledText, unigram_entropy


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
