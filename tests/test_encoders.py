import random

import pytest
import torch

from conftest import TEXTS
from optical.models.encoders import new_masked_model
from optical.models.tokenizer import train_tokenizer
from optical.runtime.errors import InputError
from optical.training.pretraining import MaskingCollator, masked_loss, translation_contrast


def test_the_tokenizer_has_the_special_tokens_of_xlm_r():
    tokenizer = train_tokenizer(TEXTS, 60)
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>"]) == [0, 1, 2, 3]
    assert len(tokenizer) <= 60
    pair = tokenizer("the cat", "a dog")["input_ids"]
    assert (pair[0], pair[-1], pair.count(2)) == (0, 2, 3)


def test_the_same_texts_give_the_same_tokenizer():
    """That of `tokenizers` differs from one process to the next where pieces are about as good."""
    made = [train_tokenizer(many_words(), 400).backend_tokenizer.to_str() for _ in range(2)]
    assert made[0] == made[1]


def test_a_vocabulary_without_room_for_the_letters_is_refused():
    with pytest.raises(InputError, match="vocabulary: 3 pieces are too few"):
        train_tokenizer(TEXTS, 8)


def test_a_text_without_a_known_letter_is_unknown_and_not_lost():
    tokenizer = train_tokenizer(TEXTS, 60)
    assert tokenizer.unk_token_id in tokenizer("ω")["input_ids"]
    assert tokenizer.decode(tokenizer("a dog")["input_ids"], skip_special_tokens=True) == "a dog"


def many_words():
    rng = random.Random(0)
    for _ in range(500):
        yield " ".join("".join(rng.choices("abcdefgh", k=rng.randint(2, 9))) for _ in range(8))


def test_a_word_is_the_same_after_a_space_and_after_punctuation():
    tokenizer = train_tokenizer(TEXTS, 60)
    plain, quoted = (tokenizer.tokenize(text) for text in ("the Cat", "the (cat"))
    assert plain[-1] == quoted[-1]


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
