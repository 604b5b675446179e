"""Choose the learning rate of each method by its scores on the development queries."""

import json
from pathlib import Path

import pandas as pd
import yaml

from optical.evaluation.scores import common_queries, is_development, read_scores
from optical.report.numbers import MISSING, decimal
from optical.report.shown_table import ShownTable, to_markdown
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program


def main(
    *,
    scores: list[Path],
    rates: dict[str, float],
    variants: str = "{}",
    development: float,
    metric: str = "map",
    table: Path,
    text: Path,
    choice: Path,
) -> None:
    """
    scores: per-query scores of the trials (.parquet)
    rates: learning rate of each trial, METHOD@NUMBER=RATE
    variants: those of the study, as JSON
    development: share of the queries that are for development
    metric: what is to be highest
    table: mean of each trial, language and collection (.csv)
    text: mean of each trial, to be read (.md)
    choice: the best rate of each method, as the variants of a study (.yaml)
    """
    read = common_queries(read_scores(scores))
    read = read[(read["metric"] == metric) & is_development(read["query_id"], development)]
    if read.empty:
        raise InputError(
            f"no development query with a score of {metric}: tuning.development is {development}"
        )
    keys = ["method", "language", "collection"]
    found = read.groupby(keys, observed=True)["value"].agg(["mean", "size"]).reset_index()
    found = found.astype({"method": "str"})
    found.insert(1, "learning_rate", found["method"].map(rates))
    found["method"] = found["method"].str.partition("@")[0]
    rows = found.assign(learning_rate=found["learning_rate"].map("{:g}".format))
    # Every language and collection weighs the same, whatever its number of queries.
    means = found.groupby(["method", "learning_rate"])["mean"].mean().unstack()
    means = means.loc[list(dict.fromkeys(trial.partition("@")[0] for trial in rates))]
    best = means.idxmax(axis="columns")
    known = json.loads(variants)
    chosen = {
        name: known.get(name, {}) | {"learning_rate": float(rate)} for name, rate in best.items()
    }
    for path, content in (
        (table, rows.to_csv(index=False, float_format="%.6f")),
        (text, to_markdown(shown(means, best)) + edges(means, best)),
        (choice, yaml.safe_dump({"variants": chosen}, sort_keys=False)),
    ):
        with atomic_path(path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def shown(means: pd.DataFrame, best: pd.Series) -> ShownTable:
    """A row for each method: its mean at each learning rate, and the rate that is best."""
    rows = [
        [name, *(MISSING if pd.isna(value) else decimal(value) for value in row), f"{best[name]:g}"]
        for name, row in means.iterrows()
    ]
    headings = ["Method", *(f"{rate:g}" for rate in means.columns), "Best"]
    return ShownTable(headings, rows, numeric=len(headings) - 1)


def edges(means: pd.DataFrame, best: pd.Series) -> str:
    """A warning for methods whose best rate is the lowest or highest that was tried."""
    ends = {means.columns.min(), means.columns.max()}
    at_end = [name for name, rate in best.items() if rate in ends]
    if not at_end:
        return ""
    return (
        f"\nAt the end of what was tried: {', '.join(at_end)}. A better rate may lie beyond; "
        "extend tuning.learning_rates.\n"
    )


if __name__ == "__main__":
    run_program(main, argument_files=True)
