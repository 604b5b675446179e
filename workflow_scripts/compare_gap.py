"""Compare high- and low-resource languages: the language table and the gap table."""

import math
import re
from pathlib import Path

from safetensors import safe_open

from optical.evaluation.gap import compare
from optical.evaluation.scores import common_queries, is_development, read_scores
from optical.report.shown_table import page, to_latex, with_notes
from optical.report.tables import gap_notes, language_notes, shown_gap_table, shown_language_rows
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program


def main(
    *,
    scores: list[Path],
    groups: dict[str, str],
    pivot: str,
    students: list[str],
    encoders: list[Path],
    contrasts: list[str] | None = None,
    development: float = 0.0,
    metric: str = "map",
    output_folder: Path,
) -> None:
    """
    scores: per-query scores (.parquet)
    groups: languages of high, low and perhaps mid (in neither mean): high=fr,es low=sw
    pivot: language of the passages, in no group
    students: students, in the order of the study
    encoders: folder of each student's encoder, whose parameters are counted
    contrasts: pairs of methods to compare, optical:greedy; without, optical and each other method
    development: share of the queries that settings were chosen on, which no table is about
    metric: metric of the tables that are to be read
    output_folder: folder for gap_table and language_table (.csv, .md, .tex, .html), and the tables
        of sizes and of methods, size_table.csv, contrast_table.csv and language_contrast_table.csv
    """
    parameters = dict(zip(students, map(parameters_of, encoders), strict=True))
    languages_of = {group: languages.split(",") for group, languages in groups.items()}
    read = common_queries(read_scores(scores))
    if development:
        read = read[~is_development(read["query_id"], development)]
    tables = compare(
        read,
        languages_of,
        pivot,
        students,
        parameters=parameters,
        contrasts=None if contrasts is None else [pair_of_methods(text) for text in contrasts],
    )
    # Beyond six decimals, a mean depends on the machine's order of summation.
    texts = {
        f"{name}_table.csv": table.to_csv(index=False, float_format="%.6f")
        for name, table in tables._asdict().items()
    }
    languages, gap = (table[table["metric"] == metric] for table in tables[:2])
    if gap.empty:
        known = ", ".join(tables.gap["metric"].unique())
        raise InputError(
            f"no score has the metric {metric}: expected one of {known}; if it was left out, the "
            "logs of score_run say why"
        )
    for name, title, shown, notes in (
        ("gap", "Gap table", shown_gap_table(gap, pivot), gap_notes(gap, pivot)),
        (
            *("language", "Language table"),
            *(shown_language_rows(languages), language_notes(languages, pivot)),
        ),
    ):
        texts[f"{name}_table.md"] = with_notes(shown, notes)
        texts[f"{name}_table.tex"] = to_latex(shown)
        texts[f"{name}_table.html"] = page(title, shown, notes)
    for name, text in texts.items():
        with atomic_path(output_folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def pair_of_methods(text: str) -> tuple[str, str]:
    """The two methods of METHOD:AGAINST."""
    method, _, against = text.partition(":")
    if not (method and against) or ":" in against:
        raise InputError(f"--contrasts {text}: expected two methods, as optical:greedy")
    return method, against


# Embeddings; what XLM-R, BERT, DeBERTa, ModernBERT and EuroBERT have for their pre-training alone;
# the projection of a finished teacher.
NO_LAYERS = re.compile(
    r"embeddings\.|embed_tokens\.|lm_head\.|cls\.|lm_predictions\.|mask_predictions\.|pooler\."
    r"|^head\.|^decoder\.|^linear\."
)


def parameters_of(encoder: Path) -> int:
    """Parameters of a saved encoder, embeddings and the head of its pre-training left out, and the
    projection of a finished teacher.
    """
    number = 0
    for file in encoder.glob("*.safetensors"):
        with safe_open(file, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118, it is no dictionary
                if not NO_LAYERS.search(name):
                    number += math.prod(tensors.get_slice(name).get_shape())
    if not number:
        raise InputError(f"{encoder}: no weights here, expected *.safetensors")
    return number


if __name__ == "__main__":
    run_program(main, argument_files=True)
