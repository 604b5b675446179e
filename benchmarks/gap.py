"""How long the tables of a large study take: the bootstrap of all measures and all tests.

20 languages, 4 students, 6 methods (bm25 among them), 5,010 queries, 10,000 resamples, and one
metric, from drawn scores. Prints seconds and the peak of the memory; the ratio is that of the
minute that it may take to what it took.
"""

import argparse
import resource
import time

import numpy as np
import pandas as pd
from machine import describe

from optical.evaluation.gap import compare
from optical.evaluation.resampling import RESAMPLES

METHODS = ("bm25", "zero_shot", "translate", "sentence", "greedy", "optical")
MINUTE = 60


def drawn(languages: list[str], students: list[str], queries: int) -> pd.DataFrame:
    """Scores as `optical.evaluation.scores.read_scores` gives them."""
    rng = np.random.default_rng(0)
    names = pd.Categorical([f"q{number}" for number in range(queries)])
    ease = rng.normal(size=queries)
    parts = []
    for method in METHODS:
        for student in ["none"] if method == "bm25" else students:
            pivot = ["en"] if method in ("bm25", "zero_shot") else []
            for language in [*pivot, *languages]:
                value = 1 / (1 + np.exp(-ease - rng.normal(size=queries)))
                labels = {"student": student, "teacher": student, "method": method}
                part = pd.DataFrame({"query_id": names, "value": value})
                parts.append(part.assign(language=language, **labels))
    scores = pd.concat(parts, ignore_index=True)
    scores = scores.assign(study="s", collection="c", metric="map", seed=0)
    scores = scores.assign(exact_value=np.nan, exact_recall=np.nan, doubtful=False)
    names = ["study", "collection", "metric", "student", "teacher", "method", "language"]
    return scores.astype(dict.fromkeys(names, "category"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", type=int, default=20, help="number of languages (20)")
    parser.add_argument("--queries", type=int, default=5010, help="number of queries (5010)")
    arguments = parser.parse_args()
    languages = [f"l{number}" for number in range(arguments.languages)]
    students = ["tiny", "small", "base", "large"]
    scores = drawn(languages, students, arguments.queries)
    half = len(languages) // 2
    start = time.perf_counter()
    tables = compare(
        scores,
        {"high": languages[:half], "low": languages[half:]},
        "en",
        students,
        parameters={name: 10**6 * 4**rank for rank, name in enumerate(students)},
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{describe('cpu')}\n{len(scores):,} scores, {RESAMPLES:,} resamples\n")
    print(f"| runs | seconds | peak, GiB |\n|--:|--:|--:|\n| {len(tables.language)} ", end="")
    print(f"| {seconds:.1f} | {peak:.1f} |\n\nratio {MINUTE / seconds:.2f}")
