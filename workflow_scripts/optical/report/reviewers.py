"""Answers to what a reviewer of the results asks, from the settings and the tables of a study."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from optical.evaluation.gap import Tables
from optical.report.numbers import decimal, percent
from optical.report.tables import metric_name
from optical.report.verdict import SIGNIFICANT

TESTS = {
    "gap": ("methods against zero_shot", ("gap_difference", "high_difference")),
    "size": (
        "two sizes",
        ("scaling_effect", "difference_in_differences", "slope_per_doubling"),
    ),
    "contrast": ("two methods by group", ("high", "low", "relative_gap")),
    "language_contrast": ("two methods by language", ("value",)),
}
"""Of each table with p-values: what a row compares, and the measures that are tested."""

LEFT_OUT = "left out: "


def answers(
    settings: Mapping[str, Any],
    tables: Tables,
    metric: str,
    training: Mapping[str, int],
    cleaning: pd.DataFrame,
) -> list[tuple[str, list[str]]]:
    """(question, sentences) for each question.

    Args:
        settings: those of the study, with every default.
        tables: as `optical.evaluation.gap.compare` gives them.
        metric: the metric of the report.
        training: what the teachers' training set has, and what was left out of it: how many.
        cleaning: as `optical.report.cleaning.read_cleaning` gives it; may be empty.
    """
    languages = tables.language[tables.language["metric"] == metric]
    return [
        ("Which settings were chosen, and on what?", list(chosen_settings(settings))),
        ("How many seeds?", list(number_of_seeds(settings))),
        ("How many queries and languages?", list(sample_sizes(languages))),
        ("Which comparisons were corrected?", list(corrected(tables, metric))),
        ("What was removed from training, and why?", list(removed(training, cleaning))),
        ("What did the index lose?", list(lost_by_index(languages, metric))),
        ("What was not checked?", list(unchecked(settings))),
    ]


def chosen_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    """On which queries settings were chosen."""
    tuning = settings.get("tuning") or {}
    share = tuning.get("development") or 0.0
    if not share:
        yield (
            "This study chose none: no queries were set aside for development "
            "(tuning.development is 0). Whether the settings of the file were chosen on these test "
            "queries elsewhere, this report cannot say."
        )
    else:
        yield (
            f"{percent(share)} of the queries of each collection are development queries, chosen "
            "by a hash of their ids, the same in all languages. Every table here is about the "
            "others."
        )
        rates = tuning.get("learning_rates") or ()
        listed = ", ".join(f"{rate:g}" for rate in rates)
        yield (
            f"`make tune` compares the learning rates {listed} on the development queries."
            if rates
            else "No learning rates are listed for `make tune`."
        )
    yield (
        "The settings of a method are the same for all languages and seeds. All of them are at the "
        "end of this page."
    )


def number_of_seeds(settings: Mapping[str, Any]) -> Iterator[str]:
    """How many trainings there are of students and of teachers."""
    seeds = settings.get("seeds") or [1]
    teachers = (settings.get("teacher") or {}).get("seeds") or ()
    yield f"Students: {counted(len(seeds), 'seed')} ({', '.join(map(str, seeds))})."
    yield f"Teachers: {counted(max(1, len(teachers)), 'seed')}."
    if len(seeds) == 1:
        yield "With one seed, intervals do not cover training variance."
    elif len(teachers) < 2:
        yield "Intervals cover the training of students, but not that of teachers and encoders."
    else:
        yield "Intervals cover the training of students and of teachers."


def counted(number: int, what: str) -> str:
    """A number of things: 1 seed, 3 seeds."""
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def sample_sizes(languages: pd.DataFrame) -> Iterator[str]:
    """What the means are over."""
    for collection, rows in languages.groupby("collection", sort=False):
        groups = rows.groupby("group", sort=False)["language"].nunique()
        listed = ", ".join(f"{number} {group}" for group, number in groups.items())
        queries = int(rows["n_queries"].max())
        yield f"{collection}: {queries:,} queries in each language; languages: {listed}."
    yield (
        "Queries are resampled, languages are not: the intervals are about these languages, and "
        "say nothing of others."
    )


def corrected(tables: Tables, metric: str) -> Iterator[str]:
    """How many tests of each family there are, and how many are significant."""
    yield (
        "All of these, by Holm's method, over the rows of a table for the same collection, metric "
        "and measure; corrected and uncorrected p-values are in the CSV files."
    )
    for name, (what, measures) in TESTS.items():
        table = getattr(tables, name)
        table = table[table["metric"] == metric]
        columns = [f"{measure}_p_holm" for measure in measures]
        p = table[columns].to_numpy(dtype=float).ravel()
        p = p[~pd.isna(p)]
        if len(p):
            yield (
                f"Comparisons of {what}: {counted(len(p), 'test')}, "
                f"{(p < SIGNIFICANT).sum():,} significant at {SIGNIFICANT}."
            )
    rows = tables.language[tables.language["metric"] == metric]
    p = rows["p_holm"].dropna()
    if len(p):
        yield (
            "Languages against zero_shot, corrected over the languages of a method: "
            f"{counted(len(p), 'test')}, {(p < SIGNIFICANT).sum():,} significant."
        )
    yield "There is no correction over collections, metrics or measures."


def removed(training: Mapping[str, int], cleaning: pd.DataFrame) -> Iterator[str]:
    """What was left out of the training set and of the bitext."""
    left_out = {what: number for what, number in training.items() if what.startswith(LEFT_OUT)}
    for what, number in left_out.items():
        yield f"Training set of the teachers: {number:,} {what.removeprefix(LEFT_OUT)}."
    if not left_out:
        yield "Nothing was left out of the training set of the teachers."
    by_rule = cleaning.groupby("rule", sort=False)["pairs"].sum() if len(cleaning) else {}
    if read := int(by_rule.get("read", 0)):
        kept, leaks = (int(by_rule.get(rule, 0)) for rule in ("kept", "leak"))
        yield (
            f"Bitext: {read - kept:,} of {read:,} sentence pairs ({percent(1 - kept / read)}). "
            "The rules remove what is no translation, repeats another pair, or has text in common "
            f"with a test collection, which are {leaks:,} pairs. The section on cleaning has every "
            "rule, with examples."
        )


def lost_by_index(languages: pd.DataFrame, metric: str) -> Iterator[str]:
    """What the approximate index takes from the scores, where there is one."""
    checked = languages[languages["n_exact"] > 0]
    if checked.empty:
        yield (
            "Nothing is known to be lost: no run was compared with an exact search, as every "
            "passage is scored, or search.exact_queries is 0."
        )
        return
    lost = checked["exact_value"] - checked["index_value"]
    worst = checked.loc[lost.idxmax()]
    yield (
        f"On average {decimal(lost.mean())} {metric_name(metric)}, and {decimal(lost.max())} at "
        f"most ({worst['student']}, {worst['method']}, {worst['language']}), over "
        f"{int(checked['n_exact'].sum()):,} queries that were searched exactly too. It finds "
        f"{percent(checked['exact_recall'].mean())} of the exact best passages."
    )


def unchecked(settings: Mapping[str, Any]) -> Iterator[str]:
    """What the results say nothing about."""
    yield (
        "Whether the pre-training data of an encoder contains test passages or queries: only "
        "bitext and training sets are compared with the test collections."
    )
    metrics: Sequence[str] = settings.get("metrics") or ()
    if not any(name.startswith("judged_") for name in metrics):
        yield (
            "How many of the best passages were judged at all: judged_10 is not among the metrics "
            "of this study."
        )
