"""Score a run against judgements: one row per query and metric."""

import sys
from collections.abc import Sequence
from pathlib import Path

from optical.corpora.lines import read_queries
from optical.evaluation.scoring import RANKS, score_run, top
from optical.evaluation.trec import iterate_run, read_qrels
from optical.runtime.files import atomic_path
from optical.runtime.program import run_program


def main(
    *,
    run: Path,
    qrels: Path,
    study: str,
    student: str,
    teacher: str,
    method: str,
    language: str,
    collection: str,
    seed: int = 0,
    metrics: Sequence[str] = ("map",),
    output: Path,
    exact: Path | None = None,
    pivot_run: Path | None = None,
    doubtful: Path | None = None,
    queries: Path | None = None,
    relevance_level: int = 1,
) -> None:
    """
    run: TREC run (.run.gz)
    qrels: TREC judgements
    study: name of the study, for the table
    student: query encoder; none for bm25
    teacher: passage encoder; none for bm25
    method: method that made the run
    language: language of the queries
    collection: collection that was searched
    seed: seed of the training
    metrics: of trec_eval: map, recip_rank, recall_100...; judged_10
    output: scores to write (.parquet)
    exact: TREC run of exact search for some of the queries, where the run's is approximate
    pivot_run: TREC run of the same queries in the pivot language: adds the metric rankc
    doubtful: ids of queries that may not be in the language, without which it is scored too
    queries: queries that were asked, id<TAB>text a line; all judged ones without
    relevance_level: least grade that is relevant to all metrics but nDCG
    """
    known = dict(iterate_run(exact)) if exact else {}
    pivot = None
    if pivot_run:
        pivot = {query: top(results, RANKS) for query, results in iterate_run(pivot_run)}
    scores = score_run(
        iterate_run(run),
        read_qrels(qrels),
        metrics,
        known,
        pivot,
        asked=read_queries(queries) if queries else None,
        relevance_level=relevance_level,
    )
    table = scores.table
    labels = [study, student, teacher, method, language, collection, seed]
    names = ["study", "student", "teacher", "method", "language", "collection", "seed"]
    for position, (name, label) in enumerate(zip(names, labels, strict=True)):
        table.insert(position, name, label)
    ids = doubtful.read_text(encoding="utf-8").split() if doubtful else []
    table["doubtful"] = table["query_id"].isin(ids)
    with atomic_path(output) as temporary:
        table.to_parquet(temporary, index=False)
    means = table.groupby("metric", sort=False)["value"].agg(["mean", "size"])
    for metric, value, number in means.itertuples():
        print(f"{metric} {value:.4f} over {number} queries")
    print(
        f"{scores.without_results} queries without results (score 0), {scores.without_relevant} "
        f"without a relevant passage, {scores.unjudged} without judgement and {scores.absent} "
        "not asked (left out)",
        file=sys.stderr,
    )
    for metric in scores.undefined:
        print(
            f"warning: {metric} left out: no passage is judged not relevant, which it needs",
            file=sys.stderr,
        )
    if scores.own_first:
        print(
            f"warning: queries that find the passage of their own id first: {scores.own_first}; "
            "where it is the query itself, set leave_out_query of the collection",
            file=sys.stderr,
        )


if __name__ == "__main__":
    run_program(main)
