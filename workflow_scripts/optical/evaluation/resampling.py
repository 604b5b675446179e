"""Uncertainty of means over queries: paired bootstrap, randomisation tests, Holm's correction.

Queries are parallel: the same in every language, method and size. So all means are resampled with
the same queries, and what they have in common cancels in their differences. Every result follows
from its seed.
"""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
# Resamples that are drawn together: their counts, [block, queries] in float64, stay small.
BLOCK = 250


def bootstrap_means(
    values: np.ndarray,
    groups: Sequence[Sequence[int]],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> np.ndarray:
    """Means of groups of rows over resampled queries and seeds, [resamples, groups].

    values: [rows, queries], a row for each TREC run. groups: the rows of each group, one a seed, in
    the same order of seeds for all groups of as many. Queries are drawn with replacement, the same
    for all; and so are the seeds of groups that have several. Efron and Tibshirani, An Introduction
    to the Bootstrap, 1993.
    """
    rng = np.random.default_rng(seed)
    queries = values.shape[1]
    means = np.empty((resamples, len(values)))
    for start in range(0, resamples, BLOCK):
        number = min(BLOCK, resamples - start)
        drawn = rng.integers(0, queries, (number, queries)) + queries * np.arange(number)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=number * queries).reshape(number, queries)
        means[start : start + number] = counts @ values.T.astype(np.float64) / queries
    weights = {}
    for number in sorted({len(rows) for rows in groups}):
        weights[number] = rng.multinomial(number, [1 / number] * number, resamples) / number
    return np.stack([(means[:, rows] * weights[len(rows)]).sum(axis=1) for rows in groups], axis=1)


def interval(samples: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval of resampled values.

    Some of them may have no value, such as a share of a gap that is none: NaN where more than one
    in a hundred has not.
    """
    known = samples[~np.isnan(samples)]
    if len(known) < 0.99 * len(samples):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def randomisation_test(
    differences: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> np.ndarray:
    """Two-sided p of the mean of paired differences, [tests], under random signs.

    differences: [tests, queries]. The share of random sign changes, the observed one among them,
    whose mean is at least as far from 0. Smucker, Allan and Carterette, CIKM 2007.
    """
    rng = np.random.default_rng(seed)
    tests, queries = differences.shape
    # Sums that are equal but for rounding count as equal.
    observed = np.abs(differences.sum(axis=1)) - 1e-9
    reached = np.ones(tests)
    for start in range(0, resamples, BLOCK):
        number = min(BLOCK, resamples - start)
        signs = rng.integers(0, 2, (number, queries)) * 2.0 - 1.0
        reached += (np.abs(signs @ differences.T) >= observed).sum(axis=0)
    return reached / (resamples + 1)


def holm(p: np.ndarray) -> np.ndarray:
    """Values of p corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected
