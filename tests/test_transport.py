import pytest
import torch
from scipy.optimize import linprog

from optical.transport import cosine_cost, marginals, transport_loss, transport_plan


def problem(sizes=((3, 5), (6, 2), (1, 1)), seed=0):
    """Costs and marginals of padded problems of these sizes."""
    rng = torch.Generator().manual_seed(seed)
    n, m = (max(size[side] for size in sizes) for side in (0, 1))
    cost = torch.rand(len(sizes), n, m, generator=rng) * 2
    rows = torch.arange(n) < torch.tensor([[size[0]] for size in sizes])
    columns = torch.arange(m) < torch.tensor([[size[1]] for size in sizes])
    return cost, rows, columns


@pytest.mark.parametrize("epsilon", [1e-3, 0.05, 1.0])
def test_the_plan_has_the_marginals_that_were_asked_for(epsilon):
    cost, rows, columns = problem()
    source, target = marginals(rows), marginals(columns)
    plan = transport_plan(cost, source, target, epsilon=epsilon, iterations=3000)
    assert torch.isfinite(plan).all()
    torch.testing.assert_close(plan.sum(dim=1), target)
    torch.testing.assert_close(plan.sum(dim=2), source, atol=2e-3, rtol=0)


def test_padding_carries_no_mass_and_changes_nothing():
    cost, rows, columns = problem()
    plan = transport_plan(cost, marginals(rows), marginals(columns), epsilon=0.05, iterations=50)
    for row, (n, m) in enumerate([(3, 5), (6, 2), (1, 1)]):
        alone = transport_plan(
            cost[row : row + 1, :n, :m],
            marginals(torch.ones(1, n, dtype=torch.bool)),
            marginals(torch.ones(1, m, dtype=torch.bool)),
            epsilon=0.05,
            iterations=50,
        )
        torch.testing.assert_close(plan[row, :n, :m], alone[0])
        assert plan[row].sum() == pytest.approx(alone.sum().item(), abs=1e-6)


def test_the_plan_is_the_one_of_the_linear_programme_as_epsilon_falls():
    cost, rows, columns = problem([(4, 4)])
    plan = transport_plan(cost, marginals(rows), marginals(columns), epsilon=2e-3, iterations=5000)
    constraints = torch.zeros(8, 16)
    for i in range(4):
        constraints[i, 4 * i : 4 * i + 4] = 1
        constraints[4 + i, i::4] = 1
    exact = linprog(cost[0].flatten().numpy(), A_eq=constraints.numpy(), b_eq=[0.25] * 8).fun
    assert (plan * cost).sum().item() == pytest.approx(exact, abs=5e-3)


def test_a_small_epsilon_aligns_each_token_with_its_own_copy():
    vectors = torch.eye(4)[None]
    cost = cosine_cost(vectors, vectors[:, [2, 0, 3, 1]])
    mass = marginals(torch.ones(1, 4, dtype=torch.bool))
    plan = transport_plan(cost, mass, mass, epsilon=0.02, iterations=50)
    assert plan[0].argmax(dim=1).tolist() == [1, 3, 0, 2]


def test_the_gradient_of_the_loss_with_respect_to_the_cost_is_the_plan():
    cost, rows, columns = problem()
    cost.requires_grad_()
    plan = transport_plan(cost, marginals(rows), marginals(columns), epsilon=0.05, iterations=50)
    transport_loss(cost, plan).sum().backward()
    assert not plan.requires_grad
    torch.testing.assert_close(cost.grad, plan)


def test_cost_is_one_minus_cosine_whatever_the_length_of_the_vectors():
    source = torch.tensor([[[2.0, 0.0], [0.0, 3.0]]])
    target = torch.tensor([[[5.0, 0.0], [-1.0, 0.0]]])
    torch.testing.assert_close(
        cosine_cost(source, target), torch.tensor([[[0.0, 2.0], [1.0, 1.0]]])
    )


def test_weights_share_the_mass_in_proportion():
    mask = torch.tensor([[True, True, False]])
    mass = marginals(mask, torch.tensor([[1.0, 3.0, 100.0]]))
    torch.testing.assert_close(mass, torch.tensor([[0.25, 0.75, 0.0]]))


def test_a_sentence_without_a_token_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="sentence 1 of the batch has no token"):
        marginals(torch.tensor([[True], [False]]))


def test_a_cost_that_is_not_a_number_is_an_error():
    mass = marginals(torch.ones(1, 1, dtype=torch.bool))
    with pytest.raises(ValueError, match="not finite"):
        transport_plan(torch.full((1, 1, 1), torch.nan), mass, mass, epsilon=0.05, iterations=5)
