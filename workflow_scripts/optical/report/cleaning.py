"""What cleaning removed of the bitext: counts, examples, and which group of languages it costs."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from optical.evaluation.gap import read_table
from optical.report.numbers import MISSING, percent
from optical.report.shown_table import ASKED, WIDE, ShownTable
from optical.runtime.errors import InputError

REMOVED_COLUMNS = ["rule", "origin", "id", "source", "target"]

BIASED, NOTABLE = 2.0, 0.005
"""A rule that takes so many times as large a share from one group of languages as from the other is
warned of, unless the larger share is below the second number."""

SHOWN_EXAMPLES, SHOWN_LETTERS = 2, 240
"""Examples of a rule and an origin in the report, and letters of a text; the files have more."""


def read_cleaning(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read {language}.cleaning.csv files (origin, rule, pairs): the same with a language column."""
    tables = []
    for path in map(Path, paths):
        table = read_table(path, ("origin", "rule", "pairs"), labels=("origin", "rule"))
        table.insert(0, "language", path.name.partition(".")[0])
        tables.append(table)
    empty = pd.DataFrame(columns=["language", "origin", "rule", "pairs"])
    return pd.concat(tables, ignore_index=True) if tables else empty


def kept_pairs(paths: Iterable[str | Path]) -> dict[str, int]:
    """The sentence pairs of each language that its cleaning kept, from the same files."""
    counts = read_cleaning(paths)
    return counts[counts["rule"] == "kept"].groupby("language")["pairs"].sum().to_dict()


def read_removed(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Read {language}.removed.parquet files: a language column and `REMOVED_COLUMNS`."""
    tables = []
    for path in map(Path, paths):
        table = pd.read_parquet(path)
        if list(table.columns) != REMOVED_COLUMNS:
            raise InputError(
                f"{path}: columns {', '.join(table.columns)}; expected {', '.join(REMOVED_COLUMNS)}"
            )
        table.insert(0, "language", path.name.partition(".")[0])
        tables.append(table)
    empty = pd.DataFrame(columns=["language", *REMOVED_COLUMNS])
    return pd.concat(tables, ignore_index=True) if tables else empty


def removed_shares(cleaning: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """The share of the pairs that each rule removes from a group of languages.

    A language's share is of all its pairs without those that the source itself leaves out, a
    group's the mean over its languages, each of which weighs the same, as in the gap.

    Args:
        cleaning: columns language, origin, rule, pairs.
        groups: the group of each language; others are left out.

    Returns:
        a row for each rule that removes any, a column for each group.
    """
    counts = cleaning.pivot_table(
        index="language", columns="rule", values="pairs", aggfunc="sum", sort=False, fill_value=0
    )
    counts = counts[counts.index.isin(groups)]
    left_out = counts.columns[counts.columns.str.startswith("left_out:")]
    judged = counts.get("read", 0) - counts[left_out].sum(axis=1)
    counts, judged = counts[judged > 0], judged[judged > 0]
    rules = [
        rule
        for rule in counts.columns
        if rule not in ("read", "kept") and not rule.startswith(("repaired:", "left_out:"))
    ]
    shares = counts[rules].div(judged, axis=0) if rules else counts[rules]
    means = shares.groupby(shares.index.map(groups)).mean().T
    return means[(means > 0).any(axis=1)]


def bias_warnings(shares: pd.DataFrame) -> list[str]:
    """A sentence for each rule that takes much more from the high group than from low, or less.

    shares: as `removed_shares` gives them.
    """
    if not {"high", "low"} <= set(shares.columns):
        return []
    found = []
    for rule, share in shares.iterrows():
        more, less = ("high", "low") if share["high"] > share["low"] else ("low", "high")
        if share[more] >= NOTABLE and share[more] > BIASED * share[less]:
            found.append(
                f"The cleaning rule {str(rule).replace('_', ' ')} removes {percent(share[more])} "
                f"of the pairs of {more} and {percent(share[less])} of those of {less}, which may "
                "bias the gap: look at its examples under Cleaning of the bitext."
            )
    return found


def shown_shares_table(shares: pd.DataFrame) -> ShownTable:
    """The share that each rule removes from each group, the high and low ones first."""
    order = [group for group in ("high", "low") if group in shares.columns]
    order += [group for group in shares.columns if group not in order]
    rows = [
        [str(rule).replace("_", " "), *(percent(share[group]) for group in order)]
        for rule, share in shares.iterrows()
    ]
    return ShownTable(["Rule", *(str(group).title() for group in order)], rows, numeric=len(order))


def shown_removed_tables(removed: pd.DataFrame) -> dict[str, ShownTable]:
    """Some removed pairs of each language and origin, a table for each rule."""
    tables = {}
    for rule, rows in removed.groupby("rule", sort=False):
        some = rows.groupby(["language", "origin"], sort=False).head(SHOWN_EXAMPLES)
        cells = [
            [row["language"], row["id"], *(shortened(row[side]) for side in ("source", "target"))]
            for _, row in some.iterrows()
        ]
        headings = ["Language", "Pair", "Source", "Target"]
        ranks = dict.fromkeys(headings[:2], WIDE)
        tables[str(rule).replace("_", " ")] = ShownTable(headings, cells, numeric=0, ranks=ranks)
    return tables


def shortened(text: str) -> str:
    """A text without what is behind its first `SHOWN_LETTERS` letters."""
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def shown_cleaning_table(cleaning: pd.DataFrame) -> ShownTable:
    """Pairs of bitext that each rule read, repaired, removed and kept, a row per origin.

    Args:
        cleaning: columns language, origin, rule, pairs.
    """
    counts = cleaning.pivot_table(
        index=["language", "origin"], columns="rule", values="pairs", aggfunc="sum", sort=False
    )
    ends = ("read", "kept")
    rules = [rule for rule in counts.columns if rule not in ends]
    # Repairs are done on pairs that stay; what is removed stands beside them, not among them.
    rules.sort(key=lambda rule: not rule.startswith("repaired"))
    rules = [
        *(ends[:1] if "read" in counts else ()),
        *rules,
        *(ends[1:] if "kept" in counts else ()),
    ]
    rows = []
    for (language, origin), line in counts.iterrows():
        numbers = [MISSING if pd.isna(line[rule]) else f"{int(line[rule]):,}" for rule in rules]
        share = line["kept"] / line["read"] if {"read", "kept"} <= set(rules) else float("nan")
        rows.append([language, origin, *numbers, percent(share)])
    headings = ["Language", "Origin", *(rule.replace("_", " ") for rule in rules), "Kept share"]
    ranks = {rule.replace("_", " "): ASKED for rule in rules if rule not in ends}
    return ShownTable(headings, rows, numeric=len(rules) + 1, ranks=ranks | {"kept": WIDE})
