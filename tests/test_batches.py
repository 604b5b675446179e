import pytest

from optical.runtime.errors import InputError
from optical.training.batches import Batches

LENGTHS = [3 + number * 7 % 30 for number in range(200)]


def test_a_pass_has_every_row_once_and_the_next_one_another_order():
    batches = list(Batches(20, number=10, size=4, seed=1))
    first, second = (sum(batches[start : start + 5], []) for start in (0, 5))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second


def test_batches_follow_from_the_seed_and_the_place_alone():
    longer = list(Batches(20, number=30, size=4, seed=1))
    assert list(Batches(20, number=7, size=4, seed=1)) == longer[:7]
    assert list(Batches(20, number=30, size=4, seed=2)) != longer


def test_a_bound_on_tokens_is_kept_and_used():
    batches = Batches(200, number=100, tokens=128, lengths=LENGTHS, seed=1)
    padded = [len(batch) * max(LENGTHS[row] for row in batch) for batch in batches]
    assert max(padded) <= 128
    real = [sum(LENGTHS[row] for row in batch) for batch in batches]
    assert sum(real) > 0.9 * sum(padded)


def test_by_tokens_too_a_pass_has_every_row_once():
    batches = Batches(200, number=10**6, tokens=128, lengths=LENGTHS, seed=1)
    rows = []
    for batch in batches:
        rows += batch
        if len(rows) >= 200:
            break
    assert sorted(rows) == list(range(200))


def test_examples_are_counted_as_they_are_given():
    batches = Batches(200, number=5, tokens=128, lengths=LENGTHS, seed=1)
    given = list(batches)
    assert batches.examples(3) == sum(len(batch) for batch in given[:3])


def test_rows_that_share_a_key_never_meet_and_none_is_lost():
    keys = [(number % 5, f"query {number}") for number in range(40)]
    batches = list(Batches(40, number=8, size=4, seed=1, keys=keys))
    for batch in batches:
        assert len({keys[row][0] for row in batch}) == 4
    rows = sum(batches, [])
    assert len(rows) == 32
    assert len(set(rows)) > 30  # two passes at most


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "one of the two"),
        ({"size": 2, "tokens": 8}, "one of the two"),
        ({"size": 6}, "5 examples, fewer than the 6"),
        ({"tokens": 8, "lengths": [1, 2, 9, 3, 4]}, "example 2 has 9 tokens, more than the 8"),
    ],
)
def test_what_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Batches(5, number=1, seed=1, **settings)


@pytest.mark.parametrize("settings", [{"size": 2}, {"tokens": 8, "lengths": []}])
def test_no_data_is_a_mistake_of_the_user(settings):
    with pytest.raises(InputError, match="0 examples, fewer than the"):
        list(Batches(0, number=1, seed=1, **settings))


def test_data_in_which_all_share_a_key_is_refused():
    with pytest.raises(ValueError, match="no 2 of the 5 examples may share a batch"):
        list(Batches(5, number=1, size=2, seed=1, keys=[("same",)] * 5))
