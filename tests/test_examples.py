"""Examples in docstrings run as they stand. The one in examples/ is run by test_package.py."""

import doctest
from copy import deepcopy
from pathlib import Path

import pytest

from optical.transport import losses

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_the_example_is_as_short_as_it_is_said_to_be():
    text = (EXAMPLES / "distil_with_sentence_transformers.py").read_text()
    code = text.split('"""')[2].strip().splitlines()
    assert len([line for line in code if line]) <= 32


@pytest.mark.parametrize("name", ["OptimalTransportLoss", "GreedyAlignmentLoss", "SentenceLoss"])
def test_the_example_of_a_loss_runs(name, model):
    kind = getattr(losses, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(
        kind, name, globs={"student": model, "teacher": deepcopy(model), name: kind}
    )
    assert len(example.examples) >= 3
    assert doctest.DocTestRunner().run(example).failed == 0
