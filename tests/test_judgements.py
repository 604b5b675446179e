"""Judgements of passages and queries that are not there, and queries that nobody judged."""

import pandas as pd
import pytest

import compare_gap
from judged_sets import LAYOUTS, QUERIES, collection, described, prepared, scored
from optical.corpora import registry
from optical.evaluation.scores import SCORE_COLUMNS, common_queries
from optical.runtime.errors import InputError

# --- passages that are not there -----------------------------------------------------------------


ONE, TWO = ("q1", "a", 1), ("q2", "d", 1)
RANKED = {"q1": ["c", "b", "a", "d"], "q2": ["a", "d", "b"]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_judgement_of_an_absent_passage_is_kept_as_not_found(tmp_path, capsys, layout):
    judgements = [ONE, ("q1", "gone", 1), TWO, ("q2", "lost", 0)]
    made = prepared(collection(tmp_path, judgements, layout), layout)
    told = "warning: judgements of passages that are not there: 2, 1 of them relevant"
    log = capsys.readouterr().err
    assert told in log
    assert "; query q1 is judged for gone, which is no passage" in log
    # The one that is there stands first, and is half of what is relevant.
    values = scored(made, {"q1": ["a"], "q2": ["d"]}, ["map", "recall_100"])
    assert values == {metric: {"q1": 0.5, "q2": 1.0} for metric in ("map", "recall_100")}
    assert "Judgements of passages that are not there: 2, 1 of them" in described(made)[1]


def test_a_query_whose_only_passage_is_absent_scores_0(tmp_path):
    made = prepared(collection(tmp_path, [ONE, ("q2", "gone", 1)]))
    assert scored(made, RANKED, ["map"])["map"] == pytest.approx({"q1": 1 / 3, "q2": 0.0})


def test_judgements_know_a_text_that_is_cut_into_windows(tmp_path):
    made = prepared(collection(tmp_path, [ONE, ("q1", "a#0", 1), TWO]), words=1)
    assert "Judgements of passages that are not there: 1, " in described(made)[1]


@pytest.mark.parametrize(
    "judgements", [[("q1", "x", 1)], [("q1", "a", 0), ("q1", "x", 1)], [("q1", "a", 0)]]
)
def test_nothing_relevant_that_is_there_is_one_line(tmp_path, judgements):
    with pytest.raises(InputError, match=r"^/.*: of 4 passages none is judged relevant: "):
        prepared(collection(tmp_path, judgements))


def test_ids_with_a_slash_are_not_mistaken_for_others(tmp_path):
    judgements = [("a/b", "c", 1), ("a", "b/c", 1)]
    queries = {"a/b": "boat", "a": "heron"}
    made = prepared(collection(tmp_path, judgements, texts={"c": "x", "b/c": "y"}, queries=queries))
    assert (made / "qrels.txt").read_text() == "a/b 0 c 1\na 0 b/c 1\n"


# --- files of judgements as others write them ----------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\nquery-id\tcorpus-id\tscore\nq1\ta\t1\n",
        '"query-id"\t"corpus-id"\t"score"\nq1\ta\t1\n',
        "qid docid Relevant\nq1 a 1\n",
        "q1\ta\t1\n\t\t\n",
        "\ufeff \t\r\nq1\ta\t1\r\n\u200b\r\n",
    ],
)
def test_headings_and_blank_lines_are_no_judgements(tmp_path, text):
    (tmp_path / "qrels.tsv").write_text(text, encoding="utf-8", newline="")
    found = list(registry.collection("mine:beir").judgements(tmp_path))
    assert found == [("q1", "a", 1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q1\ta\t1\nq 2\ta\t1\n", r"qrels\.tsv:2: id 'q 2' is empty or has white space"),
        ("q1\t\t1\n", r"qrels\.tsv:1: id '' is empty"),
        ("q1\ta\x01\t1\n", r"qrels\.tsv:1: id 'a\\x01' is empty or has white space or control"),
        ("q1,a,1\n", r"qrels\.tsv:1: 1 columns, expected 3 between tabs or white space: query, "),
        ("", r"qrels\.tsv: no judgement in it"),
        ("query-id\tcorpus-id\tscore\n", r"qrels\.tsv: no judgement in it"),
    ],
)
def test_a_bad_file_of_judgements_is_one_line_with_its_place(tmp_path, text, message):
    (tmp_path / "qrels.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        list(registry.collection("mine:beir").judgements(tmp_path))


# --- queries that are not there, or not judged ---------------------------------------------------


def test_a_judged_query_that_is_not_there_is_not_scored(tmp_path, capsys):
    made = prepared(collection(tmp_path, [ONE, TWO], queries={"q1": "heron"}))
    assert "warning: judged, but not there in sw: 1 (q2)" in capsys.readouterr().err
    assert scored(made, {"q1": ["a"]}, ["map"])["map"] == {"q1": 1.0}
    assert "1 not asked (left out)" in capsys.readouterr().err
    told = "not there or have no text: 1 in sw. Scores of all languages are over queries that every"
    assert f"{told} language has: 1." in described(made)[1]


def test_queries_that_nothing_is_judged_for_are_left_out_and_counted(tmp_path, capsys):
    queries = QUERIES | {"q3": "boat", "q4": "river", "q5": "reeds"}
    made = prepared(collection(tmp_path, [ONE, TWO, ("q3", "a", 0)], queries=queries))
    assert (made / "sw.tsv").read_text() == "q1\theron\nq2\tdam\n"
    told = "left out: 2 queries without a judgement, 1 without a relevant passage"
    assert told in capsys.readouterr().err
    facts, doubts = described(made)
    assert "without a judgement, left out: 2 in sw" in facts
    assert "without a relevant passage, left out: 1 in sw" in facts
    assert "3 judged queries, 2 of them with a relevant passage" in facts
    assert doubts == ""


def test_queries_of_other_ids_are_one_line(tmp_path):
    message = r"no query has a text and a relevant passage: queries such as 'x1', .* \(q1, q2\)"
    with pytest.raises(InputError, match=message):
        prepared(collection(tmp_path, [ONE, TWO], queries={"x1": "heron"}))


def rows_of(language, queries, collection="c", method="zero_shot", seed=0):
    return [
        ("s", "small", "small", method, language, collection, seed, query, "map", value)
        + (float("nan"), float("nan"), False)
        for query, value in queries.items()
    ]


def test_languages_are_compared_over_the_queries_that_all_have(tmp_path):
    rows = [
        *rows_of("en", {"q1": 1.0, "q2": 0.5, "q3": 1.0}),
        *rows_of("fr", {"q1": 0.5, "q2": 0.5}),
        *rows_of("sw", {"q2": 0.25, "q3": 1.0}),
        # Another collection has its own queries and languages.
        *rows_of("en", {"q1": 1.0}, "other"),
        *rows_of("fr", {"q1": 0.5, "q9": 0.5}, "other"),
    ]
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    common = common_queries(scores)
    found = {key: set(of["query_id"]) for key, of in common.groupby(["collection", "language"])}
    assert found == {
        **{("c", language): {"q2"} for language in ("en", "fr", "sw")},
        **{("other", language): {"q1"} for language in ("en", "fr")},
    }
    assert compare_gap.common_queries is common_queries
    whole = scores[scores["query_id"] == "q1"]
    pd.testing.assert_frame_equal(common_queries(whole[whole["language"] != "sw"]), whole)


def test_a_method_that_lacks_a_query_is_still_a_fault():
    rows = [*rows_of("en", {"q1": 1.0, "q2": 1.0}), *rows_of("sw", {"q1": 1.0, "q2": 1.0})]
    rows += rows_of("sw", {"q1": 1.0}, method="optical")
    scores = pd.DataFrame(rows, columns=list(SCORE_COLUMNS))
    assert len(common_queries(scores)) == len(scores)


def test_no_query_in_common_is_one_line_with_what_each_language_has():
    rows = [*rows_of("en", {"q1": 1.0, "q2": 1.0, "q3": 0.0}), *rows_of("sw", {"q2": 1.0})]
    rows += [*rows_of("so", {"q1": 1.0, "q3": 1.0}), *rows_of("sw", {"q9": 1.0}, "other")]
    told = r"^c: no query is there in every language, of 1 in sw, 2 in so, 3 in en; expected .*$"
    with pytest.raises(InputError, match=told):
        common_queries(pd.DataFrame(rows, columns=list(SCORE_COLUMNS)))
