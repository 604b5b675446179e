"""Intervals, tests and corrections against those of other libraries, and against the truth."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from optical.evaluation.resampling import bootstrap_means, holm, interval, randomisation_test


def drawn(queries, runs=3, seed=0):
    """Scores of runs that are alike for a query, as those of parallel queries are."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(size=queries)
    noise = 0.5 * rng.normal(size=(runs, queries))
    return stats.norm.cdf(ease + noise - 0.2 * np.arange(runs)[:, None])


def test_an_interval_of_a_mean_is_scipys():
    values = drawn(300)
    means = bootstrap_means(values, [[0], [1], [2]])
    for run, of_run in zip(values, means.T, strict=True):
        found = stats.bootstrap((run,), np.mean, method="percentile", n_resamples=10_000, rng=1)
        width = found.confidence_interval.high - found.confidence_interval.low
        np.testing.assert_allclose(interval(of_run), found.confidence_interval, atol=0.04 * width)


def test_an_interval_of_a_difference_is_that_of_scipys_paired_bootstrap():
    values = drawn(300)
    means = bootstrap_means(values, [[0], [1], [2]])

    def relative(one, other, axis=-1):
        return 1 - one.mean(axis=axis) / other.mean(axis=axis)

    found = stats.bootstrap(
        (values[1], values[0]),
        relative,
        paired=True,
        method="percentile",
        n_resamples=10_000,
        rng=1,
    )
    ours = interval(1 - means[:, 1] / means[:, 0])
    width = found.confidence_interval.high - found.confidence_interval.low
    np.testing.assert_allclose(ours, found.confidence_interval, atol=0.04 * width)
    # Not paired, it would be wider by far.
    assert width < 0.7 * np.ptp(interval(1 - means[:, 1] / np.roll(means[:, 0], 1)))


def test_all_queries_weigh_the_same_and_seeds_are_resampled_too():
    values = np.stack([np.full(50, 0.2), np.full(50, 0.6), np.full(50, 0.4)])
    means = bootstrap_means(values, [[0, 1], [2]], resamples=2000)
    np.testing.assert_allclose(means[:, 1], 0.4)
    # Of two seeds the first is drawn twice, or each once, or the second twice.
    shares = [np.isclose(means[:, 0], value).mean() for value in (0.2, 0.4, 0.6)]
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.04)


def test_equal_seeds_give_equal_resamples_whatever_the_other_runs():
    values = drawn(40)
    first = bootstrap_means(values, [[0], [1], [2]], resamples=700)
    second = bootstrap_means(values[1:], [[0], [1]], resamples=700)
    np.testing.assert_allclose(first[:, 1:], second, rtol=1e-12)
    assert not np.array_equal(first, bootstrap_means(values, [[0], [1], [2]], 700, seed=1))


def test_a_measure_that_is_often_undefined_has_no_interval():
    values = np.linspace(0, 1, 1000)
    values[:5] = np.nan
    assert interval(values)[0] == pytest.approx(0.03, abs=0.01)
    values[:50] = np.nan
    assert np.isnan(interval(values)).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_randomisation_test_is_the_exact_one(seed):
    first, second = drawn(11, 2, seed)
    exact = stats.permutation_test(
        (first, second),
        lambda one, other, axis: np.abs((one - other).mean(axis=axis)),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
        alternative="greater",
    )
    (p,) = randomisation_test((first - second)[None])
    assert p == pytest.approx(exact.pvalue, abs=0.015)


def test_a_difference_of_none_is_no_evidence():
    assert randomisation_test(np.zeros((1, 30))).tolist() == [1.0]


def test_each_test_is_what_it_is_alone():
    differences = drawn(60, 4) - 0.5
    together = randomisation_test(differences)
    alone = [randomisation_test(row[None])[0] for row in differences]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_that_of_statsmodels(seed):
    p = np.random.default_rng(seed).random(12) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_the_interval_of_a_relative_gap_holds_the_truth_in_95_of_100_studies():
    """1,000 studies of two high- and two low-resource languages and 150 queries."""
    rng = np.random.default_rng(0)
    shifts = np.array([0.0, -0.1, -0.6, -0.8])

    def scores(queries):
        ease = rng.normal(size=queries)
        return stats.norm.cdf(shifts[:, None] + ease + 0.7 * rng.normal(size=(4, queries)))

    # The mean of a cumulative normal of a normal number, with the variances added.
    expected = stats.norm.cdf(shifts / np.sqrt(1 + 1 + 0.7**2))
    truth = 1 - expected[2:].mean() / expected[:2].mean()
    held = 0
    for study in range(1000):
        means = bootstrap_means(scores(150), [[0], [1], [2], [3]], resamples=1000, seed=study)
        low, high = interval(1 - means[:, 2:].mean(axis=1) / means[:, :2].mean(axis=1))
        held += low <= truth <= high
    assert 920 <= held <= 980
