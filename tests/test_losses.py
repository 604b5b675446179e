import pytest
import torch

from optical.losses import OptimalTransportLoss, idf_weights
from optical.token_vectors import TokenVectors, write_token_vectors


class Student(torch.nn.Module):
    """Stands in for a late-interaction model: one vector for each token id."""

    def __init__(self, vocabulary=10, dimension=4):
        super().__init__()
        torch.manual_seed(0)
        self.vectors = torch.nn.Embedding(vocabulary, dimension)

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


def test_training_moves_the_student_onto_the_teachers_vectors(targets):
    student = Student()
    loss = OptimalTransportLoss(student, targets, epsilon=0.05, iterations=50)
    optimiser = torch.optim.Adam(student.parameters(), lr=0.05)
    values = []
    for _ in range(100):
        value = loss(*batch())
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert values[-1] < 0.3 * values[0]


def test_a_row_does_not_feel_the_padding_of_its_batch(targets):
    loss = OptimalTransportLoss(Student(), targets, epsilon=0.05, iterations=50)
    (features,), labels = batch()
    rows = [
        loss([{key: value[row : row + 1, :length] for key, value in features.items()}], label)
        for row, length, label in ((0, 3, labels[:1]), (1, 1, labels[1:]))
    ]
    torch.testing.assert_close(loss(*batch()), torch.stack(rows).mean())


def test_weights_change_the_marginals_of_either_side(targets):
    heavy = torch.ones(10)
    heavy[[1, 7]] = 50.0
    losses = {
        name: OptimalTransportLoss(Student(), targets, epsilon=0.05, iterations=50, **weights)(
            *batch()
        ).item()
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


def test_idf_is_one_for_a_token_of_every_sentence_and_grows_with_rarity():
    weights = idf_weights([[0, 1, 1], [0, 2], [0, 1]], 4)
    assert weights[0] == 1
    assert weights[0] < weights[1] < weights[2] < weights[3]
    assert weights[1] == pytest.approx(1 + torch.log(torch.tensor(4 / 3)).item())
