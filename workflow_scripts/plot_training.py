"""Draw the training curves of a study: its encoders, teachers and students."""

from pathlib import Path

import pandas as pd

from optical.report.costs import training_lines
from optical.report.figures import save_figure
from optical.report.training_figures import curves_figure
from optical.runtime.errors import InputError
from optical.runtime.program import run_program


def main(
    *,
    logs: list[Path],
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
    if not curves:
        raise InputError("no training wrote down a loss")
    figure = curves_figure(curves)
    save_figure(figure, *output)


def place(log: Path) -> tuple[str, str]:
    """The panel and the line of a training by the folder that its log lies in.

    students/STUDENT/METHOD/LANGUAGE/seed-N, teachers/ENCODER or encoders/ENCODER.
    """
    parts = log.parent.parts
    if "students" in parts:
        student, method = parts[parts.index("students") + 1 :][:2]
        return f"students: {student}", method
    return parts[-2], parts[-1]


if __name__ == "__main__":
    run_program(main, argument_files=True)
