"""What the test collections of a study hold, and what of their judgements could not be used."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pandas as pd

from optical.evaluation.gap import read_table
from optical.report.tables import metric_name
from optical.runtime.errors import InputError
from optical.settings.study import Own

COLUMNS = ["collection", "language", "what", "grade", "number"]


def read_collections(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read the counts of collections and of their queries into one table with `COLUMNS`."""
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path in paths:
        table = read_table(path, (), labels=("collection", "language", "what"))
        if list(table.columns) != COLUMNS:
            raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)}")
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def described_collections(
    counts: pd.DataFrame,
    *,
    scored: Mapping[str, int],
    levels: Mapping[str, int],
    metrics: Collection[str],
) -> dict[str, tuple[list[str], list[str]]]:
    """Sentences on each collection: what it holds, and what a reader has to know of it.

    counts: as `read_collections` gives them. scored: over how many queries the scores of a
    collection are. levels: the least relevant grade of each collection where that is not 1.
    metrics: those of the study.
    """
    found = {}
    for collection, rows in counts.groupby("collection", sort=False):
        level = levels.get(collection, Own.relevance_level)
        of_language = rows[rows["language"] != ""]
        rows = rows[rows["language"] == ""]
        facts = [what_it_holds(rows, level)]
        doubts = [*absent_passages(rows), *absent_queries(of_language, scored.get(collection, 0))]
        if not number(rows, "judgements", 0, level):
            doubts += without_negatives(metrics)
        facts += left_out_queries(of_language)
        found[collection] = (facts, doubts)
    return found


def number(
    rows: pd.DataFrame, what: str, least: float = -float("inf"), below: float = float("inf")
) -> int:
    """How many there are of what, of a grade from `least` to less than `below`."""
    chosen = rows[(rows["what"] == what) & (rows["grade"] >= least) & (rows["grade"] < below)]
    return int(chosen["number"].sum())


def what_it_holds(rows: pd.DataFrame, level: int) -> str:
    """Passages, judgements and queries, as many as are relevant."""
    passages = int(rows.loc[rows["what"] == "passages", "number"].sum())
    grades = sorted(rows.loc[rows["what"] == "judgements", "grade"].astype(int), reverse=True)
    graded = (
        f" Grades are {', '.join(map(str, grades))}; {level} and more is relevant, and nDCG weighs "
        "them."
        if len([grade for grade in grades if grade > 0]) > 1 or level > 1
        else ""
    )
    judged, relevant = number(rows, "judgements"), number(rows, "judgements", level)
    queries, answered = number(rows, "queries"), number(rows, "queries", level)
    return (
        f"{passages:,} passages; {judged:,} judgements, {relevant:,} of them relevant; {queries:,} "
        f"judged queries, {answered:,} of them with a relevant passage.{graded}"
    )


def absent_passages(rows: pd.DataFrame) -> Iterable[str]:
    """Judgements of passages that are not there."""
    what = "judgements of absent passages"
    if number(rows, what):
        yield (
            f"Judgements of passages that are not there: {number(rows, what):,}, "
            f"{number(rows, what, 1):,} of them relevant. Metrics count these as not found."
        )


def absent_queries(rows: pd.DataFrame, scored: int) -> Iterable[str]:
    """Judged queries that are not there in a language. scored: the queries that scores are over."""
    missing = rows[rows["what"].isin(["not there", "without text"])]
    by_language = missing.groupby("language", sort=False)["number"].sum()
    by_language = by_language[by_language > 0]
    if len(by_language):
        of_each = ", ".join(f"{n:,} in {language}" for language, n in by_language.items())
        yield (
            f"Judged queries are not there or have no text: {of_each}. Scores of all languages are "
            f"over queries that every language has: {scored:,}."
        )


def left_out_queries(rows: pd.DataFrame) -> Iterable[str]:
    """Queries that nothing relevant is judged for."""
    for what in ("without a judgement", "without a relevant passage"):
        numbers = rows[(rows["what"] == what) & (rows["number"] > 0)]
        if len(numbers):
            of_each = zip(numbers["language"], numbers["number"], strict=True)
            listed = ", ".join(f"{n:,} in {language}" for language, n in of_each)
            yield f"Queries {what}, left out: {listed}."


def without_negatives(metrics: Iterable[str]) -> Iterable[str]:
    """What becomes of metrics that read which passages were judged not relevant."""
    if "bpref" in metrics:
        yield "No passage is judged not relevant, so bpref is not defined and left out."
    for metric in metrics:
        if metric.startswith("judged_"):
            depth = metric.removeprefix("judged_")
            yield (
                f"No passage is judged not relevant, so {metric_name(metric)} counts relevant "
                f"passages alone, as P@{depth} does."
            )
