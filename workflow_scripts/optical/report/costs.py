"""What a study took: time, memory and examples of each stage, from what its jobs wrote down."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optical.evaluation.gap import read_table
from optical.report.numbers import MISSING
from optical.report.shown_table import ASKED, WIDE, ShownTable
from optical.runtime.errors import InputError
from optical.study import paths

COST_COLUMNS = (
    *("stage", "of", "jobs", "seconds", "longest_seconds", "cpu_seconds", "memory_mib"),
    *("examples", "joules"),
)
TRAINED = {
    "pretrain_encoder": paths.ENCODER,
    "train_teacher": paths.TEACHER,
    "distill_student": paths.STUDENT,
    "finetune_student": paths.STUDENT,
    "train_translator": paths.TRANSLATOR,
}
"""Stages that train, and where what they made lies."""


def cost_table(logs: Path, results: Path) -> pd.DataFrame:
    """Add up the jobs of each stage, the longest stage first.

    Args:
        logs: a study's folder of logs, with Snakemake's benchmark files: STAGE/NAME.benchmark.tsv.
        results: its folder of results, whose training.jsonl count the examples.

    Returns:
        `COST_COLUMNS`: `of` is the encoder, teacher, student or translator that a stage trained,
        whatever its language, empty for other stages; memory is the most that a job held, NaN where
        none was long enough to look; joules are those of trainings, where the machine told them.
    """
    rows = []
    for file in sorted(logs.rglob("*.benchmark.tsv")):
        parts = file.relative_to(logs).parts
        stage = parts[0].removesuffix(".benchmark.tsv")
        job = pd.read_csv(file, sep="\t", na_values=["-"]).iloc[-1]
        of, end = "", {}
        if stage in TRAINED:
            # The log is named after the folder of the model, its parts joined by points.
            of, *below = file.name.removesuffix(".benchmark.tsv").split(".")
            folder = Path(TRAINED[stage]).relative_to(paths.RESULTS).parts[0]
            model = Path(results, folder, of, *below)
            # A student's log lies beside it, too: the student itself may not be kept.
            logs_of = (model / "training.jsonl", model.with_name(f"{model.name}.training.jsonl"))
            end = next((last_line(log) for log in logs_of if log.exists()), {})
        ends = (end.get(name, float("nan")) for name in ("examples", "joules"))
        rows.append((stage, of, job["s"], job["cpu_time"], job["max_rss"], *ends))
    if not rows:
        raise InputError(f"{logs}: no *.benchmark.tsv here, which Snakemake writes for each job")
    names = ["stage", "of", "seconds", "cpu_seconds", "memory", "examples", "joules"]
    jobs = pd.DataFrame(rows, columns=names)
    table = jobs.groupby(["stage", "of"], sort=False).agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        longest_seconds=("seconds", "max"),
        cpu_seconds=("cpu_seconds", "sum"),
        memory_mib=("memory", "max"),
        examples=("examples", lambda column: column.sum(min_count=1)),
        joules=("joules", lambda column: column.sum(min_count=1)),
    )
    table = table.reset_index()
    return table.sort_values("seconds", ascending=False, ignore_index=True)[list(COST_COLUMNS)]


def last_line(log: Path) -> dict:
    """What a training had written down at its end."""
    *_, last = training_lines(log)
    return last


def training_lines(log: Path) -> Iterable[dict]:
    """The lines of a training.jsonl."""
    return map(json.loads, log.read_text(encoding="utf-8").splitlines())


def read_costs(path: Path) -> pd.DataFrame:
    """Read a table of costs back from CSV."""
    return read_table(path, COST_COLUMNS, labels=("stage", "of"))


def shown_cost_table(costs: pd.DataFrame) -> ShownTable:
    """The table of costs for reading, with its sum."""
    total = costs[["jobs", "seconds", "cpu_seconds"]].sum().to_dict() | {"stage": "all", "of": ""}
    total["joules"] = costs["joules"].sum(min_count=1)
    most = costs[["longest_seconds", "memory_mib"]].max()
    rows = [shown_costs(row) for _, row in costs.iterrows()]
    rows.append(shown_costs(total | most.to_dict() | {"examples": None}))
    headings = ["Stage", "Of", "Jobs", "Time", "Longest job", "CPU time", "Memory, MiB", "Examples"]
    ranks = dict.fromkeys(["Of", "Longest job", "CPU time", "Energy, Wh"], WIDE)
    ranks |= dict.fromkeys(["Jobs", "Examples"], ASKED)
    return ShownTable([*headings, "Energy, Wh"], rows, numeric=7, ranks=ranks)


def shown_costs(row: Mapping[str, Any]) -> list[str]:
    """The cells of a row of costs."""
    times = [duration(row[name]) for name in ("seconds", "longest_seconds", "cpu_seconds")]
    counts = [
        MISSING if pd.isna(row[name]) else f"{row[name]:,.0f}"
        for name in ("memory_mib", "examples")
    ]
    counts.append(MISSING if pd.isna(row["joules"]) else f"{row['joules'] / 3600:,.1f}")
    return [row["stage"], row["of"] or MISSING, f"{row['jobs']:,.0f}", *times, *counts]


def duration(seconds: float) -> str:
    """Seconds as people say them: 8.1 s, 12 min 5 s, 3 h 20 min."""
    if pd.isna(seconds):
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
