"""Compare the gap table of a finished study with the scores that are expected of it."""

import sys
from pathlib import Path

import pandas as pd
import yaml

from optical.evaluation.gap import COLUMNS, read_table
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program
from optical.study import paths

KEYS = ["collection", "student", "method", "metric"]
CELLS = ["pivot", "high", "low", "relative_gap"]
CLOSE = 2
"""A cell is close within so many tolerances."""
FOUND = {"OK": "within the tolerance", "close": f"within {CLOSE} of them", "FAIL": "neither"}


def main(
    *,
    study: Path = Path("config.yaml"),
    write: bool = False,
    metric: str = "map",
    tolerance: float = 0.05,
) -> None:
    """
    study: study file
    write: take the scores of the table as those expected
    metric: metric of the written cells
    tolerance: of written cells, absolute
    """
    name = yaml.safe_load(study.read_text())["study"]
    file = Path(paths.TABLE.format(study=name, table="gap"))
    if not file.exists():
        raise InputError(f"{file}: not there; run the study first, --configfile {study}")
    table = read_table(file, COLUMNS.gap)
    expected = Path("studies", "expected", f"{name}.yaml")
    if write:
        write_expected(expected, name, table[table["metric"] == metric], tolerance)
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
        key, tolerance = tuple(row[name] for name in KEYS), row["tolerance"]
        for name in CELLS:
            if name not in row:
                continue
            value = found[name].get(key)
            off = abs(value - row[name]) if value is not None else float("nan")
            verdict = "OK" if off <= tolerance else "close" if off <= CLOSE * tolerance else "FAIL"
            shown = "missing" if value is None else f"{value:.3f}"
            text = f"{shown}, expected {row[name]:.3f} within {tolerance:g}"
            verdicts.append((verdict, f"{'/'.join(key)} {name}: {text}"))
    return verdicts


def write_expected(path: Path, study: str, table: pd.DataFrame, tolerance: float) -> None:
    """Take the values of a gap table as those that are expected from now on."""
    rows = [
        {name: row[name] for name in KEYS}
        | {name: round(float(row[name]), 3) for name in CELLS if pd.notna(row[name])}
        | {"tolerance": tolerance}
        for _, row in table.iterrows()
    ]
    lines = [
        yaml.safe_dump(row, default_flow_style=True, sort_keys=False, width=200) for row in rows
    ]
    text = f"# What {study} scored, and how far another run may be off: make verify.\nrows:\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text + "".join(f"  - {line}" for line in lines), encoding="utf-8")
    print(f"{len(rows)} rows of {study} are expected now: {path}")


if __name__ == "__main__":
    run_program(main)
