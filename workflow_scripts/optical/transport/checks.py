"""What has no plan: checked at once, or on a GPU without a wait for it."""

import torch
from torch import Tensor


class NotFiniteError(ValueError, FloatingPointError):
    """A cost is not finite, as when the training that its vectors come from has diverged."""


class Checks:
    """Checks of the problems of many batches, for losses.

    Each raises at once, as `check_problems` and `check_masses`. A GPU computes what it was told
    some time ago, and to raise is to wait for it. With `later` set, what is wrong is noted on the
    device until `look`.
    """

    def __init__(self) -> None:
        self.later = False
        self.noted: Tensor | None = None

    def problems(self, cost: Tensor, source: Tensor, target: Tensor) -> None:
        """`check_problems`, or a note."""
        if self.later:
            check_shapes(cost, source, target)
            self.note(*sound(cost, source, target))
        else:
            check_problems(cost, source, target)

    def masses(self, total: Tensor) -> None:
        """`check_masses`, or a note."""
        if self.later:
            self.note(torch.ones_like(total, dtype=torch.bool), massive(total))
        else:
            check_masses(total)

    def note(self, finite: Tensor, heavy: Tensor) -> None:
        """Add what is wrong in a batch to what was in those before."""
        wrong = torch.stack([(~finite).any(), (~heavy).any()])
        self.noted = wrong if self.noted is None else self.noted | wrong

    def look(self) -> None:
        """Wait for the device, and raise what one of the batches since the last look should have.

        Raises NotFiniteError and ValueError.
        """
        if self.noted is None:
            return
        not_finite, weightless = self.noted.tolist()
        self.noted = None
        if not_finite:
            raise NotFiniteError("a problem of a batch has a cost that is not finite")
        if weightless:
            raise ValueError(
                "a problem of a batch has a side whose weights are not finite, are negative "
                "somewhere or sum to 0; expected finite weights, and one above 0"
            )


def check_problems(cost: Tensor, source: Tensor, target: Tensor) -> None:
    """Raise ValueError, naming the problem, for what has no plan."""
    check_shapes(cost, source, target)
    finite, heavy = sound(cost, source, target)
    good = finite & heavy
    if good.all():
        return
    problem = int((~good).nonzero()[0])
    if not finite[problem]:
        raise NotFiniteError(f"problem {problem} of the batch has a cost that is not finite")
    left, right = source[problem].sum(), target[problem].sum()
    raise ValueError(
        f"problem {problem} of the batch has weights that sum to {left:g} and {right:g}, or are "
        "negative somewhere; expected finite weights, and one above 0 on each side"
    )


def check_shapes(cost: Tensor, source: Tensor, target: Tensor) -> None:
    """Raise ValueError where cost and weights are not of the same problems."""
    if cost.shape != (*source.shape, target.shape[-1]) or len(source) != len(target):
        raise ValueError(
            f"cost {list(cost.shape)} does not fit the weights {list(source.shape)} and "
            f"{list(target.shape)}; expected [B, n, m], [B, n] and [B, m]"
        )


def sound(cost: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each problem has a finite cost, and weights that are masses, both [B]."""
    # A sum is finite only where all its terms are. That of terms near the largest float is not, and
    # no plan could be told from them either.
    finite = cost.sum(dim=(1, 2), dtype=working_dtype(cost)).isfinite()
    heavy = torch.ones_like(finite)
    for weights in (source, target):
        total = weights.sum(dim=1, dtype=working_dtype(weights))
        heavy &= massive(total) & (weights >= 0).all(dim=1)
    return finite, heavy


def check_masses(total: Tensor) -> None:
    """Raise ValueError, naming the sentence, for one without mass. total: [B, 1]."""
    good = massive(total)
    if not good.all():
        row = int((~good.squeeze(1)).nonzero()[0])
        raise ValueError(
            f"sentence {row} of the batch has no token to transport, or weights that are negative "
            "or not finite"
        )


def massive(total: Tensor) -> Tensor:
    """Whether sums of weights are masses."""
    return (total > 0) & total.isfinite()


def working_dtype(tensor: Tensor) -> torch.dtype:
    """float64 stays; everything shorter is computed in float32."""
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
