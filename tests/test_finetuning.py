"""Fine-tuning of a query encoder against the passages of a frozen teacher."""

import pyarrow.parquet as pq
import pytest
import torch

from optical.corpora.training_files import write_pairs
from optical.runtime.errors import InputError
from optical.training.batches import Batches
from optical.training.finetuning import ContrastiveLoss, shared_sides
from optical.transport.ranking import max_sim
from test_losses import Student, batch, targets  # noqa: F401, a fixture


def naive(queries, passages, query_mask, passage_mask):
    return torch.tensor(
        [
            [
                sum(max(float(token @ other) for other in passage[mask]) for token in query[own])
                for passage, mask in zip(passages, passage_mask, strict=True)
            ]
            for query, own in zip(queries, query_mask, strict=True)
        ]
    )


def test_max_sim_is_the_sum_of_the_best_matches_of_real_tokens():
    rng = torch.Generator().manual_seed(0)
    # All negative products: a padded token that scored 0 would win.
    queries = torch.rand(3, 4, 5, generator=rng)
    passages = -torch.rand(2, 6, 5, generator=rng)
    query_mask = torch.arange(4) < torch.tensor([[4], [2], [1]])
    passage_mask = torch.arange(6) < torch.tensor([[3], [6]])
    found = max_sim(queries, passages, query_mask, passage_mask)
    torch.testing.assert_close(found, naive(queries, passages, query_mask, passage_mask))


def test_max_sim_is_as_exact_where_a_trainer_has_mixed_precision_on():
    rng = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(6, 32, 64, generator=rng), dim=-1)
    mask = torch.ones(6, 32, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = max_sim(vectors, vectors, mask, mask)
        rounded = torch.einsum("qnd,pmd->qpnm", vectors, vectors).amax(dim=-1).sum(dim=-1)
    whole = max_sim(vectors, vectors, mask, mask)
    assert torch.equal(mixed, whole)
    assert (rounded.float() - whole).abs().max() > 0.01


def test_pairs_that_share_a_query_or_a_passage_never_meet_in_a_batch(targets):  # noqa: F811
    queries = ["moja", "moja", "mbili", "tatu"]
    # Of the passages of the fixture the first one twice: for another query.
    keys = shared_sides(queries, [0, 1, 0, 2], targets)
    batches = list(Batches(4, number=30, size=2, seed=1, keys=keys))
    assert len(batches) == 30
    assert not {(0, 1), (0, 2)} & {tuple(sorted(batch)) for batch in batches}
    assert {1, 2, 3} < {row for batch in batches for row in batch}


def test_the_loss_is_the_cross_entropy_of_the_own_passage(targets):  # noqa: F811
    student = Student()
    features, labels = batch()
    loss = ContrastiveLoss(student, targets=targets, scale=3.0)(features, labels)
    vectors, _, mask = targets.padded(labels.tolist())
    scores = 3.0 * naive(
        student.vectors(features[0]["input_ids"]).detach(),
        torch.from_numpy(vectors),
        features[0]["attention_mask"],
        torch.from_numpy(mask),
    )
    expected = -torch.log_softmax(scores, dim=1).diagonal().mean()
    torch.testing.assert_close(loss.detach(), expected)


def test_training_brings_a_query_to_its_passage_and_leaves_the_passages(targets):  # noqa: F811
    student = Student()
    features, labels = batch()
    loss = ContrastiveLoss(student, targets=targets, scale=3.0)
    assert {name for name, _ in loss.named_parameters()} == {"model.vectors.weight"}
    before = targets.padded(labels.tolist())[0].copy()
    optimizer = torch.optim.Adam(student.parameters(), lr=0.05)
    values = []
    for _ in range(50):
        value = loss(features, labels)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.1 * values[0]
    assert (targets.padded(labels.tolist())[0] == before).all()


@pytest.fixture
def training_set(tmp_path):
    (tmp_path / "qrels.tsv").write_text("q1\t0\tp1\t1\nq1\t0\tp2\t1\nq2\t0\tp2\t1\n")
    (tmp_path / "collection.tsv").write_text("p1\tone\np2\ttwo\np3\tthree\n")
    return tmp_path


def test_translated_queries_are_paired_with_each_relevant_passage(training_set):
    (training_set / "sw.tsv").write_text("q1\tmoja\nq2\tmbili\n")
    output = training_set / "sw.parquet"
    assert write_pairs(output, training_set / "sw.tsv", training_set) == 3
    assert pq.read_table(output).to_pylist() == [
        {"id": "q1", "source": "moja", "target": "one"},
        {"id": "q1", "source": "moja", "target": "two"},
        {"id": "q2", "source": "mbili", "target": "two"},
    ]


def test_the_pairs_of_all_languages_have_the_same_passages_in_the_same_rows(training_set):
    # Which is why a teacher embeds those of the pivot for all of them.
    (training_set / "en.tsv").write_text("q1\tone\nq2\ttwo\n")
    (training_set / "sw.tsv").write_text("q2\tmbili\nq1\tmoja\n")
    for language in ("en", "sw"):
        queries = training_set / f"{language}.tsv"
        write_pairs(training_set / f"{language}.parquet", queries, training_set)
    pivot, other = (pq.read_table(training_set / f"{name}.parquet") for name in ("en", "sw"))
    assert pivot["target"] == other["target"]
    assert pivot["source"].to_pylist() == ["one", "one", "two"]
    assert other["source"].to_pylist() == ["moja", "moja", "mbili"]


def test_a_judged_query_that_was_not_translated_is_told(training_set):
    (training_set / "sw.tsv").write_text("q1\tmoja\n")
    with pytest.raises(InputError, match=r"sw\.tsv: not there, but judged in .*: 1 .q2"):
        write_pairs(training_set / "sw.parquet", training_set / "sw.tsv", training_set)
