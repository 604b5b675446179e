import json
from itertools import chain

import pytest
import torch

import train_teacher
from optical.models.encoders import load
from optical.runtime.errors import InputError
from optical.settings.teacher import Model, Teacher

# For each query its relevant passage and a negative.
EXAMPLES = {
    "the cat": ("the cat sat on the mat", "a mat, a mat and a dog"),
    "a dog": ("a dog sat", "the dog on the cat"),
    "the mat": ("the dog and the mat", "a cat and a cat"),
    "a cat and a mat": ("a mat and the cat", "a dog, a dog"),
}
QUERIES = dict(zip(("q0", "q1", "q2", "q3"), EXAMPLES, strict=True))
PASSAGES = {f"p{i}": text for i, text in enumerate(chain(*EXAMPLES.values()))}
# A cross-encoder that finds every negative better than the positive: in-batch training would not.
SCORES = {"q0": (0, 6), "q1": (0, 6), "q2": (1, 7), "q3": (2, 8)}


@pytest.fixture
def training_set(tmp_path):
    from optical.corpora.records import Passage, Query, TrainingSet
    from optical.corpora.training_files import write_training_set

    pairs = dict(zip(QUERIES, zip(*[iter(PASSAGES)] * 2, strict=True), strict=True))
    data = TrainingSet(
        passages=lambda: (Passage(key, key, text) for key, text in PASSAGES.items()),
        queries=lambda: (Query(key, text) for key, text in QUERIES.items()),
        judgements=lambda: ((query, positive) for query, (positive, _) in pairs.items()),
        negatives=lambda: ((query, negative) for query, (_, negative) in pairs.items()),
        scores=lambda: (
            (query, passage, str(score))
            for query in QUERIES
            for passage, score in zip(pairs[query], SCORES[query], strict=True)
        ),
    )
    write_training_set(tmp_path / "training_set", data)
    return tmp_path / "training_set"


def trained(encoder, training_set, output, **changes):
    settings = {
        "steps": 6,
        "batch_size": 4,
        "learning_rate": 0.01,
        "scale": 4.0,
        "negatives": 1,
    }
    train_teacher.main(
        encoder=encoder,
        training_set=training_set,
        model=Model(dimension=8, query_length=16, passage_length=32),
        settings=Teacher(**settings | changes),
        output=output,
    )
    return load(output)


def test_a_batch_in_parts_trains_the_same_teacher(encoder, training_set, tmp_path):
    whole = trained(encoder, training_set, tmp_path / "whole")
    parts = trained(encoder, training_set, tmp_path / "parts", mini_batch=1)
    other = trained(encoder, training_set, tmp_path / "other", mini_batch=1, negatives=0)
    losses = [
        [
            line["loss"]
            for line in map(json.loads, (tmp_path / name / "training.jsonl").open())
            if "loss" in line
        ]
        for name in ("whole", "parts", "other")
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert losses[0] != pytest.approx(losses[2], abs=1e-2)
    for name, weights in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], weights, atol=1e-3, rtol=0)
    assert set(other.state_dict()) == set(whole.state_dict())


@pytest.mark.parametrize(("loss", "follows"), [("kl", True), ("contrastive", False)])
def test_a_teacher_learns_the_scores_of_a_cross_encoder_if_asked(
    encoder, training_set, tmp_path, loss, follows
):
    # At the rate of the tests above, such a small model may collapse to one point on its way.
    settings = {"loss": loss, "steps": 60, "learning_rate": 0.003}
    teacher = trained(encoder, training_set, tmp_path / loss, **settings)
    queries = teacher.encode_query(list(QUERIES.values()))
    scores = teacher.similarity(queries, teacher.encode_document(list(PASSAGES.values())))
    wins = [bool(scores[i, 2 * i + 1] > scores[i, 2 * i]) for i in range(len(QUERIES))]
    assert wins == [follows] * len(QUERIES)


def test_the_scale_of_the_scores_is_read(encoder, training_set, tmp_path):
    """A scale of nearly 0 takes all that the scores say away."""
    losses = {}
    for name, scale in (("as they are", 1.0), ("sharper", 2.0), ("flat", 1e-6)):
        trained(encoder, training_set, tmp_path / name, loss="kl", steps=1, score_scale=scale)
        lines = map(json.loads, (tmp_path / name / "training.jsonl").open())
        losses[name] = next(line["loss"] for line in lines if "loss" in line)
    assert losses["flat"] < losses["as they are"] < losses["sharper"]


def test_a_divergence_has_no_parts(encoder, training_set, tmp_path):
    with pytest.raises(InputError, match="--mini-batch: only --loss contrastive has it"):
        trained(encoder, training_set, tmp_path / "out", loss="kl", mini_batch=2)


def test_a_training_that_diverges_saves_nothing(encoder, training_set, tmp_path):
    with pytest.raises(InputError, match="the training has diverged"):
        trained(encoder, training_set, tmp_path / "out", scale=1e39)
    assert not (tmp_path / "out").exists()
