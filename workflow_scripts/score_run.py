"""Score a run against judgements: one row per query and metric."""

import argparse
import sys
from pathlib import Path

from optical.evaluation.scoring import RANKS, score_run, top
from optical.evaluation.trec import iterate_run, read_qrels
from optical.runtime.files import atomic_path, run_program


def main(
    run: Path,
    qrels: Path,
    study: str,
    student: str,
    teacher: str,
    method: str,
    language: str,
    collection: str,
    seed: int,
    metrics: list[str],
    output: Path,
    exact: Path | None = None,
    pivot_run: Path | None = None,
    doubtful: Path | None = None,
) -> None:
    known = dict(iterate_run(exact)) if exact else {}
    pivot = None
    if pivot_run:
        pivot = {query: top(results, RANKS) for query, results in iterate_run(pivot_run)}
    scores = score_run(iterate_run(run), read_qrels(qrels), metrics or ["map"], known, pivot)
    table = scores.table
    labels = [study, student, teacher, method, language, collection, seed]
    names = ["study", "student", "teacher", "method", "language", "collection", "seed"]
    for position, (name, label) in enumerate(zip(names, labels, strict=True)):
        table.insert(position, name, label)
    ids = doubtful.read_text(encoding="utf-8").split() if doubtful else []
    table["doubtful"] = table["query_id"].isin(ids)
    with atomic_path(output) as temporary:
        table.to_parquet(temporary, index=False)
    for metric, value in table.groupby("metric", sort=False)["value"].mean().items():
        print(f"{metric} {value:.4f} over {table['query_id'].nunique()} queries")
    print(
        f"{scores.without_results} queries without results (score 0), {scores.without_relevant} "
        f"without a relevant passage and {scores.unjudged} without judgement (left out)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="TREC run (.run.gz)")
    parser.add_argument(
        "--exact",
        type=Path,
        nargs="?",
        help="TREC run of exact search for some of the queries, where the run's is approximate",
    )
    parser.add_argument(
        "--pivot-run",
        type=Path,
        help="TREC run of the same queries in the pivot language: adds the metric rankc",
    )
    parser.add_argument("--qrels", type=Path, required=True, help="TREC judgements")
    parser.add_argument(
        "--doubtful",
        type=Path,
        help="ids of queries that may not be in the language, without which it is scored too",
    )
    parser.add_argument("--study", required=True, help="name of the study, for the table")
    parser.add_argument("--student", required=True, help="query encoder; none for bm25")
    parser.add_argument("--teacher", required=True, help="passage encoder; none for bm25")
    parser.add_argument("--method", required=True, help="method that made the run")
    parser.add_argument("--language", required=True, help="language of the queries")
    parser.add_argument("--collection", required=True, help="collection that was searched")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training (0)")
    parser.add_argument(
        "--metric",
        dest="metrics",
        action="append",
        metavar="NAME",
        help="metric of trec_eval: map, recip_rank, recall_100...; may be repeated (map)",
    )
    parser.add_argument("--output", type=Path, required=True, help="scores to write (.parquet)")
    run_program(lambda: main(**vars(parser.parse_args())))
