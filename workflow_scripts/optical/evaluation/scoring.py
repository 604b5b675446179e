"""Scores of runs, query by query, by trec_eval's measures."""

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytrec_eval

from optical.evaluation.trec import Results
from optical.runtime.errors import InputError
from optical.settings.languages import METRIC

RANKC = "rankc"
"""Cross-lingual consistency beside the metrics of trec_eval, see `consistency`."""

JUDGED = "judged_"
"""What the names of `judged_share` begin with, before the depth."""

GRADED = ("ndcg", JUDGED)
"""Beginnings of the metrics that grades enter as they are, for which no grade is the least."""

RANKS = 50
"""Ranks that `consistency` looks at: those beyond have a weight below 1e-21."""

BEST = 100
"""Passages of an exact search that an approximate one is expected to find."""


Qrels = Mapping[str, Mapping[str, int]]
"""Grades of the judged passages of each query."""


@dataclass(frozen=True)
class RunScores:
    """What a run scores against judgements, and what was counted on the way.

    Attributes:
        table: one row per query and metric: query_id, metric, value; and of the queries of the
            exact run exact_value, what it scores, and exact_recall, the share of its `BEST` best
            passages that are among the run's (NaN for all others).
        without_results: queries that score 0 because the run has nothing for them.
        without_relevant: judged queries with no relevant passage. No ranking can score on them,
            so they are left out of the table.
        unjudged: queries of the run without any judgement, left out of the table.
        absent: queries with a relevant passage that nobody asked, left out of the table.
        undefined: metrics that the judgements are not enough for, left out of the table.
        own_first: queries whose best passage has their own id and is not judged relevant.
    """

    table: pd.DataFrame
    without_results: int
    without_relevant: int
    unjudged: int
    absent: int
    undefined: tuple[str, ...]
    own_first: int


def score_run(
    run: Iterable[tuple[str, Results]],
    qrels: Qrels,
    metrics: Sequence[str] = ("map",),
    exact: Mapping[str, Results] | None = None,
    pivot: Mapping[str, Sequence[str]] | None = None,
    *,
    asked: Container[str] | None = None,
    relevance_level: int = 1,
) -> RunScores:
    """Score a run with trec_eval's metrics, query by query.

    Every query with a relevant passage counts: trec_eval leaves a query without results out of
    its mean, here its value is 0. Relevant to nDCG and `RANKC` is a grade of 1 and more.

    Args:
        run: (query id, results) pairs, as `iterate_run` yields them.
        qrels: as `read_qrels` gives them.
        exact: results of exact search for some of the queries, where the run's are of an
            approximate index.
        pivot: the best passages of each query in the pivot language, at least `RANKS` or all of
            them, where `RANKC` is wanted too.
        metrics: names such as map, recip_rank, recall_100, ndcg_cut_10; see `METRIC`.
        asked: the queries that there were; all that are judged when None.
        relevance_level: the least grade that is relevant to the other metrics.

    Raises:
        InputError: for an unknown metric, scores equal in float32, judgements without a relevant
            passage, and a run of which no query is judged (ids of another collection). An empty run
            is none of these: it scores 0.
    """
    check_metrics(metrics)
    highest = {query: max(judged.values(), default=0) for query, judged in qrels.items()}
    if max(highest.values(), default=0) < relevance_level:
        at_least = f", which takes a grade of {relevance_level}" if relevance_level > 1 else ""
        raise InputError(f"the judgements name no relevant passage{at_least}")
    relevant = [query for query, grade in highest.items() if grade > 0]
    absent = [query for query in relevant if asked is not None and query not in asked]
    if len(absent) == len(relevant):
        raise InputError(f"none of the judged queries is asked, such as {relevant[0]!r}")
    relevant = [query for query in relevant if asked is None or query in asked]
    undefined = tuple(name for name in metrics if not is_defined(name, qrels, relevance_level))
    metrics = [name for name in metrics if name not in undefined]

    evaluate = evaluator(qrels, metrics, relevance_level)
    values: dict[str, Mapping[str, float]]
    values = {query: dict.fromkeys(metrics, 0.0) for query in relevant}
    measured = {
        query: evaluate(query, results)
        for query, results in (exact or {}).items()
        if query in values
    }
    recall = dict.fromkeys(measured, 0.0)
    consistent = dict.fromkeys(relevant, 0.0)
    without_results, unjudged, own_first, example = set(relevant), 0, 0, None
    for query, results in run:
        if query not in qrels:
            unjudged, example = unjudged + 1, query
        elif query in values and results:
            _check_distinct(query, results)
            values[query] = evaluate(query, results)
            without_results.discard(query)
            own = query in results and qrels[query].get(query, 0) <= 0
            own_first += own and results[query] == max(results.values())
            if query in measured:
                best = set(top(exact[query], BEST))
                recall[query] = len(best.intersection(top(results, BEST))) / len(best)
            if pivot is not None:
                consistent[query] = consistency(top(results, RANKS), pivot.get(query, ()))
    if unjudged and len(without_results) == len(relevant):
        raise InputError(
            f"none of the run's queries is judged: it has {example!r}, the judgements "
            f"{relevant[0]!r}; are they of the same collection?"
        )
    nothing = dict.fromkeys(metrics, float("nan"))
    rows = [
        (query, metric, values[query][metric])
        + (measured.get(query, nothing)[metric], recall.get(query, float("nan")))
        for query in relevant
        for metric in metrics
        if highest[query] >= (1 if metric.startswith(GRADED) else relevance_level)
    ]
    if pivot is not None:
        unknown = (float("nan"), float("nan"))
        rows += [(query, RANKC, value, *unknown) for query, value in consistent.items()]
    columns = ["query_id", "metric", "value", "exact_value", "exact_recall"]
    return RunScores(
        table=pd.DataFrame(rows, columns=columns),
        without_results=len(without_results),
        without_relevant=sum(grade < relevance_level for grade in highest.values()),
        unjudged=unjudged,
        absent=len(absent),
        undefined=undefined,
        own_first=own_first,
    )


def is_defined(metric: str, qrels: Qrels, relevance_level: int = 1) -> bool:
    """Whether judgements are enough for a metric.

    bpref counts the passages judged not relevant that stand above a relevant one. Without any it
    would be the recall (trec_eval takes a negative grade for no judgement).
    """
    grades = (grade for judged in qrels.values() for grade in judged.values())
    return metric != "bpref" or any(0 <= grade < relevance_level for grade in grades)


def evaluator(
    qrels: Qrels, metrics: Sequence[str], relevance_level: int
) -> Callable[[str, Results], Mapping[str, float]]:
    """A function of a query and its results that gives the value of each metric."""
    depths = {name: int(name.removeprefix(JUDGED)) for name in metrics if name.startswith(JUDGED)}
    known = {name for name in metrics if name not in depths}
    trec_eval = pytrec_eval.RelevanceEvaluator(qrels, known, relevance_level=relevance_level)

    def evaluate(query: str, results: Results) -> Mapping[str, float]:
        found = trec_eval.evaluate({query: results})[query] if known else {}
        return found | {
            name: judged_share(qrels[query], results, depth) for name, depth in depths.items()
        }

    return evaluate


def judged_share(judged: Container[str], results: Results, depth: int) -> float:
    """The share of the best passages that are judged, as the Judged@k of ir_measures.

    Where few are, a method may have found relevant passages that nobody looked at. Of fewer than
    `depth` results it is the share of these; 0 without any.
    """
    best = top(results, depth)
    return sum(name in judged for name in best) / len(best) if best else 0.0


def top(results: Results, number: int) -> list[str]:
    """The best passages of a query, best first."""
    return sorted(results, key=results.get, reverse=True)[:number]


def consistency(one: Sequence[str], other: Sequence[str]) -> float:
    """RankC of two rankings of the same query in two languages, from 0 to 1.

    The share of passages that the first j ranks have in common, averaged with weights that are
    proportional to exp(-j): the first rank has 63 % of the weight and the first three 95 %. Qi,
    Fernández and Bisazza, EMNLP 2023, arXiv 2310.10378, section 3.
    """
    ranks = min(len(one), len(other), RANKS)
    if not ranks:
        return 0.0
    weights = np.exp(-np.arange(ranks, dtype=np.float64))
    seen, ahead, shared, shares = set(), set(), 0, []
    for rank, (left, right) in enumerate(zip(one[:ranks], other[:ranks], strict=True), start=1):
        seen.add(left)
        ahead.add(right)
        shared += (left in ahead) + (right in seen) - (left == right)
        shares.append(shared / rank)
    return float(weights @ np.array(shares) / weights.sum())


def check_metrics(metrics: Sequence[str]) -> None:
    """Raise `InputError` for a name that does not match `METRIC`."""
    for metric in metrics:
        if not re.fullmatch(METRIC, metric):
            raise InputError(
                f"{metric!r} is no metric here, expected map, recip_rank, Rprec, bpref, ndcg, or "
                "map_cut, ndcg_cut, recall, P, success, judged with a depth, as in recall_100"
            )


def _check_distinct(query: str, results: Results) -> None:
    scores = np.fromiter(results.values(), dtype=np.float32, count=len(results))
    if len(np.unique(scores)) < len(scores):
        raise InputError(
            f"query {query}: two scores are equal in float32, in which trec_eval compares them; "
            "write the run from ranks (optical.evaluation.trec.write_run)"
        )
