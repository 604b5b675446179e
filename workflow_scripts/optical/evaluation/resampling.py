"""Uncertainty of means over queries and seeds: bootstrap, randomisation tests, Holm's correction.

Queries are parallel: the same in every language, method and size. So all means are resampled with
the same queries, and what they have in common cancels in their differences. Seeds are few, three
or five: drawn with replacement they vary too little, so their part of the variance is that of
Student's t. Every result follows from its seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
# Resamples that are drawn together: their counts, [block, queries] in float64, stay small.
BLOCK = 250
# Resamples from which the interaction of seeds and queries is estimated: to 5 % of its variance.
INTERACTIONS = 1000
# Numbers drawn for each quantile of Student's t: the more, the closer they are to it.
DRAWS = 50
# Samples on the rarer side of 0 from which their share is known well enough to be a p-value.
FEW = 10
# Samples that show what a tail looks like, where it is followed further.
TAIL = 250
# Values that differ from 0 by rounding alone are 0.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Bootstrap:
    """Means of groups at points around the measured ones, and what a measure's values there say.

    A measure is any function of the means, such as a relative gap: it is computed at all points,
    [points], and `samples` makes its distribution of them.

    means: [points, groups]. The first point is as measured. Then follow `resamples` of the queries;
        as many as `interactions` says for what seeds and queries do together; and for each number
        of seeds in `seeds`, the means without the first seed, without the second and so on.
    seeds: the numbers of seeds, of groups that have several.
    """

    means: np.ndarray
    resamples: int
    interactions: int
    seeds: tuple[int, ...]

    def samples(self, measure: np.ndarray) -> np.ndarray:
        r"""The distribution of a measure over other queries and other seeds, [resamples].

        Scores are crossed: score(seed s, query q) = mean + a_s + b_q + e_sq. With k seeds and n
        queries the variance of their mean is V = A / k + B / n + E / (k n), for the variances A of
        the seeds, B of the queries and E of the interaction. Estimated are

        - V_S = s^2 / k = A / k + E / (k n), by the jackknife over seeds, for any measure
        - V_Q = B / n + E / (k n), by the bootstrap over queries
        - V_E = E / (k n), by the bootstrap over queries of random contrasts of the seeds

        and V = V_S + max(0, V_Q - V_E): as in the analysis of variance (Searle, Casella and
        McCulloch, Variance Components, 1992, chapter 4), the interaction counts once. A bootstrap
        that draws queries and seeds counts it three times (Owen, The pigeonhole bootstrap, Annals
        of Applied Statistics 1, 2007).

        A sample is value + c d + sqrt(V_S) t: d is the deviation of a resample of the queries,
        c^2 = max(0, 1 - V_E / V_Q), and t a number of Student's distribution with k - 1 degrees of
        freedom. If the seeds vary alone, that is the interval of Student; if the queries do, or
        with one seed, the bootstrap over queries. With both it is that of Behrens and Fisher
        (Fisher, Annals of Eugenics 6, 1935), which covers the truth a little too often: an
        approximate number of degrees of freedom (Satterthwaite, Biometrics Bulletin 2, 1946) does
        so too seldom for three seeds. Where groups have different numbers of seeds, such as a
        method and zero_shot, there is a term in V_S for each number.

        Seeds that agree by chance would make an interval of almost no width. So samples are those
        of the bootstrap over queries, value + d, where their interval is the wider one.

        measure: [points]. NaN where it is undefined; samples are all NaN where the measure itself
        or one of its jackknife values is.
        """
        deviations, of_seeds = self._parts(measure)
        of_queries, samples = measure[1 : 1 + self.resamples], measure[0] + deviations
        for number, variance in of_seeds.items():
            samples = samples + np.sqrt(variance) * students_t(number - 1, self.resamples)
        return of_queries if np.ptp(interval(of_queries)) > np.ptp(interval(samples)) else samples

    def standard_error(self, measure: np.ndarray) -> float:
        """sqrt(V) of a measure, see `samples`."""
        deviations, of_seeds = self._parts(measure)
        known = deviations[~np.isnan(deviations)]
        return float(np.sqrt(known.var() + sum(of_seeds.values()))) if len(known) else np.nan

    def _parts(self, measure: np.ndarray) -> tuple[np.ndarray, dict[int, float]]:
        """Deviations c d over queries, [resamples], and V_S by the number of seeds."""
        ends = np.cumsum([1, self.resamples, self.interactions, *self.seeds])
        first, queries, interactions, *seeds = np.split(measure, ends[:-1])
        deviations = queries - first
        of_seeds = {
            number: float((number - 1) * points.var())
            for number, points in zip(self.seeds, seeds, strict=True)
        }
        known = deviations[~np.isnan(deviations)]
        if self.seeds and len(known) and known.var() > 0:
            together = np.nan_to_num(interactions - first).var()
            deviations = deviations * np.sqrt(max(0.0, 1 - together / known.var()))
        return deviations, of_seeds


def bootstrap(
    values: np.ndarray,
    groups: Sequence[Sequence[int]],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bootstrap:
    """Means of groups of rows, as measured and over resampled queries and left-out seeds.

    values: [rows, queries], a row for each TREC run. groups: the rows of each group, one a seed, in
    the same order of seeds for all groups of as many. Queries are drawn with replacement, the same
    for all (Efron and Tibshirani, An Introduction to the Bootstrap, 1993); a seed is left out of
    all groups of as many. Of one seed, the variance of training is unknown: none is added.
    """
    rng = np.random.default_rng(seed)
    means = _resampled_means(values, resamples, rng)
    of_rows = values.mean(axis=1)
    measured = np.array([of_rows[list(rows)].mean() for rows in groups])
    numbers = tuple(sorted({len(rows) for rows in groups} - {1}))
    interactions = min(resamples, INTERACTIONS) if numbers else 0
    directions = {number: _contrasts(number, interactions, rng) for number in numbers}

    queries = np.empty((resamples, len(groups)))
    together = np.tile(measured, (interactions, 1))
    without = {number: np.tile(measured, (number, 1)) for number in numbers}
    for group, rows in enumerate(groups):
        number, own = len(rows), list(rows)
        queries[:, group] = means[:, own].mean(axis=1)
        if number > 1:
            deviations = means[:interactions, own] - of_rows[own]
            together[:, group] += (directions[number] * deviations).sum(axis=1)
            without[number][:, group] = (of_rows[own].sum() - of_rows[own]) / (number - 1)
    return Bootstrap(
        means=np.concatenate([measured[None], queries, together, *without.values()]),
        resamples=resamples,
        interactions=interactions,
        seeds=numbers,
    )


def _resampled_means(values: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Mean of each row over queries drawn with replacement, [resamples, rows]."""
    queries = values.shape[1]
    means = np.empty((resamples, len(values)))
    for start in range(0, resamples, BLOCK):
        number = min(BLOCK, resamples - start)
        drawn = rng.integers(0, queries, (number, queries)) + queries * np.arange(number)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=number * queries).reshape(number, queries)
        means[start : start + number] = counts @ values.T.astype(np.float64) / queries
    return means


@cache
def students_t(freedom: int, number: int) -> np.ndarray:
    """Quantiles of Student's t that share its probability evenly, in random order, [number]."""
    rng = np.random.default_rng(freedom)
    drawn = np.sort(rng.standard_t(freedom, number * DRAWS)).reshape(number, DRAWS)
    return rng.permutation(np.median(drawn, axis=1))


def _contrasts(number: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Weights of seeds in random directions, [rows, number]: their sum is 0, of squares 1/number.

    So the weighted sum of the seeds' means has the variance s^2 / number.
    """
    weights = rng.standard_normal((rows, number))
    weights -= weights.mean(axis=1, keepdims=True)
    return weights / np.sqrt(number * (weights**2).sum(axis=1, keepdims=True))


def interval(samples: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    """The percentile interval of the samples of a measure.

    Some of them may have no value, such as a share of a gap that is none: NaN where more than one
    in twenty has not.
    """
    known = _known(samples)
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def p_value(samples: np.ndarray) -> float:
    """Two-sided p-value of the hypothesis that a measure is 0, NaN where it has no `interval`.

    Twice the share of samples on the rarer side of 0, with the observed value counted among them
    (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 4.2). It is below
    .05 where the 95 % interval does not include 0.

    Where hardly a sample is on that side, the share has no more digits, and a correction for
    hundreds of tests would find nothing. There the tail is followed further, see `_tail`.
    """
    known = _known(samples)
    if not len(known):
        return float("nan")
    below, above = (known <= ROUNDING).sum(), (known >= -ROUNDING).sum()
    counted = min(1.0, 2 * (min(below, above) + 1) / (len(known) + 1))
    if min(below, above) >= FEW:
        return float(counted)
    return float(min(counted, 2 * _tail(known if below < above else -known)))


def _tail(samples: np.ndarray) -> float:
    """The probability that a sample is 0 or below, where hardly one is.

    The most extreme samples are taken for those of a generalised Pareto distribution (Knijnenburg
    et al., Fewer permutations, more accurate p-values, Bioinformatics 25, 2009), which is fitted by
    moments weighted by probability (Hosking and Wallis, Technometrics 29, 1987). A tail that would
    end somewhere is taken for an exponential one, which is longer. So of queries alone it is rather
    too large; of two seeds, below a ten-thousandth, up to seven times too small.
    """
    count = min(TAIL, len(samples) // 2)
    if count < 2:
        return 1.0
    extreme = np.sort(samples)[: count + 1]
    threshold, excess = extreme[-1], extreme[-1] - extreme[:-1]  # falling
    mean = excess.mean()
    if threshold <= 0 or mean <= ROUNDING:
        return 1.0
    weighted = (excess * np.arange(count) / (count - 1)).mean()  # by the share of larger ones
    spread = mean - 2 * weighted  # 0 of values that are all alike
    shape = 2 - mean / spread if spread > ROUNDING else 0.0
    if shape < 1e-6:
        beyond = np.exp(-threshold / mean)
    else:
        scale = 2 * mean * weighted / spread
        beyond = (1 + shape * threshold / scale) ** (-1 / shape)
    return float(beyond * count / len(samples))


def _known(samples: np.ndarray) -> np.ndarray:
    """The samples that have a value; none where too few have."""
    known = samples[~np.isnan(samples)]
    return known if len(known) >= 0.95 * len(samples) else known[:0]


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
    """p-values corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected
