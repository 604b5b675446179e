import gzip
import math

import numpy as np
import pandas as pd
import pytest
from ranx import Qrels, Run, evaluate

import score_run as score_run_program
from optical.corpora.lines import read_queries
from optical.evaluation.scores import SCORE_COLUMNS
from optical.evaluation.scoring import consistency, score_run
from optical.evaluation.trec import (
    iterate_run,
    read_qrels,
    write_run,
)
from optical.runtime.errors import InputError

QRELS = {"q1": {"a": 1}, "q2": {"a": 1, "c": 1}, "q3": {"b": 1}}


def values(scores, metric="map"):
    table = scores.table[scores.table["metric"] == metric]
    return dict(zip(table["query_id"], table["value"], strict=True))


def write_gzip(path, text):
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_near_equal_scores_keep_their_order_in_float32(tmp_path):
    results = {"b": 20.000000001, "a": 20.0, "c": 20.0000000005}
    assert np.float32(results["a"]) == np.float32(results["b"])
    write_run(tmp_path / "x.run.gz", [("q", results)], "test")
    ((_, written),) = iterate_run(tmp_path / "x.run.gz")
    assert sorted(written, key=written.get, reverse=True) == ["b", "c", "a"]
    assert len(set(map(np.float32, written.values()))) == 3
    # trec_eval would give 1/3 on the scores themselves: it breaks the tie by passage id.
    assert values(score_run(iterate_run(tmp_path / "x.run.gz"), {"q": {"b": 1}})) == {"q": 1.0}


def test_equal_scores_are_ordered_by_passage_id(tmp_path):
    write_run(tmp_path / "1.run.gz", [("q", {"b": 1.0, "c": 2.0, "a": 1.0})], "test")
    write_run(tmp_path / "2.run.gz", [("q", {"a": 1.0, "c": 2.0, "b": 1.0})], "test")
    assert list(dict(iterate_run(tmp_path / "1.run.gz"))["q"]) == ["c", "a", "b"]
    assert (tmp_path / "1.run.gz").read_bytes() == (tmp_path / "2.run.gz").read_bytes()


def test_a_run_has_the_six_fields_of_trec(tmp_path):
    written = write_run(tmp_path / "x.run.gz", [("q", {"a": 0.5, "b": 7.0}), ("r", {})], "tag")
    assert written == 1
    text = gzip.decompress((tmp_path / "x.run.gz").read_bytes())
    assert text == b"q Q0 b 1 2 tag\nq Q0 a 2 1 tag\n"


@pytest.mark.parametrize(
    ("rankings", "message"),
    [
        ([("q", {"a": float("nan")})], "not a number"),
        ([("q", {"a b": 1.0})], "white space"),
        ([("q", {"": 1.0})], "white space"),
        ([("q", {"a": 1.0}), ("q", {"b": 1.0})], "two rankings"),
    ],
)
def test_a_run_that_could_not_be_read_back_is_not_written(tmp_path, rankings, message):
    with pytest.raises(InputError, match=message):
        write_run(tmp_path / "x.run.gz", rankings, "test")
    assert list(tmp_path.iterdir()) == []


def test_average_precision_by_hand():
    run = [("q1", {"a": 2.0, "b": 1.0}), ("q2", {"a": 3.0, "b": 2.0, "c": 1.0})]
    scores = values(score_run(run, QRELS))
    assert scores["q1"] == 1.0
    assert scores["q2"] == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_judged_queries_without_results_score_zero():
    scores = score_run([("q1", {"a": 1.0}), ("q2", {})], QRELS)
    assert values(scores) == {"q1": 1.0, "q2": 0.0, "q3": 0.0}
    assert scores.without_results == 2


def test_an_empty_run_scores_zero_everywhere():
    assert values(score_run([], QRELS)) == {"q1": 0.0, "q2": 0.0, "q3": 0.0}


def test_unjudged_queries_and_queries_without_a_relevant_passage_are_counted():
    run = [("q1", {"a": 1.0}), ("q8", {"a": 1.0}), ("q9", {"a": 1.0})]
    scores = score_run(run, {**QRELS, "q8": {"a": 0}})
    assert list(values(scores)) == ["q1", "q2", "q3"]
    assert (scores.unjudged, scores.without_relevant) == (1, 1)


def test_a_run_of_another_collection_is_an_error():
    with pytest.raises(InputError, match="'z7'.*'q1'.*same collection"):
        score_run([("z7", {"a": 1.0})], QRELS)


def test_several_metrics_are_scored_at_once():
    expected = {
        **{"map": 0.5, "recip_rank": 0.5, "Rprec": 0.0, "recall_100": 1.0, "recall_1": 0.0},
        **{"P_2": 0.5, "success_1": 0.0, "map_cut_1": 0.0},
        **{"ndcg": 1 / np.log2(3), "ndcg_cut_10": 1 / np.log2(3)},
    }
    scores = score_run([("q1", {"b": 2.0, "a": 1.0})], QRELS, list(expected))
    found = {name: values(scores, name)["q1"] for name in scores.table["metric"].unique()}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["mapp", "recall", "recall_0", "ndcg.10", "map_5"])
def test_an_unknown_metric_is_an_error(metric):
    with pytest.raises(InputError, match="is no metric"):
        score_run([], QRELS, [metric])


def test_scores_equal_in_float32_are_an_error():
    with pytest.raises(InputError, match="equal in float32"):
        score_run([("q1", {"a": 20.0, "b": 20.000000001})], QRELS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q Q0 a 1 1 t\nq Q0 b 2 1\n", ":2: expected 6 fields, got 5"),
        ("q Q0 a 1 high t\n", ":1: score 'high' is not a number"),
        ("q Q0 a 1 2 t\nq Q0 b 2 nan t\n", ":2: score 'nan' is not a number"),
        ("q Q0 a 1 2 t\n\nq Q0 b 2 1 t\n", ":2: expected 6 fields, got 0"),
        ("q Q0 a 1 2 t\nq Q0 a 2 1 t\n", ":2: passage a twice"),
        ("q Q0 a 1 2 t\nr Q0 a 1 1 t\nq Q0 b 2 1 t\n", ":3: the lines of query q are scattered"),
    ],
)
def test_a_bad_line_of_a_run_is_named(tmp_path, text, message):
    path = write_gzip(tmp_path / "x.run.gz", text)
    with pytest.raises(InputError, match=f"x.run.gz{message}"):
        dict(iterate_run(path))


def test_of_a_run_some_queries_can_be_read(tmp_path):
    path = tmp_path / "x.run.gz"
    write_run(path, [(f"q{place}", {"a": 1.0, f"b{place}": 2.0}) for place in range(1, 12)], "t")
    everything = dict(iterate_run(path))
    for only in ([], ["q1"], ["q11", "q2", "q99"]):
        found = dict(iterate_run(path, only=only))
        assert found == {query: everything[query] for query in everything if query in only}
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError, match="not a whole compressed file"):
        dict(iterate_run(path, only=["q1"]))


def test_a_run_cut_off_is_an_error(tmp_path):
    path = write_gzip(tmp_path / "x.run.gz", "".join(f"q Q0 p{n} 1 {n} t\n" for n in range(99)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match="not a whole compressed file"):
        list(iterate_run(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q 0 a 1\nq 0 a 0\n", ":2: query q is judged twice for a, before in line 1"),
        ("q 0 a yes\n", ":1: judgement 'yes', expected a whole number"),
        ("q 0 a 0.5\n", ":1: judgement '0.5', expected a whole number"),
        ("q a 1\n", ":1: 3 columns, expected 4"),
        ("", "no judgement"),
    ],
)
def test_a_bad_line_of_judgements_is_named(tmp_path, text, message):
    (tmp_path / "qrels.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_qrels(tmp_path / "qrels.txt")


def test_judgements_and_runs_of_other_tools_are_read(tmp_path):
    text = "\ufeffqid Q0 docid rel\r\nq1\tQ0\ta/1\t1.0\r\n\r\nq1  0 007 -1\r\nq2 0 b 3\r\n\r\n"
    (tmp_path / "qrels.txt").write_text(text, encoding="utf-8", newline="")
    assert read_qrels(tmp_path / "qrels.txt") == {"q1": {"a/1": 1, "007": -1}, "q2": {"b": 3}}
    run = "\ufeffq1\tQ0\ta/1\t1\t2e1\tt\r\nq1 Q0 007 2 -.5 t\r\n\r\n \n"
    path = write_gzip(tmp_path / "x.run.gz", run)
    assert dict(iterate_run(path)) == {"q1": {"a/1": 20.0, "007": -0.5}}


def test_queries_keep_line_breaks_of_unicode_inside_their_text(tmp_path):
    (tmp_path / "q.tsv").write_text("1\tone\u2028two\n2\tthree\n", encoding="utf-8")
    assert read_queries(tmp_path / "q.tsv") == {"1": "one\u2028two", "2": "three"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 one\n", ":1: 1 tab-separated columns, expected 2"),
        ("1\ta\n1\tb\n", ":2: query 1 was given before"),
    ],
)
def test_a_bad_line_of_queries_is_named(tmp_path, text, message):
    (tmp_path / "q.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_queries(tmp_path / "q.tsv")


RESULT_COLUMNS = ["query_id", "metric", "value", "exact_value", "exact_recall"]


def test_an_approximate_run_is_held_against_the_exact_one():
    ranked = {f"p{n}": 1000.0 - n for n in range(150)}
    run = {name: score for name, score in ranked.items() if name not in ("p0", "p1", "p120")}
    qrels = {"q1": {"p1": 1}, "q2": {"p2": 1}, "q3": {"p3": 1}}
    exact = {"q1": ranked, "q3": ranked}
    table = score_run([("q1", run), ("q2", run)], qrels, exact=exact).table.set_index("query_id")
    assert table["value"].tolist() == [0, 1, 0]
    assert table["exact_value"].dropna().to_dict() == {"q1": 0.5, "q3": 0.25}
    # Of p0 to p99 the run has all but two among its first hundred; nothing was found for q3.
    assert table["exact_recall"].dropna().to_dict() == {"q1": 0.98, "q3": 0.0}


def literal_rankc(one, other):
    """The formula as it stands in arXiv 2310.10378, section 3, for one query."""
    n = len(one)
    total = 0.0
    for j in range(1, n + 1):
        weight = math.exp(n - j) / sum(math.exp(n - k) for k in range(1, n + 1))
        total += weight * len(set(one[:j]) & set(other[:j])) / j
    return total


@pytest.mark.parametrize("seed", range(20))
def test_rankc_is_the_formula(seed):
    rng = np.random.default_rng(seed)
    names = [f"p{n}" for n in range(30)]
    one, other = rng.permutation(names).tolist(), rng.permutation(names).tolist()
    assert consistency(one, other) == pytest.approx(literal_rankc(one, other), rel=1e-9)
    # Candidates beyond the ranks that are looked at weigh nothing.
    longer, shuffled = [[*ranking, *map(str, range(40))] for ranking in (one, other)]
    assert consistency(longer, shuffled) == pytest.approx(literal_rankc(one, other), rel=1e-9)


def test_rankc_is_a_metric_of_every_query():
    pivot = {"q1": ["a", "b"], "q2": ["b", "a"], "q3": ["a", "b"]}
    found = [("q1", {"a": 2.0, "b": 1.0}), ("q2", {"a": 2.0, "b": 1.0})]
    rankc = values(score_run(found, QRELS, pivot=pivot), "rankc")
    # Of two candidates the first weighs e / (e + 1).
    assert rankc == pytest.approx({"q1": 1.0, "q2": 1 / (math.e + 1), "q3": 0.0})


@pytest.mark.parametrize("seed", range(3))
def test_the_metrics_are_those_of_ranx(seed):
    rng = np.random.default_rng(seed)
    names = [f"p{n}" for n in range(200)]
    qrels, run = {}, {}
    for query in range(30):
        judged = rng.choice(names, 12, replace=False).tolist()
        qrels[f"q{query}"] = {
            name: int(grade) for name, grade in zip(judged, [1] * 8 + [0] * 4, strict=True)
        }
        order = rng.permutation(names)[: rng.integers(1, 200)].tolist()
        run[f"q{query}"] = {name: float(200 - rank) for rank, name in enumerate(order)}
    pairs = {
        **{"map": "map", "recip_rank": "mrr", "ndcg_cut_10": "ndcg@10"},
        **{"ndcg_cut_20": "ndcg@20", "recall_100": "recall@100", "P_10": "precision@10"},
    }
    scores = score_run(run.items(), qrels, list(pairs))
    found = evaluate(Qrels(qrels), Run(run), list(pairs.values()), return_mean=False)
    for ours, theirs in pairs.items():
        expected = dict(zip(sorted(qrels), found[theirs], strict=True))
        assert values(scores, ours) == pytest.approx(expected)


def test_score_run_writes_the_columns_that_compare_gap_reads(tmp_path):
    write_run(tmp_path / "x.run.gz", [("q1", {"a": 1.0})], "optical")
    (tmp_path / "qrels.txt").write_text("q1 0 a 1\nq2 0 b 1\n")
    (tmp_path / "doubtful.txt").write_text("q2\n")
    labels = {
        **{"study": "s", "student": "small", "teacher": "small", "method": "optical"},
        **{"language": "sw", "collection": "c", "seed": 3},
    }
    score_run_program.main(
        run=tmp_path / "x.run.gz",
        qrels=tmp_path / "qrels.txt",
        doubtful=tmp_path / "doubtful.txt",
        metrics=["map"],
        output=tmp_path / "x.scores.parquet",
        **labels,
    )
    table = pd.read_parquet(tmp_path / "x.scores.parquet")
    assert list(table.columns) == [*labels, *RESULT_COLUMNS, "doubtful"] == list(SCORE_COLUMNS)
    assert table["doubtful"].tolist() == [False, True]
    assert table[list(labels)].drop_duplicates().to_dict("records") == [labels]
    assert table["value"].tolist() == [1.0, 0.0]
