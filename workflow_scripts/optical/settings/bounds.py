"""Bounds that several settings share."""

from typing import Annotated, Any

ABSENT: Any = object()
"""The default of a setting that may be left out and then is not there."""

SPARSE: Any = object()
"""Of a section that says only what differs from another one: none of its settings has a default."""

DISTINCT = ("uniqueItems", True)

Positive = Annotated[int, ("minimum", 1)]
LARGEST_SEED = ("maximum", 2**32 - 1)  # of NumPy's generators
Seed = Annotated[int, ("minimum", 0), LARGEST_SEED]
# What an encoder reads at most is checked when it is known: 512 tokens for one from scratch.
Length = Annotated[int, ("minimum", 8), ("maximum", 8192)]
LearningRate = Annotated[float, ("exclusiveMinimum", 0), ("maximum", 1)]
NAME = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
Name = Annotated[str, ("pattern", NAME)]
# A pull request of a model's page may be amended: its commit is looked up once and recorded.
COMMIT = "^([0-9a-f]{40}|refs/pr/[1-9][0-9]*)$"
Commit = Annotated[str, ("pattern", COMMIT)]
