"""A cross-encoder's scores, in every shape that they are published in.

Hard negatives are among the scored passages, without those that the scores call relevant.
"""

import gzip
import json
import pickle

import pandas as pd
import pytest

import prepare_training_set
from optical.corpora import msmarco, registry
from optical.corpora.scored_negatives import scored_negatives
from optical.corpora.scores import scored_queries
from optical.corpora.training_files import write_training_set
from optical.runtime.errors import InputError
from optical.training.training_set import read_examples

# By query the scored passages: q0's relevant passage p0 is third, q1's is p1 and, judged too, p2.
LISTS = {
    "q0": {"p4": 0.5, "p5": 3.0, "p0": 2.0, "p6": 1.999},
    "q1": {"p1": 4.0, "p2": 1.0, "p4": 0.5, "p6": 2.0},
    "q2": {"p4": 9.0, "p3": 8.0},
    "q3": {"p1": 1.0},
}
TRIPLES = [(query, passage, score) for query, of in LISTS.items() for passage, score in of.items()]


def json_lines(lists):
    return "".join(json.dumps([q, *([p, s] for p, s in of.items())]) + "\n" for q, of in lists)


def frame(lists, as_text=None):
    values = {"query_id": list(lists)}
    for name, read in (("document_ids", dict.keys), ("scores", dict.values)):
        rows = [list(read(of)) for of in lists.values()]
        values[name] = [as_text(row) for row in rows] if as_text else rows
    return pd.DataFrame(values)


def zipped(path, lists):
    path.write_bytes(gzip.compress(json_lines(lists.items()).encode()))


def text_triples(path, lists):
    path.write_text("".join(f"{q}\t{p}\t{s}\n" for q, of in lists.items() for p, s in of.items()))


def parts(path, lists):
    """Triples in two files of a folder, the relevant passage of q0 in the second."""
    path.mkdir()
    names = ["query_id", "passage_id", "score"]
    rows = [(q, p, s) for q, of in lists.items() for p, s in of.items()]
    for number, part in enumerate((rows[:2], rows[2:])):
        pd.DataFrame(part, columns=names).to_parquet(path / f"train-{number}.parquet")


SHAPES = {
    "gzipped JSON lines": zipped,
    "JSON lines": lambda path, lists: path.write_text(json_lines(lists.items())),
    "parquet of lists": lambda path, lists: frame(lists).to_parquet(path),
    "parquet of lists as JSON": lambda path, lists: frame(lists, json.dumps).to_parquet(path),
    "parquet of lists as Python": lambda path, lists: frame(lists, repr).to_parquet(path),
    "parquet of triples in a folder": parts,
    "tab-separated triples": text_triples,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_published_shape_has_the_same_scores(tmp_path, shape):
    SHAPES[shape](tmp_path / "scores", LISTS)
    found = [
        (scored.query, passage, score)
        for scored in scored_queries(tmp_path / "scores")
        for passage, score in scored.passages
    ]
    assert found == TRIPLES


@pytest.mark.parametrize("shape", ["gzipped JSON lines", "parquet of lists"])
def test_ids_may_be_numbers(tmp_path, shape):
    SHAPES[shape](tmp_path / "scores", {7: {11: 1.0, 12: -2}})
    (found,) = scored_queries(tmp_path / "scores")
    assert (found.query, found.passages) == ("7", [("11", 1.0), ("12", -2.0)])


def test_rows_stream(tmp_path):
    """The first are there before a fault that comes later is met."""
    (tmp_path / "scores").write_text('[1, [2, 0.5]]\n[1, [3, "high"]]\n')
    rows = scored_queries(tmp_path / "scores")
    assert next(rows).passages == [("2", 0.5)]
    with pytest.raises(InputError, match="scores:2: score 'high', expected a number"):
        next(rows)


TEXTS = {
    "": "scores: no score in it; expected a line",
    '[1, [2, 0.5]]\n{"qid": 1}\n': r"scores:2: '{\"qid\": 1}', expected \[query id, \[passage id",
    "[1, 2, 0.5]\n": r"scores:1: '\[1, 2, 0.5\]', expected \[query id, \[passage id",
    "[1, [2, NaN]]\n": "scores:1: score nan, expected a number",
    "[1, [2, null]]\n": "scores:1: score None, expected a number",
    "[1, [[2], 1.0]]\n": r"scores:1: id \[2\], expected a text or a whole number",
    "1\t2 3\t0.5\n": "scores:1: id '2 3' is empty or has white space",
    '[1, ["", 0.5]]\n': "scores:1: id '' is empty or has white space",
    "[1, [2, 0.5]\n": r"scores:1: '\[1, \[2, 0.5\]', expected \[query id",
    "[" * 100_000: r"scores:1: .*\.\.\.', expected \[query id",
    '{"qid": 1, "pos": []}\n': "scores:1: 1 tab-separated columns, expected 3; or expected a line",
    "1\t2\tnan\n": "scores:1: score 'nan', expected a number",
    "1\t2\t0.5\n1\t2\n": "scores:2: 2 tab-separated columns, expected 3",
}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20].strip() or "nothing")
def test_a_bad_text_is_told_with_its_line(tmp_path, text):
    (tmp_path / "scores").write_text(text)
    with pytest.raises(InputError, match=TEXTS[text]):
        list(scored_queries(tmp_path / "scores"))


ROW = {"query_id": ["q0"], "document_ids": [["p0", "p1"]], "scores": [[1.0, 2.0]]}
TABLES = {
    "columns query, text; expected query_id, document_ids, scores, or query_id, passage_id": {
        "query": ["q0"],
        "text": ["t"],
    },
    "row 1: 2 passages but 1 scores": ROW | {"scores": [[1.0]]},
    "row 1: score None, expected a number": ROW | {"scores": [[1.0, None]]},
    "row 1: score nan, expected a number": ROW | {"scores": ["[1.0, NaN]"]},
    "row 1: 'p0 p1', expected a list": ROW | {"document_ids": ["p0 p1"]},
    "row 1: .__import__.*, expected a list": ROW | {"document_ids": ["__import__('os').getcwd()"]},
    "row 1: id None, expected": ROW | {"query_id": [None]},
    "row 2: score inf, expected a number": {
        "query_id": ["q0", "q0"],
        "passage_id": ["p0", "p1"],
        "score": [1.0, float("inf")],
    },
}


@pytest.mark.parametrize("message", TABLES)
def test_a_bad_table_is_told_with_its_row(tmp_path, message):
    pd.DataFrame(TABLES[message]).to_parquet(tmp_path / "scores")
    with pytest.raises(InputError, match=f"scores: {message}"):
        list(scored_queries(tmp_path / "scores"))


def test_damaged_pages_are_told(tmp_path):
    SHAPES["parquet of triples in a folder"](tmp_path / "scores", LISTS)
    for path in (tmp_path / "scores").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[:30] + bytes(30) + data[60:])
    with pytest.raises(
        InputError, match=r"train-0\.parquet: not a parquet file, or a damaged one: "
    ):
        list(scored_queries(tmp_path / "scores"))


def test_a_file_of_another_kind_is_told(tmp_path):
    path = tmp_path / "scores"
    for content, message in (
        (pickle.dumps({1: {2: 0.5}}), "scores: a pickle, which can run programs and is not read"),
        (gzip.compress(pickle.dumps({1: {2: 0.5}})), "scores: a pickle"),
        (b"PAR1" + bytes(40), "scores: not a parquet file"),
        (gzip.compress(b"[1, [2, 0.5]]\n" * 9999)[:-20], "scores: not a whole compressed file"),
        (b"\xff\xfe1\t2", "scores:1: not UTF-8 text"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            list(scored_queries(path))
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="scores: no file in it"):
        list(scored_queries(path))


# --- what they make of a training set ------------------------------------------------------------

RELEVANT = {"q0": ["p0"], "q1": ["p1", "p2", "p7"], "q2": ["p3"], "q4": ["p5"]}
QUERIES = dict.fromkeys(["q0", "q1", "q2", "q3", "q4"], "text")


def chosen(path, lists=LISTS, *, margin=0.0, most=16, shape="gzipped JSON lines"):
    SHAPES[shape](path, lists)
    return scored_negatives(path, RELEVANT, QUERIES, margin=margin, most=most)


@pytest.mark.parametrize("shape", SHAPES)
def test_passages_that_score_as_a_relevant_one_does_are_no_negatives(tmp_path, shape):
    found = chosen(tmp_path / "scores", shape=shape)
    assert found.relevant == {"q0": ["p0"], "q1": ["p1", "p2"]}
    # p5 beats p0. p6 beats p2, the lower of the two that are relevant to q1. So q2 has none left.
    assert {query: set(names) for query, names in found.negatives.items()} == {
        "q0": {"p4", "p6"},
        "q1": {"p4"},
    }
    assert found.left_out == {
        "relevant passages without a score": 2,
        "queries whose relevant passages have no score": 1,
        "hard negatives that the scores call relevant": 3,
        "queries without a hard negative": 1,
    }
    for query, scores in found.scores.items():
        names = found.relevant[query] + found.negatives[query]
        assert list(scores) == [LISTS[query][name] for name in names]


def test_a_margin_drops_what_is_hardly_below(tmp_path):
    found = chosen(tmp_path / "scores", margin=0.1)
    assert found.negatives == {"q0": ["p4"], "q1": ["p4"]}
    assert found.left_out["hard negatives that the scores call relevant"] == 4


def test_the_sample_does_not_depend_on_order_or_shape(tmp_path):
    many = {"q0": {"p0": 100.0} | {f"n{at}": float(at) for at in range(60)}}
    first = chosen(tmp_path / "one", many).negatives["q0"]
    turned = {"q0": dict(reversed(many["q0"].items()))}
    assert chosen(tmp_path / "two", turned, shape="tab-separated triples").negatives["q0"] == first
    assert len(first) == len(set(first)) == 16
    # A sample of all, neither the first nor the best.
    assert not {*first} <= {*list(many["q0"])[:32]}
    assert not {*first} <= {*list(many["q0"])[32:]}


def test_a_pair_may_come_again_with_its_score_and_no_other(tmp_path):
    """Triples name the relevant passage once with each other."""
    rows = [*TRIPLES, ("q0", "p0", 2.001), ("q0", "p4", 0.5)]
    text = "".join(f"{query}\t{passage}\t{score}\n" for query, passage, score in rows)
    (tmp_path / "scores").write_text(text)
    found = scored_negatives(tmp_path / "scores", RELEVANT, QUERIES, margin=0.0, most=16)
    assert sorted(found.negatives["q0"]) == ["p4", "p6"]
    for passage, before in (("p0", 2.0), ("p4", 0.5)):
        (tmp_path / "scores").write_text(f"{text}q0\t{passage}\t-1.5\n")
        message = f"scores:14: score -1.5 of query q0 with passage {passage}, which had {before}"
        with pytest.raises(InputError, match=message):
            scored_negatives(tmp_path / "scores", RELEVANT, QUERIES, margin=0.0, most=16)


def test_scores_of_other_queries_are_told(tmp_path):
    with pytest.raises(InputError, match=r"scores:5: query q9 is not in queries\.train\.tsv; exp"):
        chosen(tmp_path / "scores", LISTS | {"q9": {"p0": 1.0}})
    with pytest.raises(InputError, match="other: no score of a query with its relevant passage"):
        chosen(tmp_path / "other", {"q0": {"p5": 1.0}})


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "source"
    path.mkdir()
    (path / "collection.tsv").write_text("".join(f"p{at}\tpassage {at}\n" for at in range(8)))
    (path / "queries.train.tsv").write_text("".join(f"q{at}\tquery {at}\n" for at in range(5)))
    (path / "qrels.train.tsv").write_text(
        "".join(f"{query}\t0\t{name}\t1\n" for query, names in RELEVANT.items() for name in names)
    )
    # Not read where there are scores: it names no passage that there is.
    (path / "negatives.tsv").write_text("q0\tp99\n")
    return path


def test_a_teacher_reads_the_scores_of_what_it_is_trained_on(folder, tmp_path):
    zipped(tmp_path / "scores", LISTS)
    data = registry.training_set("mmarco", folder, scores=tmp_path / "scores")
    counts = write_training_set(tmp_path / "out", data)
    assert counts == {"queries": 2, "judgements": 3, "negatives": 3, "passages": 5, "scores": 6}
    examples = read_examples(tmp_path / "out", negatives=2, scored=True)
    for row in examples:
        texts = (row["positive"], row["negative_1"], row["negative_2"])
        of = LISTS[f"q{row['query'][-1]}"]
        assert row["label"] == [of[f"p{text[-1]}"] for text in texts]
    assert sorted(row["query"] for row in examples) == ["query 0", "query 1", "query 1"]


def test_what_was_dropped_is_counted_in_the_table_of_the_training_set(folder, tmp_path, capsys):
    zipped(tmp_path / "scores", LISTS)
    prepare_training_set.main(
        source=("msmarco", folder),
        scores=tmp_path / "scores",
        output=tmp_path / "out",
        counts=tmp_path / "counts.csv",
    )
    line = "left out: hard negatives that the scores call relevant"
    assert f"{line},3\n" in (tmp_path / "counts.csv").read_text()
    assert f"3 {line}\n" in capsys.readouterr().err


def test_a_scored_passage_that_is_not_there_is_told_by_its_place(folder, tmp_path):
    zipped(tmp_path / "scores", LISTS | {"q1": {"p1": 4.0, "p99": 1.0, "p2": 3.0}})
    data = msmarco.training_set(folder, scores=tmp_path / "scores")
    with pytest.raises(InputError, match=r"scores:2: passage p99, which is not in .*collection"):
        write_training_set(tmp_path / "out", data)
    assert not (tmp_path / "out").exists()
