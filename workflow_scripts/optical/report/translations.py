"""How good the translations are that rows of a study depend on."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from optical.evaluation.gap import read_table
from optical.report.shown_table import ShownTable
from optical.runtime.errors import InputError

COLUMNS = ["collection", "source", "target", "chrf", "queries"]


def read_translation_scores(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Read {language}.chrf.csv files into one table with `COLUMNS`, a row of each."""
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path in paths:
        table = read_table(path, (), labels=("collection", "source", "target"))
        if list(table.columns) != COLUMNS:
            raise InputError(f"{path}: expected the columns {', '.join(COLUMNS)}")
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def shown_translation_table(scores: pd.DataFrame) -> ShownTable:
    """A row for each collection and direction of translation."""
    rows = [
        [*row[["collection", "source", "target"]], f"{row['queries']:,}", f"{row['chrf']:.1f}"]
        for _, row in scores.iterrows()
    ]
    return ShownTable(["Collection", "From", "To", "Queries", "chrF"], rows, numeric=2)
