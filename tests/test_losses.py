import pytest
import torch
from datasets import Dataset

from conftest import TEXTS, embedder
from optical.models.embedding import embed
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError
from optical.settings.distillation import Distillation
from optical.training.distillation import (
    loss_for,
    source_ids,
    special_ids,
    token_weights,
    tokenised,
    without_cut,
)
from optical.transport.checks import NotFiniteError
from optical.transport.losses import (
    GreedyAlignmentLoss,
    OptimalTransportLoss,
    SentenceLoss,
    idf_weights,
)
from optical.transport.ranking import ranking_loss
from optical.transport.solvers import cosine_cost, greedy_alignment

LOSSES = [OptimalTransportLoss, GreedyAlignmentLoss, SentenceLoss]


class Tokenizer:
    def __init__(self, vocabulary):
        self.vocabulary = vocabulary

    def get_vocab(self):
        return self.vocabulary


class Student(torch.nn.Module):
    """Stands in for a late-interaction model: one vector for each token id."""

    def __init__(self, vocabulary=10, dimension=4, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.vectors = torch.nn.Embedding(vocabulary, dimension)
        self.tokenizer = Tokenizer({str(number): number for number in range(vocabulary)})

    def forward(self, features, task):
        assert task == "query"
        return features | {"token_embeddings": self.vectors(features["input_ids"])}


@pytest.fixture
def targets(tmp_path):
    """Three sentences of teacher's vectors; the second has the tokens 5 and 6."""
    torch.manual_seed(1)
    texts = [([1], 1), ([5, 6], 2), ([7, 8, 9], 3)]
    write_token_vectors(
        tmp_path, [(torch.tensor(ids).numpy(), torch.randn(n, 4).numpy()) for ids, n in texts], 4
    )
    return TokenVectors(tmp_path)


def batch():
    ids = torch.tensor([[1, 2, 3], [4, 0, 0]])
    return [{"input_ids": ids, "attention_mask": ids > 0}], torch.tensor([2, 1])


@pytest.mark.parametrize("kind", LOSSES)
def test_training_moves_the_student_onto_the_teachers_vectors(kind, targets):
    student = Student()
    loss = kind(student, targets=targets)
    optimiser = torch.optim.Adam(student.parameters(), lr=0.05)
    values = []
    for _ in range(100):
        value = loss(*batch())
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert values[-1] < 0.3 * values[0]


@pytest.mark.parametrize("kind", LOSSES)
def test_a_row_does_not_feel_the_padding_of_its_batch(kind, targets):
    loss = kind(Student(), targets=targets)
    (features,), labels = batch()
    rows = [
        loss([{key: value[row : row + 1, :length] for key, value in features.items()}], label)
        for row, length, label in ((0, 3, labels[:1]), (1, 1, labels[1:]))
    ]
    torch.testing.assert_close(loss(*batch()), torch.stack(rows).mean())


@pytest.mark.parametrize("kind", LOSSES)
def test_a_teacher_that_reads_along_is_its_stored_vectors(kind, tmp_path):
    student, teacher = Student(), Student(seed=1)
    ids = torch.tensor([[5, 6, 0], [7, 8, 9]])
    target = {"input_ids": ids, "attention_mask": ids > 0}
    with torch.no_grad():
        stored = [(row[row > 0].numpy(), teacher.vectors(row[row > 0]).numpy()) for row in ids]
    # float16 as the store has it
    with torch.no_grad():
        teacher.vectors.weight.copy_(teacher.vectors.weight.half().float())
    write_token_vectors(tmp_path, stored, 4)
    (source,), _ = batch()
    live = kind(student, teacher)([source, target])
    read = kind(student, targets=TokenVectors(tmp_path))([source], torch.tensor([0, 1]))
    torch.testing.assert_close(live, read)
    live.backward()
    assert student.vectors.weight.grad is not None
    assert teacher.vectors.weight.grad is None


@pytest.mark.parametrize("kind", LOSSES)
def test_the_teacher_is_no_part_of_the_loss_that_would_be_trained(kind):
    student = Student()
    assert len(list(kind(student, Student(seed=1)).parameters())) == 1


def test_both_or_neither_of_teacher_and_targets_is_an_error(targets):
    for sides in ({}, {"teacher": Student(), "targets": targets}):
        with pytest.raises(ValueError, match="one of the two"):
            SentenceLoss(Student(), **sides)


def test_a_teacher_with_another_tokenizer_has_to_be_stored_first():
    with pytest.raises(ValueError, match="different tokenizers"):
        SentenceLoss(Student(), Student(vocabulary=11))


@pytest.mark.parametrize("kind", [OptimalTransportLoss, SentenceLoss])
def test_weights_change_the_marginals_of_either_side(kind, targets):
    heavy = torch.ones(10)
    heavy[[1, 7]] = 50.0
    losses = {
        name: kind(Student(), targets=targets, **weights)(*batch()).item()
        for name, weights in {
            "uniform": {},
            "ones": {"source_weights": torch.ones(10), "target_weights": torch.ones(10)},
            "source": {"source_weights": heavy},
            "target": {"target_weights": heavy},
        }.items()
    }
    assert losses["ones"] == pytest.approx(losses["uniform"])
    assert losses["source"] != pytest.approx(losses["uniform"])
    assert losses["target"] != pytest.approx(losses["uniform"])


@pytest.mark.parametrize("kind", LOSSES)
def test_a_token_of_weight_zero_takes_no_part(kind, targets):
    without = torch.ones(10)
    without[2] = 0.0
    student = Student()
    loss = kind(student, targets=targets, source_weights=without)
    before = loss(*batch())
    before.backward()
    assert not student.vectors.weight.grad[2].any()
    assert student.vectors.weight.grad[1].any()


def test_idf_is_one_for_a_token_of_every_sentence_and_grows_with_rarity():
    weights = idf_weights([[0, 1, 1], [0, 2], [0, 1]], 4)
    assert weights[0] == 1
    assert weights[0] < weights[1] < weights[2] < weights[3]
    assert weights[1] == pytest.approx(1 + torch.log(torch.tensor(4 / 3)).item())


def test_sentences_are_counted_beyond_what_short_floats_count():
    """In float16 counts stop at 2,048, as in float32 at 16,777,216."""
    torch.set_default_dtype(torch.float16)
    try:
        assert idf_weights([[0]] * 3000, 2)[0] == 1
    finally:
        torch.set_default_dtype(torch.float32)


def test_special_tokens_are_the_markers_and_ends_and_not_the_unknown(model):
    tokenizer = model.tokenizer
    special = special_ids(tokenizer)
    assert set(tokenizer.convert_tokens_to_ids(["<s>", "</s>", "<pad>", "[unused0]"])) <= set(
        special
    )
    assert tokenizer.unk_token_id not in special
    weights = token_weights(tokenizer, [], "uniform", special_tokens=False)
    assert (weights == 0).sum() == len(special)
    assert weights[tokenizer.unk_token_id] == 1


# --- the ranking term ----------------------------------------------------------------------------


def naive_max_sim(query, passage):
    return sum(max(float(a @ b) for b in passage) for a in query)


def test_the_ranking_loss_is_the_divergence_of_two_softmaxes_over_max_sim():
    torch.manual_seed(0)
    lengths = {"source": [3, 1, 2], "target": [2, 4, 1]}
    sides, masks = {}, {}
    for name, sizes in lengths.items():
        sides[name] = torch.randn(3, 4, 5)
        masks[name] = (torch.arange(4) < torch.tensor(sizes)[:, None]).float()
    found = ranking_loss(*sides.values(), *masks.values(), temperature=0.5)
    real = {
        name: [vectors[: lengths[name][row]] for row, vectors in enumerate(side)]
        for name, side in sides.items()
    }
    wanted = 0.0
    for row in range(3):
        student, teacher = (
            torch.tensor(
                [naive_max_sim(side[row], other) / len(side[row]) for other in real["target"]]
            )
            .div(0.5)
            .softmax(dim=0)
            for side in (real["source"], real["target"])
        )
        wanted += (teacher * (teacher / student).log()).sum().item() / 3
    assert found.item() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("side", [0, 1])
def test_a_sentence_without_a_token_is_not_ranked(side):
    weights = torch.ones(2, 2, 3)
    weights[side, 1] = 0
    with pytest.raises(ValueError, match="sentence 1 of the batch has no token"):
        ranking_loss(*torch.randn(2, 2, 3, 4), *weights)


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_takes_the_ranking_term_on_top(kind, targets):
    student = Student()
    without, on_top = (
        kind(student, targets=targets, ranking=ranking)(*batch()) for ranking in (0.0, 2.0)
    )
    (source,), rows = batch()
    vectors, _, mask = (torch.from_numpy(array) for array in targets.padded(rows.tolist()))
    output = student(source, task="query")["token_embeddings"]
    term = ranking_loss(output, vectors, source["attention_mask"].float(), mask.float())
    torch.testing.assert_close(on_top, without + 2 * term)
    on_top.backward()
    assert student.vectors.weight.grad[[1, 2, 3, 4]].any(dim=1).all()


def test_a_student_that_is_its_teacher_ranks_as_it_does():
    torch.manual_seed(0)
    vectors, weights = torch.randn(4, 6, 8), torch.ones(4, 6)
    assert ranking_loss(vectors, vectors, weights, weights).item() == pytest.approx(0, abs=1e-6)
    assert ranking_loss(vectors.flip(0), vectors, weights, weights) > 0.1


@pytest.mark.parametrize("settings", [{"ranking": -0.1}, {"temperature": 0.0}])
def test_a_ranking_term_that_cannot_be_is_an_error(settings, targets):
    with pytest.raises(ValueError, match="expected a weight of 0 or more and a temperature above"):
        SentenceLoss(Student(), targets=targets, **settings)


def test_pairs_that_reach_the_length_are_left_out(model, tmp_path):
    texts = [TEXTS[0], " ".join([TEXTS[1]] * 9), TEXTS[2]]
    pairs = Dataset.from_dict({"source": texts, "label": range(3)})
    teacher = embedder(model, tmp_path / "teacher")
    write_token_vectors(tmp_path / "targets", embed(teacher, texts, task="query", length=40), 8)
    vectors = TokenVectors(tmp_path / "targets")
    pairs = tokenised(model, pairs, 40)
    assert without_cut(pairs, model, model.tokenizer, vectors, 40)["label"][:] == [0, 2]
    with pytest.raises(InputError, match="no pair is shorter than 1 tokens"):
        without_cut(pairs, model, model.tokenizer, vectors, 1)


def test_a_length_that_the_student_has_no_positions_for_is_refused(model):
    pairs = Dataset.from_dict({"source": ["the cat"], "label": [0]})
    with pytest.raises(InputError, match="length: 513, but .* reads 512 tokens at most"):
        tokenised(model, pairs, 513)


@pytest.mark.parametrize("kind", LOSSES)
def test_what_was_read_into_the_batch_is_as_good_as_rows_of_the_targets(kind, targets):
    loss = kind(Student(), targets=targets)
    features, labels = batch()
    names = ("token_embeddings", "input_ids", "attention_mask")
    arrays = (torch.from_numpy(array) for array in targets.padded(labels.tolist()))
    read = dict(zip(names, arrays, strict=True))
    assert torch.equal(loss([*features, read]), loss(features, labels))


@pytest.mark.parametrize("kind", [OptimalTransportLoss, GreedyAlignmentLoss])
def test_a_cost_that_is_not_finite_is_found_at_the_next_look(kind, targets):
    student = Student()
    student.vectors.weight.data[2] = torch.nan
    loss = kind(student, targets=targets)
    with pytest.raises(NotFiniteError, match="problem 0 of the batch has a cost"):
        loss(*batch())
    loss.checks.later = True
    loss(*batch())
    student.vectors.weight.data[2] = 0.5
    loss(*batch())
    with pytest.raises(NotFiniteError, match="a problem of a batch has a cost"):
        loss.checks.look()
    loss.checks.look()  # says it once


@pytest.mark.parametrize("kind", LOSSES)
def test_a_sentence_without_mass_is_found_at_the_next_look(kind, targets):
    weights = torch.ones(10)
    weights[4] = 0.0  # the only token of the second sentence
    loss = kind(Student(), targets=targets, source_weights=weights)
    with pytest.raises(ValueError, match="sum to 0|no token"):
        loss(*batch())
    loss.checks.later = True
    loss(*batch())
    with pytest.raises(ValueError, match="a side whose weights .* sum to 0"):
        loss.checks.look()


def test_checks_raise_nothing_where_nothing_is_wrong(targets):
    loss = OptimalTransportLoss(Student(), targets=targets)
    loss.checks.later = True
    loss.checks.look()
    loss(*batch())
    loss.checks.look()


# --- greedy alignment ----------------------------------------------------------------------------


def one_by_one(cost):
    """Greedy alignment of one problem, as a person would do it with a pencil."""
    rows, columns = set(range(cost.shape[0])), set(range(cost.shape[1]))
    pairs = []
    while rows and columns:
        row, column = min(((i, j) for i in rows for j in columns), key=lambda p: cost[p].item())
        pairs.append((row, column))
        rows.remove(row)
        columns.remove(column)
    return pairs


def test_greedy_alignment_is_that_of_the_pencil():
    torch.manual_seed(0)
    sizes = [(5, 7), (3, 3), (7, 2), (1, 1)]
    cost = torch.rand(len(sizes), 7, 7)
    rows, columns = (
        torch.arange(7) < torch.tensor([[size[side]] for size in sizes]) for side in (0, 1)
    )
    plan = greedy_alignment(cost, rows, columns)
    for matrix, found, (n, m) in zip(cost, plan, sizes, strict=True):
        wanted = torch.zeros(7, 7)
        for pair in one_by_one(matrix[:n, :m]):
            wanted[pair] = 1 / min(n, m)
        torch.testing.assert_close(found, wanted)


def test_greedy_alignment_misses_what_the_transport_finds():
    """Taking the nearest first leaves the far ones: the control's known weakness."""
    cost = torch.tensor([[[0.1, 0.2], [0.15, 1.0]]])
    mask = torch.ones(1, 2, dtype=torch.bool)
    greedy = (greedy_alignment(cost, mask, mask) * cost).sum()
    assert greedy.item() == pytest.approx((0.1 + 1.0) / 2)
    assert greedy > (0.2 + 0.15) / 2


def test_the_distance_of_the_greedy_loss_is_twice_the_cost_of_unit_vectors(targets):
    torch.manual_seed(0)
    source, target = (torch.nn.functional.normalize(torch.randn(1, 3, 4), dim=-1) for _ in range(2))
    mass = torch.full((1, 3), 1 / 3)
    mask = mass > 0
    loss = GreedyAlignmentLoss(Student(), targets=targets).pair_losses(source, target, mass, mass)
    cost = cosine_cost(source, target)
    torch.testing.assert_close(loss, 2 * (greedy_alignment(cost, mask, mask) * cost).sum((1, 2)))


def test_both_sides_of_a_copy_have_the_same_masses(model, tmp_path):
    pairs = Dataset.from_dict({"source": TEXTS, "label": range(len(TEXTS))})
    pairs = tokenised(model, pairs, 16)
    teacher = embedder(model, tmp_path / "teacher")
    write_token_vectors(tmp_path / "targets", embed(teacher, TEXTS, task="query"), 8)
    loss = loss_for(
        "optical",
        model,
        model.tokenizer,
        TokenVectors(tmp_path / "targets"),
        pairs,
        Distillation(length=16, marginals="idf"),
    )
    assert torch.equal(loss.source_weights, loss.target_weights)
    marker = model.tokenizer.convert_tokens_to_ids(model.prompts["query"])
    assert loss.source_weights[marker] == 1
    assert loss.source_weights.max() > 1


def test_the_student_reads_a_sentence_as_its_ids_say(model):
    texts = [TEXTS[0], TEXTS[1] * 9]
    read = model.preprocess(texts, prompt=model.prompts["query"], task="query")
    pairs = tokenised(model, Dataset.from_dict({"source": texts, "label": range(2)}), 16)
    for ids, row, mask in zip(
        source_ids(model, pairs), read["input_ids"], read["attention_mask"], strict=True
    ):
        assert ids == row[mask.bool()].tolist()


def test_only_optical_reads_the_settings_of_the_transport(model, targets):
    transport = {
        "solver": "ipot",
        "mass": "balanced",
        "epsilon_unit": "spread",
        "epsilon": 0.1,
        "iterations": 7,
    }
    sides = (model, model.tokenizer, targets, None, Distillation(**transport))
    assert loss_for("optical", *sides).settings == transport
    assert not hasattr(loss_for("greedy", *sides), "settings")
    assert not hasattr(loss_for("sentence", *sides), "settings")


def test_a_student_is_not_its_own_teacher():
    student = Student()
    with pytest.raises(ValueError, match="are one model"):
        SentenceLoss(student, student)


def test_targets_without_labels_are_an_error(targets):
    features, _ = batch()
    with pytest.raises(ValueError, match="no labels"):
        SentenceLoss(Student(), targets=targets)(features)
