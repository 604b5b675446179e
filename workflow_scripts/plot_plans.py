"""Draw transport plans of sentence pairs as heat maps, before and after distillation."""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from optical.report.pictures import draw
from optical.report.plan_figures import plans_figure
from optical.runtime.errors import InputError
from optical.runtime.program import run_program


def main(
    *,
    plans: Path,
    output: list[Path],
) -> None:
    """
    plans: plans.json of align_sentences
    output: pictures to write: .svg, .png
    """
    pairs = json.loads(plans.read_text(encoding="utf-8"))

    def figure() -> Figure:
        if isinstance(pairs, dict):
            raise InputError(pairs["left_out"])
        for pair in pairs:
            pair["plans"] = {title: np.array(plan) for title, plan in pair["plans"].items()}
        return plans_figure(pairs)

    draw(figure, *output)


if __name__ == "__main__":
    run_program(main)
