"""Draw the training curves of a study: its encoders, teachers and students."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from optical.report.costs import training_lines
from optical.report.pictures import draw
from optical.report.training_figures import STUDENTS, curves_figure
from optical.runtime.program import run_program
from optical.study import paths


def main(
    *,
    logs: Sequence[Path] = (),
    output: list[Path],
) -> None:
    """
    logs: training.jsonl files
    output: pictures to write: .svg, .png
    """
    curves: dict[str, dict[str, list[pd.DataFrame]]] = {}
    for path in logs:
        panel, line = place(path)
        lines = [line for line in training_lines(path) if "loss" in line]
        if lines:
            curves.setdefault(panel, {}).setdefault(line, []).append(pd.DataFrame(lines))
    draw(lambda: curves_figure(curves), *output)


def place(log: Path) -> tuple[str, str]:
    """The panel and the line of a training by the folder that its log lies in."""
    if names := paths.match(paths.STUDENT_LOG, log):
        return f"{STUDENTS}{names['student']}", names["method"]
    kind, name = log.parent.parts[-2:]  # encoders or teachers
    return kind, name


if __name__ == "__main__":
    run_program(main, argument_files=True)
