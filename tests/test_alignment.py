"""The sentence pairs whose transport plans are shown, and their picture."""

import json

import numpy as np
import pytest

import align_sentences
import plot_plans
from conftest import embedder
from optical.corpora.rows import write_parquet
from optical.models.embedding import embed
from optical.report.pictures import reason_of
from optical.retrieval.token_vectors import write_token_vectors
from optical.settings.distillation import Distillation
from optical.transport import solvers


@pytest.fixture
def aligned(tmp_path, model, monkeypatch):
    """A function that aligns sentence pairs of so many words, and gives what was written."""
    monkeypatch.setattr(align_sentences, "take_gpus", lambda number: None)

    def align(*words, tokens, **settings):
        teacher = embedder(model, tmp_path / "model")
        sentences = [" ".join(["cat"] * number) for number in words]
        rows = [(sentence, sentence) for sentence in sentences]
        write_parquet(tmp_path / "bitext.parquet", ["source", "target"], rows)
        targets = embed(teacher, sentences, task="query", length=100)
        write_token_vectors(tmp_path / "targets", targets, teacher.dimension)
        align_sentences.main(
            start=tmp_path / "model",
            student=tmp_path / "model",
            targets=tmp_path / "targets",
            teacher=tmp_path / "model",
            bitext=tmp_path / "bitext.parquet",
            shown=2,
            tokens=tokens,
            settings=Distillation(iterations=10, **settings),
            output=tmp_path / "plans.json",
        )
        return json.loads((tmp_path / "plans.json").read_text())

    return align


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ((1, 40, 9, 2, 10, 9), [9, 10]),  # the first that fit
        ((1, 40, 9, 2), [9, 2]),  # one fits
        ((1, 3, 2), [3, 2]),  # all are too short
        ((30, 20, 25), [20, 25]),  # all are too long
        ((1,), [1]),
    ],
)
def test_the_pairs_nearest_to_a_readable_length_are_aligned_and_drawn(
    tmp_path, aligned, words, chosen
):
    plans = aligned(*words, tokens=42)  # 3 of a word, and 3 beside them
    assert [len(pair["target"]) for pair in plans] == [3 * number + 3 for number in chosen]
    for pair in plans:
        assert pair["source"] == pair["target"]  # not cut off
        for plan in pair["plans"].values():
            assert np.shape(plan) == (len(pair["source"]), len(pair["target"]))
    pictures = [tmp_path / "plans.svg", tmp_path / "plans.png"]
    plot_plans.main(plans=tmp_path / "plans.json", output=pictures)
    assert all(picture.stat().st_size for picture in pictures)


def test_a_plan_comes_with_its_language_sentences_and_equal_masses(aligned):
    (pair,) = aligned(9, tokens=42)
    assert (pair["language"], pair["sentences"]) == ("bitext", [" ".join(["cat"] * 9)] * 2)
    assert [set(mass) for mass in pair["masses"]] == [{1.0}, {1.0}]
    assert [len(mass) for mass in pair["masses"]] == [len(pair["source"]), len(pair["target"])]


def test_a_plan_moves_the_masses_that_training_gave_the_tokens(tmp_path, aligned):
    (pair,) = aligned(9, tokens=42, special_tokens=False)
    for plan in pair["plans"].values():
        for axis, mass in zip((1, 0), pair["masses"], strict=True):
            given, mass = np.sum(plan, axis=axis), np.array(mass)
            np.testing.assert_allclose(given, mass / mass.sum(), atol=0.02)
    # Marker and sentence ends weigh nothing, the tokens of words all the same.
    assert set(pair["masses"][0]) == {0.0, 1.0}
    assert 0.0 < np.mean(pair["masses"][0]) < 1.0
    plot_plans.main(plans=tmp_path / "plans.json", output=[tmp_path / "plans.svg"])
    assert reason_of((tmp_path / "plans.svg").read_text()) == ""


def test_a_bitext_without_a_pair_stops_nothing(aligned):
    assert aligned(tokens=16) == []


def test_an_alignment_that_fails_stops_nothing(aligned, monkeypatch, capsys):
    def fail(*sides, **settings):
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(solvers, "transport_plan", fail)
    plans = aligned(9, tokens=42)
    assert plans == {"left_out": "RuntimeError: CUDA out of memory. Tried to allocate"}
    assert "Traceback" in capsys.readouterr().err
