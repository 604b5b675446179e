"""Grades of judgements as users' files have them, from the reader to the scores."""

import math

import numpy as np
import pytest
from ranx import Qrels, Run, evaluate

from judged_sets import LAYOUTS, collection, described, prepared, qrels_text, scored
from optical.corpora import mmarco, msmarco, registry
from optical.corpora.qrels import blank_lines, grade_of
from optical.evaluation.scoring import is_defined, score_run
from optical.runtime.errors import InputError

# --- grades --------------------------------------------------------------------------------------

GRADED = [("q1", "a", 2), ("q1", "b", 1), ("q1", "c", 0), ("q2", "d", 3), ("q2", "a", -1)]
RANKED = {"q1": ["c", "b", "a", "d"], "q2": ["a", "d", "b"]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_grades_come_from_the_file_to_the_scores(tmp_path, layout):
    made = prepared(collection(tmp_path / "own", GRADED, layout), layout)
    expected = "q1 0 a 2\nq1 0 b 1\nq1 0 c 0\nq2 0 d 3\nq2 0 a -1\n"
    assert (made / "qrels.txt").read_text() == expected
    metrics = ("ndcg_cut_10", "map", "bpref", "judged_2")
    values = scored(made, RANKED, metrics)
    # Gains are the grades: 1 at rank 2 and 2 at rank 3, against 2 at rank 1 and 1 at rank 2.
    ndcg = (1 / math.log2(3) + 2 / 2) / (2 + 1 / math.log2(3))
    assert values["ndcg_cut_10"] == pytest.approx({"q1": ndcg, "q2": 1 / math.log2(3)})
    assert values["map"] == pytest.approx({"q1": (1 / 2 + 2 / 3) / 2, "q2": 1 / 2})
    # c is judged not relevant and stands above both; -1 counts as no judgement.
    assert values["bpref"] == {"q1": 0.0, "q2": 1.0}
    assert values["judged_2"] == {"q1": 1.0, "q2": 1.0}


def test_the_least_relevant_grade_is_for_the_metrics_without_grades(tmp_path):
    made = prepared(collection(tmp_path / "own", [*GRADED, ("q2", "c", 1)]))
    metrics = ["map", "recip_rank", "Rprec", "P_2", "recall_2", "success_2", "map_cut_2", "bpref"]
    one, two = (scored(made, RANKED, [*metrics, "ndcg"], level=level) for level in (1, 2))
    assert two.pop("ndcg") == one.pop("ndcg")
    # Of q1 only a is relevant now, at rank 3; b and c are judged and are not.
    assert {metric: value["q1"] for metric, value in two.items()} == pytest.approx(
        {**dict.fromkeys(metrics, 0.0), "map": 1 / 3, "recip_rank": 1 / 3}
    )
    assert one["map"]["q1"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert "Grades are 3, 2, 1, 0, -1; 2 and more is relevant" in described(made, level=2)[0]


def test_a_query_without_a_passage_of_the_least_grade_counts_for_ndcg_alone(tmp_path):
    made = prepared(collection(tmp_path / "own", [("q1", "a", 2), ("q2", "d", 1)]))
    values = scored(made, RANKED, ["map", "ndcg"], level=2)
    assert set(values["map"]) == {"q1"}
    assert set(values["ndcg"]) == {"q1", "q2"}
    with pytest.raises(InputError, match="no relevant passage, which takes a grade of 3"):
        scored(made, RANKED, ["map", "ndcg"], level=3)


def test_the_judgements_of_a_campaign_keep_what_is_not_relevant(tmp_path):
    (tmp_path / "qrels.txt").write_text("1 0 LA010194-0001 1\n1 0 LA010194-0002 0\n\n")
    found = list(registry.collection("clef").judgements(tmp_path))
    assert found == [("C001", "LA010194-0001", 1), ("C001", "LA010194-0002", 0)]


RANX = {
    **{"map": "map-l{}", "recip_rank": "mrr-l{}", "recall_20": "recall@20-l{}"},
    **{"P_10": "precision@10-l{}", "success_5": "hit_rate@5-l{}", "Rprec": "r-precision-l{}"},
    **{"ndcg": "ndcg", "ndcg_cut_10": "ndcg@10", "map_cut_20": "map@20-l{}"},
}


def random_collection(seed, grades=(0, 1, 2, 3)):
    """Judgements of random grades, some of passages that are not ranked, and rankings."""
    rng = np.random.default_rng(seed)
    names = [f"p{n}" for n in range(150)]
    qrels, run = {}, {}
    for query in range(25):
        judged = rng.choice(names, 30, replace=False).tolist()
        drawn = [max(grades), *rng.choice(grades, 29).tolist()]
        qrels[f"q{query:02}"] = dict(zip(judged, drawn, strict=True))
        order = rng.permutation(names)[: rng.integers(1, 150)].tolist()
        run[f"q{query:02}"] = {name: float(200 - rank) for rank, name in enumerate(order)}
    return qrels, run


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_metrics_of_graded_collections_are_those_of_ranx(level):
    qrels, run = random_collection(level)
    table = score_run(run.items(), qrels, list(RANX), relevance_level=level).table
    names = [name.format(level) for name in RANX.values()]
    found = evaluate(Qrels(qrels), Run(run), names, return_mean=False)
    for ours, theirs in zip(RANX, names, strict=True):
        values = table[table["metric"] == ours].set_index("query_id")["value"].sort_index()
        assert values.to_numpy() == pytest.approx(found[theirs]), ours


def literal_bpref(judged, ranking, level):
    """Buckley and Voorhees (SIGIR 2004), as trec_eval has it since version 8."""
    relevant = {name for name, grade in judged.items() if grade >= level}
    others = {name for name, grade in judged.items() if 0 <= grade < level}
    above, total = 0, 0.0
    for name in ranking:
        above += name in others
        if name in relevant:
            bound = min(len(relevant), len(others))
            total += 1 - min(above, bound) / bound if above else 1
    return total / len(relevant)


@pytest.mark.parametrize("level", [1, 2])
def test_bpref_and_judged_are_their_formulas(level):
    qrels, run = random_collection(level, grades=(-2, -1, 0, 1, 2))
    table = score_run(run.items(), qrels, ["bpref", "judged_10"], relevance_level=level).table
    table = table.set_index(["metric", "query_id"])["value"]
    for query, judged in qrels.items():
        ranking = list(run[query])
        bpref = literal_bpref(judged, ranking, level)
        assert table["bpref", query] == pytest.approx(bpref)
        share = np.mean([name in judged for name in ranking[:10]])
        assert table["judged_10", query] == pytest.approx(share)


# --- what needs passages that are judged not relevant --------------------------------------------


@pytest.mark.parametrize(
    ("judgements", "level", "defined"),
    [
        ([("q1", "a", 1), ("q2", "d", 1)], 1, False),
        ([("q1", "a", 1), ("q2", "d", 1), ("q2", "a", -1)], 1, False),
        ([("q1", "a", 1), ("q2", "d", 1), ("q2", "a", 0)], 1, True),
        ([("q1", "a", 1), ("q2", "d", 2)], 2, True),
        ([("q1", "a", 2), ("q2", "d", 2)], 2, False),
    ],
)
def test_bpref_is_left_out_and_said_where_nothing_is_judged_not_relevant(
    tmp_path, capsys, judgements, level, defined
):
    made = prepared(collection(tmp_path / "own", judgements))
    values = scored(made, RANKED, ["map", "bpref"], level=level)
    assert ("bpref" in values) == defined
    told = "bpref left out: no passage is judged not relevant" in capsys.readouterr().err
    doubts = described(made, ("map", "bpref"), level)[1]
    assert told == ("bpref is not defined" in doubts) == (not defined)
    assert "bpref" not in described(made, ("map",), level)[1]


def test_only_bpref_needs_them():
    qrels = {"q1": {"a": 1}}
    undefined = [name for name in ("map", "ndcg", "P_10", "bpref") if not is_defined(name, qrels)]
    assert undefined == ["bpref"]


# --- what is a grade -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "grade"),
    [("1.0", 1), ("2.00", 2), ("3.", 3), ("-1.0", -1), ("+1", 1), ("0.0", 0), ("007", 7)],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_whole_float_is_a_grade(tmp_path, layout, text, grade):
    folder = collection(tmp_path, [("q1", "a", text)], layout)
    assert list(registry.collection(f"mine:{layout}").judgements(folder)) == [("q1", "a", grade)]


@pytest.mark.parametrize(
    "text", ["0.5", "1.01", "1e0", "nan", "inf", "١", "1_0", "--1", "1,0", "", "1" * 30, "100000"]
)
def test_what_is_no_grade_is_told_with_its_line(tmp_path, text):
    with pytest.raises(InputError, match=r"qrels:7: judgement '.*', expected a whole number"):
        grade_of(text, "qrels", 7)
    if text:
        folder = collection(tmp_path, [("q1", "a", 1), ("q1", "b", text)])
        with pytest.raises(InputError, match=r"qrels\.tsv:3: judgement"):
            list(registry.collection("mine:beir").judgements(folder))


@pytest.mark.parametrize(
    "heading", ["query-id\tcorpus-id\tscore", "qid did Relevance", '"q"\t"d"\t"score"']
)
def test_a_heading_is_no_judgement(tmp_path, heading):
    folder = collection(tmp_path, f"{heading}\nq1\ta\t1\n")
    assert list(registry.collection("mine:beir").judgements(folder)) == [("q1", "a", 1)]
    folder = collection(tmp_path, "topic iteration document rel\nq1 0 a 1\n")
    assert list(registry.collection("mine:msmarco").judgements(folder)) == [("q1", "a", 1)]


# --- blank lines ---------------------------------------------------------------------------------

ONE, TWO = ("q1", "a", 1), ("q2", "d", 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("judgements", "end", "blank"),
    [
        ([ONE, TWO, None], "\r\n", 0),
        ([ONE, TWO, None, None], "\n", 0),
        ([ONE, None, TWO], "\n", 1),
        ([ONE, None, None, TWO, None], "\r\n", 2),
    ],
)
def test_blank_lines_are_skipped_and_inner_ones_counted(
    tmp_path, capsys, layout, judgements, end, blank
):
    folder = collection(tmp_path, qrels_text(layout, judgements, end), layout)
    made = prepared(folder, layout)
    assert (made / "qrels.txt").read_text() == "q1 0 a 1\nq2 0 d 1\n"
    told = f"qrels.tsv: {blank} blank line{'s' * (blank > 1)} skipped"
    assert (told in capsys.readouterr().err) == bool(blank)


def test_every_reader_of_judgements_skips_them(tmp_path):
    text = "1\t0\tp1\t1.0\n \t \n2\t0\tp1\t1\n\n"
    for name in ("qrels.dev.tsv", "qrels.train.tsv", "qrels.txt"):
        (tmp_path / name).write_text(text.replace("p1", "LA1") if name == "qrels.txt" else text)
        assert len(list(blank_lines(tmp_path / name))) == 1
    assert [one.query for one in mmarco.judgements(tmp_path)] == ["1", "2"]
    of_training = msmarco.read_judgements(tmp_path / "qrels.train.tsv", {"1": "", "2": ""})
    assert of_training == {"1": ["p1"], "2": ["p1"]}
    (tmp_path / "qrels.train.tsv").unlink()
    (tmp_path / "qrels.dev.tsv").unlink()
    source = registry.collection("clef")
    assert [one.query for one in source.judgements(tmp_path)] == ["C001", "C002"]
    assert "1 blank line skipped" in list(source.remarks(tmp_path))[1]
