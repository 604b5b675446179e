import os
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from optical.transport.solvers import (
    SOLVERS,
    cosine_cost,
    fused_kernel,
    greedy_alignment,
    marginals,
    safe_block,
    scores,
    squared_distance,
    transport_loss,
    transport_plan,
)


def problem(sizes=((3, 5), (6, 2), (1, 1)), seed=0, dtype=torch.float32):
    """Costs up to 2 and uneven marginals of padded problems of these sizes."""
    rng = torch.Generator().manual_seed(seed)
    n, m = (max(size[side] for size in sizes) for side in (0, 1))
    cost = torch.rand(len(sizes), n, m, generator=rng) * 2
    rows = torch.arange(n) < torch.tensor([[size[0]] for size in sizes])
    columns = torch.arange(m) < torch.tensor([[size[1]] for size in sizes])
    source, target = (
        marginals(mask, 0.1 + torch.rand(mask.shape, generator=rng)) for mask in (rows, columns)
    )
    return cost.to(dtype), source.to(dtype), target.to(dtype)


def lengths_differ(sizes=((3, 5), (6, 2), (1, 4), (4, 4)), weighted=False, dtype=torch.float32):
    """Costs, and the weights of tokens: 1 as in a mask, or uneven."""
    cost, source, target = problem(sizes, dtype=dtype)
    if weighted:  # 1 to 3, as idf has them
        return cost, *((mass > 0) * (1 + 2 * mass / mass.amax()) for mass in (source, target))
    return cost, (source > 0).to(dtype), (target > 0).to(dtype)


def log_domain(cost, source, target, epsilon, iterations):
    """Sinkhorn as the textbook has it, in float64: what the fast one is held against."""
    score, source, target = cost.double() / -epsilon, source.double(), target.double()
    column = torch.where(target > 0, 0.0, -torch.inf).double()
    for _ in range(iterations):
        row = source.log() - torch.logsumexp(score + column[:, None, :], dim=2)
        column = target.log() - torch.logsumexp(score + row[:, :, None], dim=1)
    return (score + row[:, :, None] + column[:, None, :]).exp()


SIZES = {
    "small": ((3, 5), (6, 2), (1, 1)),
    "square": ((32, 32), (32, 7), (20, 32)),
    "wide": ((4, 512), (1, 300)),
    "tall": ((512, 3), (400, 1)),
    "one": ((1, 1),),
}


@pytest.mark.parametrize("iterations", [1, 20, 150])
@pytest.mark.parametrize("epsilon", [1e-3, 0.01, 0.05, 1.0])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_sinkhorn_is_the_log_domain_one_in_float32_too(sizes, epsilon, iterations):
    cost, source, target = problem(sizes)
    wanted = log_domain(cost, source, target, epsilon, iterations)
    balanced = {"mass": "balanced", "epsilon": epsilon, "iterations": iterations}
    plan = transport_plan(cost, source, target, **balanced)
    assert plan.dtype == torch.float32
    torch.testing.assert_close(plan.double(), wanted, atol=1e-6, rtol=0)
    source, target = (mass.double() / mass.double().sum(1, True) for mass in (source, target))
    double = transport_plan(cost.double(), source, target, **balanced)
    wanted = log_domain(cost, source, target, epsilon, iterations)
    torch.testing.assert_close(double, wanted, atol=1e-12, rtol=0)


def test_the_kernel_is_made_anew_only_where_the_range_of_floats_asks_for_it():
    cost, source, target = problem(SIZES["square"])
    assert safe_block(cost, source, target, 0.05) > 1000
    assert 1 <= safe_block(cost, source, target, 0.01) < 10


def test_the_entropic_plan_is_that_of_pot():
    import ot

    cost, source, target = problem(((32, 32),) * 8, dtype=torch.float64)
    wanted = ot.solve_batch(cost, 0.05, source, target, max_iter=2000, tol=1e-12).plan
    plan = transport_plan(cost, source, target, epsilon=0.05, iterations=2000)
    torch.testing.assert_close(plan, wanted, atol=1e-5, rtol=0)


def test_the_entropy_of_a_partial_plan_is_that_with_the_dummy_token():
    import ot

    cost, source, target = lengths_differ(((6, 4),), dtype=torch.float64)
    plan = transport_plan(cost, source, target, epsilon=0.05, iterations=5000)[0].numpy()
    rows, columns = np.full(6, 1 / 6), np.full(4, 1 / 6)
    padded = np.pad(cost[0].numpy(), ((0, 0), (0, 1)))
    whole = ot.sinkhorn(rows, np.append(columns, 1 / 3), padded, 0.05, numItermax=20_000)[:, :4]
    np.testing.assert_allclose(plan, whole / whole.sum(), atol=1e-8)
    real = ot.partial.entropic_partial_wasserstein(rows, columns, padded[:, :4], 0.05, m=2 / 3)
    assert np.abs(plan - real / real.sum()).max() > 0.01


def partial_plan(cost, source, target):
    """POT's plan of least cost that moves as much as the lighter side has, divided by its sum."""
    import ot

    rows, columns = source > 0, target > 0
    masses = [source[rows].numpy(), target[columns].numpy()]
    scale = max(mass.sum() for mass in masses)
    left, right = (mass / scale for mass in masses)
    moved = min(left.sum(), right.sum())
    plan = ot.partial.partial_wasserstein(left, right, cost[rows][:, columns].numpy(), m=moved)
    full = torch.zeros_like(cost)
    full[rows[:, None] & columns] = torch.from_numpy(plan / plan.sum()).flatten()
    return full


@pytest.mark.parametrize("weighted", [False, True])
def test_the_plan_of_unit_masses_is_pots_partial_one(weighted):
    cost, source, target = lengths_differ(weighted=weighted, dtype=torch.float64)
    wanted = torch.stack([partial_plan(*one) for one in zip(cost, source, target, strict=True)])
    exact = transport_plan(cost, source, target, solver="exact")
    torch.testing.assert_close(transport_loss(cost, exact), transport_loss(cost, wanted))
    near = transport_plan(cost, source, target, epsilon=0.002, iterations=3000)
    torch.testing.assert_close(
        transport_loss(cost, near), transport_loss(cost, wanted), atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_the_entropic_plan_of_unit_masses_is_that_of_a_dummy_token(weighted):
    """Written out problem by problem in the log domain, the dummy's row or column included."""
    cost, source, target = lengths_differ(weighted=weighted)
    found = transport_plan(cost, source, target, epsilon=0.02, iterations=60)
    for plan, matrix, left, right in zip(found, cost, source, target, strict=True):
        n, m = int((left > 0).sum()), int((right > 0).sum())
        left, right = left[:n].double(), right[:m].double()
        extended = torch.zeros(1, n + 1, m + 1).double()
        extended[0, :n, :m] = matrix[:n, :m]
        most = max(left.sum(), right.sum())
        left, right = (
            torch.cat((mass, most - mass.sum(dim=0, keepdim=True)))[None] / most
            for mass in (left, right)
        )
        wanted = log_domain(extended, left, right, 0.02, 60)[0, :n, :m]
        torch.testing.assert_close(plan[:n, :m].double(), wanted / wanted.sum(), atol=2e-6, rtol=0)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_lighter_side_travels_whole_and_the_surplus_of_the_heavier_stays(weighted, solver):
    cost, source, target = lengths_differ(weighted=weighted, dtype=torch.float64)
    plan = transport_plan(cost, source, target, solver=solver, epsilon=0.05, iterations=2000)
    torch.testing.assert_close(plan.sum(dim=(1, 2)), torch.ones(len(plan)).double())
    for matrix, left, right in zip(plan, source, target, strict=True):
        lighter = min(left.sum(), right.sum())
        for weights, moved in ((left, matrix.sum(dim=1)), (right, matrix.sum(dim=0))):
            share = weights / lighter
            if weights.sum() == lighter:
                torch.testing.assert_close(moved, share, atol=1e-4, rtol=0)
            assert (moved <= share + 1e-4).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_sides_of_one_weight_have_the_balanced_plan(solver):
    cost, source, target = lengths_differ(((4, 4), (2, 2)))
    plans = [
        transport_plan(cost, source, target, solver=solver, mass=mass)
        for mass in ("unit", "balanced")
    ]
    torch.testing.assert_close(*plans, atol=1e-6, rtol=0)


@pytest.mark.parametrize("mass", ["unit", "balanced"])
def test_an_epsilon_in_units_of_the_spread_gives_the_same_plan_for_costs_on_any_scale(mass):
    cost, source, target = lengths_differ()
    settings = {"mass": mass, "epsilon": 0.1, "epsilon_unit": "spread"}
    plan = transport_plan(cost, source, target, **settings)
    for scaled in (0.1 * cost + 0.3, 1e-7 * cost, 1e7 * cost):
        torch.testing.assert_close(transport_plan(scaled, source, target, **settings), plan)
    padded = [torch.nn.functional.pad(one, (0, 2)) for one in (cost, target)]
    torch.testing.assert_close(
        transport_plan(padded[0], source, padded[1], **settings)[:, :, :-2], plan
    )
    deviation = cost[3, :4, :4].std(correction=0).item()
    own = transport_plan(
        *(one[3:] for one in (cost, source, target)), mass=mass, epsilon=0.1 * deviation
    )
    torch.testing.assert_close(plan[3:], own, atol=1e-6, rtol=1e-4)
    for same in (0.7, 7e-9, 7e9):
        flat = torch.full((1, 2, 3), same)
        flat[0, 0] *= 1 + 2e-7  # as rounding does
        plan = transport_plan(flat, torch.ones(1, 2), torch.ones(1, 3), **settings)
        torch.testing.assert_close(plan, torch.full((1, 2, 3), 1 / 6))


def test_a_word_without_a_translation_is_left_alone():
    """Three tokens and their copies, and one more on the other side that is like none of them."""
    vectors = torch.eye(4)[None]
    cost = cosine_cost(vectors[:, :3], vectors)
    mask = torch.ones(1, 3), torch.ones(1, 4)
    unit, balanced = (
        transport_plan(cost, *mask, mass=mass, epsilon=0.02) for mass in ("unit", "balanced")
    )
    assert transport_loss(cost, unit).item() == pytest.approx(0, abs=1e-6)
    assert transport_loss(cost, balanced).item() == pytest.approx(1 / 4, abs=1e-3)


def test_ipot_comes_near_the_exact_cost():
    cost, source, target = problem(SIZES["square"])
    plans = {
        solver: transport_plan(cost, source, target, solver=solver, epsilon=0.1, iterations=200)
        for solver in ("ipot", "exact")
    }
    assert plans["ipot"].isfinite().all()
    ipot, exact = (transport_loss(cost, plans[solver]) for solver in ("ipot", "exact"))
    torch.testing.assert_close(ipot, exact, atol=1e-3, rtol=0)
    torch.testing.assert_close(plans["exact"].sum(dim=2), source)
    torch.testing.assert_close(plans["exact"].sum(dim=1), target)


def test_ipot_stays_finite_where_the_textbook_underflows():
    cost, source, target = problem(SIZES["square"])
    plan = transport_plan(cost, source, target, solver="ipot", epsilon=0.005, iterations=300)
    assert plan.isfinite().all()
    torch.testing.assert_close(plan.sum(dim=1), target)


@pytest.mark.parametrize("solver", SOLVERS)
def test_padding_carries_no_mass_and_changes_nothing(solver):
    cost, source, target = problem()
    settings = {"solver": solver, "epsilon": 0.05, "iterations": 50}
    plan = transport_plan(cost, source, target, **settings)
    for row, (n, m) in enumerate(SIZES["small"]):
        alone = transport_plan(
            cost[row : row + 1, :n, :m],
            source[row : row + 1, :n],
            target[row : row + 1, :m],
            **settings,
        )
        torch.testing.assert_close(plan[row, :n, :m], alone[0], atol=1e-6, rtol=0)
        assert plan[row].sum() == pytest.approx(alone.sum().item(), abs=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_small_epsilon_aligns_each_token_with_its_own_copy(solver):
    vectors = torch.eye(4)[None]
    cost = cosine_cost(vectors, vectors[:, [2, 0, 3, 1]])
    mass = marginals(torch.ones(1, 4, dtype=torch.bool))
    plan = transport_plan(cost, mass, mass, solver=solver, epsilon=0.02, iterations=50)
    assert plan[0].argmax(dim=1).tolist() == [1, 3, 0, 2]


def test_the_gradient_with_respect_to_both_token_tensors_is_that_of_finite_differences():
    rng = torch.Generator().manual_seed(1)
    source, target = (
        torch.randn(2, n, 8, generator=rng, dtype=torch.float64, requires_grad=True) for n in (5, 4)
    )
    _, rows, columns = problem(((5, 4), (3, 2)), dtype=torch.float64)
    plan = transport_plan(
        cosine_cost(source, target).detach(), rows, columns, epsilon=0.05, iterations=50
    )
    assert not plan.requires_grad

    def loss(source, target):
        return transport_loss(cosine_cost(source, target), plan)

    assert torch.autograd.gradcheck(loss, (source, target), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("distance", [cosine_cost, squared_distance])
def test_a_cost_is_as_exact_under_mixed_precision(distance):
    source, target = torch.randn(2, 2, 5, 16, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = distance(source, target)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, distance(source, target))


def test_cost_is_one_minus_cosine_whatever_the_length_of_the_vectors():
    source = torch.tensor([[[2.0, 0.0], [0.0, 3.0]]])
    target = torch.tensor([[[5.0, 0.0], [-1.0, 0.0]]])
    torch.testing.assert_close(
        cosine_cost(source, target), torch.tensor([[[0.0, 2.0], [1.0, 1.0]]])
    )


def test_half_precision_vectors_are_compared_in_float32():
    vectors = torch.randn(1, 3, 8).to(torch.bfloat16)
    cost = cosine_cost(vectors, vectors)
    assert cost.dtype == torch.float32
    torch.testing.assert_close(cost.diagonal(dim1=1, dim2=2), torch.zeros(1, 3))


def test_weights_share_the_mass_in_proportion():
    mask = torch.tensor([[True, True, False]])
    mass = marginals(mask, torch.tensor([[1.0, 3.0, 100.0]]))
    torch.testing.assert_close(mass, torch.tensor([[0.25, 0.75, 0.0]]))


# --- what has no plan is an error that names the problem -----------------------------------------


def test_a_sentence_without_a_token():
    with pytest.raises(ValueError, match="sentence 1 of the batch has no token"):
        marginals(torch.tensor([[True], [False]]))


@pytest.mark.parametrize("value", [-0.5, torch.nan, torch.inf])
def test_a_sentence_with_a_weight_that_is_none(value):
    mask = torch.ones(2, 2, dtype=torch.bool)
    with pytest.raises(ValueError, match="sentence 1 of the batch has .* negative or not finite"):
        marginals(mask, torch.tensor([[1.0, 1.0], [1.0, value]]))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_cost_that_is_not_finite(value):
    cost, source, target = problem()
    cost[1, 0, 0] = value
    with pytest.raises(ValueError, match="problem 1 of the batch has a cost that is not finite"):
        transport_plan(cost, source, target)


@pytest.mark.parametrize(
    ("mass", "sums"),
    [([0.0, 0.0], "0"), ([1.5, -0.5], "1"), ([1, torch.nan], "nan"), ([1, torch.inf], "inf")],
)
def test_weights_that_are_no_masses(mass, sums):
    cost = torch.zeros(2, 2, 1)
    source = torch.tensor([[0.5, 0.5], mass])
    with pytest.raises(ValueError, match=f"problem 1 .* sum to {sums} and 1"):
        transport_plan(cost, source, torch.ones(2, 1))


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"cost \[1, 2, 3\] does not fit .* \[1, 3\] and \[1, 2\]"):
        transport_plan(torch.zeros(1, 2, 3), torch.ones(1, 3) / 3, torch.ones(1, 2) / 2)


# --- the fused kernel ----------------------------------------------------------------------------

KERNEL = """
import sys
import torch
from optical.transport import kernel as transport_kernel
from optical.transport.solvers import scores

for case in torch.load(sys.argv[1]):
    score = scores(case["cost"], case["source"], case["target"], case["epsilon"])
    assert transport_kernel.fits(case["cost"], case["partial"])
    masses = case["source"], case["target"]
    plan = transport_kernel.sinkhorn(score, *masses, case["iterations"], case["partial"])
    if not case["partial"]:
        torch.testing.assert_close(plan.sum(dim=1), case["target"], atol=2e-7, rtol=0)
    plan /= plan.sum(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(plan, case["plan"], atol=2e-6, rtol=0)
print("same")
"""


def test_the_fused_kernel_gives_the_same_plans(tmp_path):
    """By Triton's interpreter, which runs a kernel without a GPU; so in a process of its own."""
    cases = []
    for sizes, epsilon, iterations in (
        (SIZES["small"], 0.05, 50),
        (SIZES["small"], 1e-3, 50),
        (SIZES["square"], 1e-3, 20),
        (SIZES["square"], 0.01, 20),
        (SIZES["one"], 0.05, 1),
    ):
        settings = {"epsilon": epsilon, "iterations": iterations}
        for mass, equal in (("unit", False), ("unit", True), ("balanced", True)):
            cost, source, target = problem(sizes)
            if not equal:  # the lighter side with less than 1, where the others differ by rounding
                source = source * torch.linspace(0.5, 1.0, len(source))[:, None]
                target = target * (1 - 0.4 * (source.sum(dim=1, keepdim=True) > 0.9))
                most = torch.maximum(source.sum(dim=1), target.sum(dim=1))[:, None]
                source, target = source / most, target / most
            plan = transport_plan(cost, source, target, mass=mass, **settings)
            case = {"cost": cost, "source": source, "target": target, "plan": plan}
            cases.append(case | settings | {"partial": mass == "unit"})
    torch.save(cases, tmp_path / "cases.pt")
    run = subprocess.run(
        [sys.executable, "-c", KERNEL, str(tmp_path / "cases.pt")],
        env=os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": "workflow_scripts"},
        capture_output=True,
        text=True,
    )
    assert run.stdout == "same\n", run.stderr


@pytest.mark.parametrize("capability", ["80", "90"])
def test_the_fused_kernel_compiles_for_a_gpu_and_its_registers_suffice(capability, tmp_path):
    """In a process of its own, without the interpreter, and without a GPU."""
    pytest.importorskip("triton", reason="no Triton here")
    environment = {name: value for name, value in os.environ.items() if "TRITON" not in name}
    run = subprocess.run(
        [sys.executable, "tests/compile_kernel.py", capability, str(tmp_path / "cubin")],
        env=environment | {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": "workflow_scripts"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    spilled = {}
    for line in run.stdout.splitlines():
        n, m, size = map(int, line.split())
        spilled[n, m] = max(size, spilled.get((n, m), 0))
    assert {(16, 16), (16, 512), (512, 16), (64, 128), (128, 64)} <= spilled.keys()
    assert not {shape: size for shape, size in spilled.items() if size}


class OnGpu(torch.Tensor):
    """A tensor that claims to lie on a GPU."""

    is_cuda = True


@pytest.fixture
def kernel(monkeypatch):
    """A function that puts another one in the place of the fused kernel, which was never tried."""
    transport_kernel = pytest.importorskip("optical.transport.kernel", reason="no Triton here")
    fused_kernel.cache_clear()
    yield lambda function: monkeypatch.setattr(transport_kernel, "sinkhorn", function)
    fused_kernel.cache_clear()


def failing(error):
    def sinkhorn(*problem):
        raise error

    return sinkhorn


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (failing(RuntimeError("Failed to find C compiler")), "RuntimeError: Failed to find C comp"),
        # As Triton's errors are.
        (
            failing(ValueError("at 27:4:\n  row = 1\n  ^\nno float")),
            r"at 27:4: row = 1 \^ no float",
        ),
        (failing(OSError("first " + "x" * 9000 + " last")), "OSError: first x.* last"),
        (lambda score, *_: torch.full_like(score, torch.nan), "nan"),
        (lambda score, *_: torch.zeros_like(score), "wrong plan"),
    ],
    ids=["no compiler", "many lines", "long", "nan", "wrong"],
)
def test_a_kernel_that_does_not_run_is_left_for_pytorch_with_one_warning(
    broken, reason, kernel, caplog
):
    kernel(broken)
    cost, source, target = problem()
    wanted = transport_plan(cost, source, target)
    for _ in range(2):
        plan = transport_plan(cost.as_subclass(OnGpu), source, target)
        assert torch.equal(plan.as_subclass(torch.Tensor), wanted)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    line = record.getMessage()
    assert re.search(reason, line)
    assert "\n" not in line
    assert len(line) < 400


def test_a_kernel_that_runs_is_tried_once_and_used(kernel, caplog):
    shapes = []

    def sinkhorn(score, source, target, iterations, partial):
        shapes.append(list(score.shape))
        return source[:, :, None] * target[:, None, :]

    kernel(sinkhorn)
    cost, source, target = problem()
    for _ in range(2):
        plan = transport_plan(cost.as_subclass(OnGpu), source, target)
        wanted = sinkhorn(cost, source, target, 1, True)
        torch.testing.assert_close(plan.as_subclass(torch.Tensor), wanted)
    assert [shape for shape in shapes if shape != [3, 6, 5]] == [[1, 2, 2]]
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, 3e38])
def test_no_kernel_sees_a_cost_that_is_not_finite(wrong, kernel):
    kernel(failing(AssertionError("the kernel was called")))
    cost, source, target = problem()
    cost[1] = wrong
    with pytest.raises(ValueError, match="problem 1 of the batch has a cost that is not finite"):
        transport_plan(cost.as_subclass(OnGpu), source, target)
    assert fused_kernel.cache_info().currsize == 0


def test_the_kernel_is_started_on_the_device_of_its_problems(monkeypatch):
    """Triton starts it on the current one, which may be another."""
    transport_kernel = pytest.importorskip("optical.transport.kernel", reason="no Triton here")
    entered = []

    @contextmanager
    def device_of(tensor):
        entered.append(tensor)
        yield
        entered.clear()

    def launch(score, *_, **__):
        assert [tensor is score for tensor in entered] == [True]

    monkeypatch.setattr("torch.cuda.device_of", device_of)
    monkeypatch.setattr(transport_kernel, "sinkhorn_kernel", {(3,): launch})
    cost, source, target = problem()
    transport_kernel.sinkhorn(cost, source, target, 5, False)


def test_large_problems_are_left_to_pytorch():
    transport_kernel = pytest.importorskip("optical.transport.kernel", reason="no Triton here")
    for partial, most in ((False, 128), (True, 64)):
        assert transport_kernel.fits(torch.zeros(1, most, 60), partial)
        assert not transport_kernel.fits(torch.zeros(1, most + 1, 60), partial)
        assert not transport_kernel.fits(torch.zeros(1, 2, 2, dtype=torch.float64), partial)


def test_scores_are_minus_infinity_at_padding_only():
    cost, source, target = problem()
    real = (source[:, :, None] > 0) & (target[:, None, :] > 0)
    assert (scores(cost, source, target, 0.05).isfinite() == real).all()


MEMORY = """
import resource
import sys
import torch
from optical.transport.solvers import transport_loss, transport_plan

iterations, epsilon = int(sys.argv[1]), float(sys.argv[2])
cost = torch.rand(64, 256, 256, requires_grad=True)
mass = torch.full((64, 256), 1 / 256)
plan = transport_plan(cost, mass, mass, epsilon=epsilon, iterations=iterations)
transport_loss(cost, plan).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("epsilon", [0.05, 0.005])
def test_memory_does_not_grow_with_the_iterations(epsilon):
    few, many = (
        int(
            subprocess.run(
                [sys.executable, "-c", MEMORY, str(iterations), str(epsilon)],
                env=os.environ | {"PYTHONPATH": "workflow_scripts"},
                capture_output=True,
                check=True,
            ).stdout
        )
        for iterations in (50, 500)
    )
    assert many < 1.05 * few


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"solver": "simplex"}, "solver 'simplex', expected one of sinkhorn, ipot, exact"),
        ({"mass": "half"}, "mass 'half', expected one of unit, balanced"),
        ({"epsilon_unit": "mean"}, "epsilon_unit 'mean', expected one of cost, spread"),
        ({"epsilon": 0.0}, "epsilon 0.0, expected a positive number"),
        ({"epsilon": -0.05}, "epsilon -0.05"),
        ({"epsilon": float("nan")}, "epsilon nan"),
        ({"iterations": 0}, "iterations 0, expected 1 or more"),
    ],
)
def test_settings_that_no_solver_has_are_an_error(settings, message):
    mass = torch.full((1, 2), 0.5)
    with pytest.raises(ValueError, match=message):
        transport_plan(torch.ones(1, 2, 2), mass, mass, **settings)


def test_large_problems_of_short_floats_are_finite():
    mass = torch.full((1, 300), 1 / 300)
    cost = torch.ones(1, 300, 300, dtype=torch.float16)  # whose sum is beyond float16
    # How float32 rounds differs from processor to processor.
    assert transport_plan(cost, mass, mass).sum().item() == pytest.approx(1, rel=1e-5)


def test_greedy_alignment_refuses_what_has_no_pairs():
    mask = torch.ones(1, 2, dtype=torch.bool)
    with pytest.raises(ValueError, match="not finite"):
        greedy_alignment(torch.full((1, 2, 2), torch.nan), mask, mask)
    with pytest.raises(ValueError, match="weights that sum to 2 and 0"):
        greedy_alignment(torch.ones(1, 2, 2), mask, ~mask)
