import numpy as np
import torch

from conftest import TEXTS
from optical.embedding import embed
from optical.encoders import load, new_masked_model, train_tokenizer
from optical.export import save_for_all
from optical.pretraining import MaskingCollator, masked_loss, translation_contrast


def test_the_tokenizer_has_the_special_tokens_of_xlm_r():
    tokenizer = train_tokenizer(TEXTS, 60)
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"]) == [0, 1, 2, 3]
    assert len(tokenizer) <= 60
    pair = tokenizer("the cat", "a dog")["input_ids"]
    assert (pair[0], pair[-1], pair.count(2)) == (0, 2, 3)


def test_a_word_is_the_same_after_a_space_and_after_punctuation():
    tokenizer = train_tokenizer(TEXTS, 60)
    plain, quoted = (tokenizer.tokenize(text) for text in ("the Cat", "the (cat"))
    assert plain[-1] == quoted[-1]


def test_queries_and_passages_begin_with_their_markers(model):
    for task, marker in (("query", "[unused0]"), ("document", "[unused1]")):
        ((ids, _),) = embed(model, ["the cat"], task=task)
        assert model.tokenizer.convert_ids_to_tokens(ids[:2]) == ["<s>", marker]


def test_vectors_have_unit_length_and_come_in_the_order_of_the_texts(model):
    texts = ["the dog", "the cat sat on the mat and sat and sat", "a"]
    together = list(embed(model, texts, task="query"))
    for text, (ids, vectors) in zip(texts, together, strict=True):
        ((alone_ids, alone),) = embed(model, [text], task="query")
        np.testing.assert_array_equal(ids, alone_ids)
        np.testing.assert_allclose(vectors, alone, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_lengths_bound_queries_and_passages(model):
    long = " ".join(["cat"] * 100)
    for task, length in (("query", 16), ("document", 32)):
        ((ids, _),) = embed(model, [long], task=task)
        assert len(ids) == length


def test_a_saved_model_gives_the_same_vectors(model, tmp_path):
    save_for_all(tmp_path / "saved", model, "")
    ((ids, vectors),) = embed(model, ["the dog, the cat"], task="query")
    ((loaded_ids, loaded),) = embed(load(tmp_path / "saved"), ["the dog, the cat"], task="query")
    np.testing.assert_array_equal(ids, loaded_ids)
    np.testing.assert_allclose(vectors, loaded, atol=1e-6)


def test_the_masked_loss_is_the_one_of_transformers(encoder):
    tokenizer = train_tokenizer(TEXTS, 60)
    masked_model = new_masked_model(tokenizer, layers=1, width=16, heads=2).eval()
    torch.manual_seed(0)
    collator = MaskingCollator(tokenizer, length=32, masked=0.3)
    batch = collator([(TEXTS[0], ""), TEXTS[:2]])["masked"]
    expected = masked_model(**batch).loss
    torch.testing.assert_close(masked_loss(masked_model, batch), expected)


def test_the_contrast_is_small_only_where_translations_are_nearest():
    tokenizer = train_tokenizer(TEXTS, 60)
    torch.manual_seed(0)
    masked_model = new_masked_model(tokenizer, layers=1, width=16, heads=2).eval()
    collator = MaskingCollator(tokenizer, length=32, masked=0.3)
    copies = collator([("the cat", "the cat"), ("a dog", "a dog"), ("mat", "mat")])["sides"]
    crossed = collator([("the cat", "a dog"), ("a dog", "mat"), ("mat", "the cat")])["sides"]
    small, large = (translation_contrast(masked_model, sides) for sides in (copies, crossed))
    assert small < 1.1 < large
