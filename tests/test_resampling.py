"""Intervals, tests and corrections against those of other libraries, and against the truth."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from optical.evaluation.resampling import (
    bootstrap,
    holm,
    interval,
    p_value,
    randomisation_test,
)


def drawn(queries, runs=3, seed=0):
    """Scores of runs that are alike for a query, as those of parallel queries are."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(size=queries)
    noise = 0.5 * rng.normal(size=(runs, queries))
    return stats.norm.cdf(ease + noise - 0.2 * np.arange(runs)[:, None])


def test_an_interval_of_a_mean_is_scipys():
    values = drawn(300)
    means = bootstrap(values, [[0], [1], [2]]).means[1:]
    for run, of_run in zip(values, means.T, strict=True):
        found = stats.bootstrap((run,), np.mean, method="percentile", n_resamples=10_000, rng=1)
        width = found.confidence_interval.high - found.confidence_interval.low
        np.testing.assert_allclose(interval(of_run), found.confidence_interval, atol=0.04 * width)


def test_an_interval_of_a_difference_is_that_of_scipys_paired_bootstrap():
    values = drawn(300)
    means = bootstrap(values, [[0], [1], [2]]).means[1:]

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


def test_all_queries_weigh_the_same_and_seeds_are_left_out_one_by_one():
    values = np.stack([np.full(50, 0.2), np.full(50, 0.6), np.full(50, 0.4), np.full(50, 0.3)])
    found = bootstrap(values, [[0, 1, 2], [3]], resamples=20)
    np.testing.assert_allclose(found.means[:-3], np.tile([0.4, 0.3], (len(found.means) - 3, 1)))
    np.testing.assert_allclose(found.means[-3:], [[0.5, 0.3], [0.3, 0.3], [0.4, 0.3]])


@pytest.mark.parametrize("freedom", [2, 4, None])
def test_a_p_value_has_digits_where_no_sample_is_beyond_0(freedom):
    """Of three seeds, of five, and of queries alone."""
    shape = stats.norm if freedom is None else stats.t(freedom)
    spread = shape.ppf((np.arange(10_000) + 0.5) / 10_000)
    for p in (1e-2, 1e-4, 1e-5, 1e-6):
        found = p_value(shape.isf(p / 2) + spread)
        # The tail of a normal distribution is taken for a longer one.
        assert p / 4 < found < (4e-4 if freedom is None and p < 1e-2 else 2 * p)
        assert p_value(-shape.isf(p / 2) + spread) == pytest.approx(found)
    # So hundreds of tests can be corrected for.
    assert holm(np.full(500, p_value(shape.isf(1e-6) + spread)))[0] < 0.05


def test_samples_that_are_all_alike_say_no_more_than_their_number():
    assert p_value(np.full(999, 0.3)) == pytest.approx(2 / 1000)
    assert p_value(np.zeros(999)) == 1
    assert p_value(np.array([0.3, 0.4, 0.5])) == 0.5
    # The extreme ones are alike, but for the threshold.
    steps = np.repeat([0.1, 0.4], [250, 9750])
    assert 0 < p_value(steps) < 2 / 10001 * 250


def test_equal_seeds_give_equal_resamples_whatever_the_other_runs():
    values = drawn(40)
    first = bootstrap(values, [[0], [1], [2]], resamples=700).means
    second = bootstrap(values[1:], [[0], [1]], resamples=700).means
    np.testing.assert_allclose(first[:, 1:], second, rtol=1e-12)
    assert not np.array_equal(first, bootstrap(values, [[0], [1], [2]], 700, seed=1).means)


def test_seeds_that_differ_alone_give_the_interval_of_students_t():
    of_seeds = np.array([0.30, 0.36, 0.33, 0.41])
    found = bootstrap(np.tile(of_seeds[:, None], 50), [[0, 1, 2, 3]])
    expected = stats.t.interval(0.95, 3, of_seeds.mean(), stats.sem(of_seeds))
    ours = interval(found.samples(found.means[:, 0]))
    np.testing.assert_allclose(ours, expected, atol=0.03 * np.ptp(expected))
    assert found.standard_error(found.means[:, 0]) == pytest.approx(stats.sem(of_seeds))
    # Beside another value, p is that of a test by t.
    p = p_value(found.samples(found.means[:, 0] - 0.25))
    assert p == pytest.approx(stats.ttest_1samp(of_seeds, 0.25).pvalue, rel=0.1)


def test_seeds_that_agree_leave_the_bootstrap_over_queries():
    values = drawn(200, runs=1)
    one = bootstrap(values, [[0]])
    three = bootstrap(np.repeat(values, 3, axis=0), [[0, 1, 2]])
    ends = interval(one.samples(one.means[:, 0]))
    np.testing.assert_array_equal(ends, np.quantile(one.means[1:, 0], [0.025, 0.975]))
    ours = interval(three.samples(three.means[:, 0]))
    np.testing.assert_allclose(ours, ends, atol=0.01 * np.ptp(ends))


def test_the_interaction_of_seeds_and_queries_counts_once():
    """Scores without any variance of seeds or queries of their own: 400 times another number."""
    errors = []
    for study in range(40):
        values = np.random.default_rng(study).normal(size=(8, 400))
        found = bootstrap(values, [range(8)], resamples=500)
        errors.append(found.standard_error(found.means[:, 0]))
    # Counted twice it would be higher by a factor of 1.4.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(1 / np.sqrt(8 * 400), rel=0.12)


def test_a_measure_that_is_often_undefined_has_no_interval():
    values = np.linspace(0, 1, 1000)
    values[:5] = np.nan
    assert interval(values)[0] == pytest.approx(0.03, abs=0.01)
    values[:51] = np.nan
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


def test_an_interval_is_never_narrower_than_that_of_the_queries_alone():
    """Two seeds whose means are the same by chance, though they agree on no query."""
    values = np.random.default_rng(0).normal(size=(2, 400))
    values -= values.mean(axis=1, keepdims=True)
    found = bootstrap(values, [[0, 1]], resamples=2000)
    low, high = interval(found.samples(found.means[:, 0]))
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(2 * 400), rel=0.15)


# --- do intervals hold? --------------------------------------------------------------------------

QUERIES = 100
HIGH, LOW, HIGH_BEFORE, LOW_BEFORE = TRUTH = np.array([0.6, 0.45, 0.5, 0.3])
"""Means of a method, which has several seeds, and of zero_shot, which has one."""
# Standard deviation of the mean over all seeds, by how much the seeds' own effects vary: that of
# the mean over all queries is 0.014.
SEEDS = {"queries dominate": 0.002, "both alike": 0.014, "seeds dominate": 0.06}


def of_a_study(rng, seeds, of_seeds):
    """Scores of the method's seeds in two languages and of zero_shot, [2 * seeds + 2, QUERIES].

    Each has an effect of the query, that of the query in the language, that of the seed, and one of
    seed and query together.
    """
    runs = np.repeat([0, 1, 2, 3], [seeds, seeds, 1, 1])
    effects = np.r_[rng.normal(size=2 * seeds) * of_seeds * np.sqrt(seeds), 0, 0]
    of_queries = rng.normal(size=(4, QUERIES)) + rng.normal(size=QUERIES)
    together = rng.normal(size=(len(runs), QUERIES))
    return (TRUTH[runs] + effects)[:, None] + 0.1 * (of_queries[runs] + together)


def measures(high, low, high_before, low_before):
    """A mean, a ratio, and a difference of a ratio with seeds and one without."""
    gap, before = 1 - low / high, 1 - low_before / high_before
    return {"mean": high, "relative gap": gap, "gap difference": gap - before}


def coverage(seeds, of_seeds, number=500):
    """Share of studies whose interval holds the truth, by measure."""
    rng = np.random.default_rng(seeds)
    groups = [range(seeds), range(seeds, 2 * seeds), [2 * seeds], [2 * seeds + 1]]
    truth = measures(*TRUTH)
    held = dict.fromkeys(truth, 0)
    for study in range(number):
        found = bootstrap(of_a_study(rng, seeds, of_seeds), groups, resamples=500, seed=study)
        for name, measure in measures(*found.means.T).items():
            low, high = interval(found.samples(measure))
            held[name] += (low <= truth[name] <= high) / number
    return held


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("dominant", SEEDS)
def test_intervals_hold_the_truth_in_95_of_100_studies(seeds, dominant):
    for name, share in coverage(seeds, SEEDS[dominant]).items():
        assert 0.92 <= share <= 0.98, name


def test_with_one_seed_intervals_cover_queries_and_not_training():
    for name, share in coverage(1, SEEDS["queries dominate"]).items():
        assert 0.92 <= share <= 0.98, name
    assert max(coverage(1, SEEDS["seeds dominate"]).values()) < 0.6


def test_with_one_seed_the_interval_of_a_relative_gap_holds_its_truth():
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
        means = bootstrap(scores(150), [[0], [1], [2], [3]], 1000, seed=study).means[1:]
        low, high = interval(1 - means[:, 2:].mean(axis=1) / means[:, :2].mean(axis=1))
        held += low <= truth <= high
    assert 920 <= held <= 980
