"""Columns of the tables: a measure, its confidence interval and its p-values."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optical.evaluation.measures import Rows
from optical.evaluation.resampling import holm, interval, p_value


def with_interval(*names: str) -> tuple[str, ...]:
    """Names of columns, each followed by the columns of its interval."""
    return tuple(f"{name}{end}" for name in names for end in ("", "_from", "_to"))


def with_test(*names: str) -> tuple[str, ...]:
    """Names of columns, each followed by the columns of its interval and its p-values."""
    ends = ("", "_from", "_to", "_p", "_p_holm")
    return tuple(f"{name}{end}" for name in names for end in ends)


def measured(
    rows: Rows, measures: Mapping[str, np.ndarray], *, tested: bool = False
) -> dict[str, float]:
    """Columns of measures, [points] each, with their intervals.

    tested: with their uncorrected p-values too.
    """
    row = {}
    for name, values in measures.items():
        samples = rows.bootstrap.samples(values)
        row[name] = values[0]
        row[f"{name}_from"], row[f"{name}_to"] = interval(samples)
        if tested:
            # Queries that all agree are as likely by chance: resamples of very few are alike.
            row[f"{name}_p"] = max(p_value(samples), 2.0 ** (1 - rows.queries.shape[1]))
    return row


def holm_corrected(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The table with the p-values of each measure corrected over its rows; NaN stays NaN."""
    for name in names:
        p = table[f"{name}_p"].astype(np.float64)
        known = p.notna()
        table[f"{name}_p_holm"] = np.nan
        table.loc[known, f"{name}_p_holm"] = holm(p[known].to_numpy())
    return table
