"""Compare the gap table of a finished study with the scores that are expected of it.

A score may be as far off as the table itself is certain: an expected score is OK within the
confidence interval of the cell that is found, and close within one twice as wide.
"""

import sys
from pathlib import Path

import pandas as pd
import yaml

from optical.evaluation.gap import COLUMNS, read_table
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program
from optical.study import paths
from optical.study.results import name_of

KEYS = ["collection", "student", "method", "metric"]
CELLS = ["pivot", "high", "low", "relative_gap"]
CLOSE = 2
"""How many times as wide the interval of a close cell may be."""
ROUNDED = 0.0005
"""How far off an expected score may be because it is written with three digits."""
FOUND = {
    "OK": "within the confidence interval",
    "close": f"within {CLOSE} times the interval",
    "FAIL": "neither",
}


def main(
    *,
    study: str = "config.yaml",
    write: bool = False,
    metric: str = "map",
) -> None:
    """
    study: its name, as under results/, or its file
    write: take the scores of the table as those expected
    metric: metric of the written cells
    """
    name = name_of(study)
    file = Path(paths.TABLE.format(study=name, table="gap"))
    if not file.exists():
        raise InputError(f"{file}: not there; run the study first, --configfile {study}")
    table = read_table(file, COLUMNS.gap)
    expected = Path("studies", "expected", f"{name}.yaml")
    if write:
        write_expected(expected, name, table[table["metric"] == metric])
        return
    if not expected.exists():
        raise InputError(f"{expected}: no scores are expected of {name}; --write takes these")
    verdicts = verify(table, yaml.safe_load(expected.read_text())["rows"])
    for verdict, text in verdicts:
        print(f"{verdict:5} {text}")
    counts = {found: sum(verdict == found for verdict, _ in verdicts) for found in FOUND}
    print(", ".join(f"{number} {found} ({FOUND[found]})" for found, number in counts.items()))
    sys.exit(1 if counts["FAIL"] else 0)


def verify(table: pd.DataFrame, rows: list[dict]) -> list[tuple[str, str]]:
    """OK, close or FAIL of every expected cell, and what it is."""
    found = table.set_index(KEYS)
    verdicts = []
    for row in rows:
        key = tuple(row[name] for name in KEYS)
        for name in CELLS:
            if name not in row:
                continue
            if key not in found.index:
                verdict, shown = "FAIL", "missing"
            else:
                value, low, high = (found.at[key, f"{name}{end}"] for end in ("", "_from", "_to"))
                verdict = verdict_of(value, low, high, row[name])
                shown = f"{value:.3f} [{low:.3f}, {high:.3f}]"
            verdicts.append((verdict, f"{'/'.join(key)} {name}: {shown}, expected {row[name]:.3f}"))
    return verdicts


def verdict_of(value: float, low: float, high: float, expected: float) -> str:
    """Where a score that is expected lies: within the interval of the one that is found, or near.

    A cell without a value or an interval fails.
    """
    off = abs(expected - value) - ROUNDED
    certain = high - value if expected > value else value - low
    return "OK" if off <= certain else "close" if off <= CLOSE * certain else "FAIL"


def write_expected(path: Path, study: str, table: pd.DataFrame) -> None:
    """Take the values of a gap table as those that are expected from now on."""
    rows = [
        {name: row[name] for name in KEYS}
        | {name: round(float(row[name]), 3) for name in CELLS if pd.notna(row[name])}
        for _, row in table.iterrows()
    ]
    lines = [
        yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=200) for row in rows
    ]
    text = f"# What {study} scored. make verify compares a run with it.\nrows:\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text + "".join(f"  - {line}" for line in lines), encoding="utf-8")
    print(f"{len(rows)} rows of {study} are expected now: {path}")


if __name__ == "__main__":
    run_program(main)
