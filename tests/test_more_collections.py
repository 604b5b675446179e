"""Belebele, mMARCO and collections of one's own, in the layouts of their sources."""

import gzip
import json

import pytest

from optical.corpora import msmarco, registry
from optical.corpora.records import Passage, Query
from optical.runtime.errors import InputError

# --- Belebele ------------------------------------------------------------------------------------


def question(number, passage, language, link="https://example.org/page"):
    text = f"swali {number}" if language == "sw" else f"question {number}"
    answers = {f"mc_answer{at}": "x" for at in range(1, 5)}
    row = {"link": link, "question_number": number, "flores_passage": passage, "question": text}
    return json.dumps(row | answers | {"correct_answer_num": "1", "dialect": "x", "ds": "2023"})


@pytest.fixture
def belebele(tmp_path):
    for language in ("en", "sw"):
        passages = [f"rain {language}", f"rain {language}", f"snow {language}"]
        links = ["https://example.org/a", "https://example.org/a", "https://example.org/b"]
        lines = [
            question(1 + place % 2, passage, language, link)
            for place, (passage, link) in enumerate(zip(passages, links, strict=True))
        ]
        (tmp_path / f"{language}.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_questions_on_one_passage_find_the_same(belebele):
    source = registry.collection("belebele")
    assert [passage.text for passage in source.passages(belebele)] == ["rain en", "snow en"]
    judged = list(source.judgements(belebele))
    assert [passage for _, passage, _ in judged] == ["p0", "p0", "p1"]
    asked = list(source.queries(belebele, "sw"))
    assert [query.id for query in asked] == [query for query, _, _ in judged]
    assert asked[1].text == "swali 2"


def test_a_line_that_is_no_question_is_told(belebele):
    (belebele / "sw.jsonl").write_text(question(1, "a", "sw") + '\n{"link": "b"}\n')
    with pytest.raises(InputError, match=r"sw\.jsonl:2: not a question of Belebele"):
        list(registry.collection("belebele").queries(belebele, "sw"))


# --- mMARCO --------------------------------------------------------------------------------------


@pytest.fixture
def mmarco(tmp_path):
    (tmp_path / "collection.tsv").write_text("0\tone\n1\ttwo\n2\tthree\n")
    (tmp_path / "de.dev.tsv").write_text("7\teins\n8\tzwei\n9\tnie gefragt\n")
    (tmp_path / "qrels.dev.tsv").write_text("7\t0\t0\t1\n8\t0\t1\t1\n8\t0\t2\t0\n")
    return tmp_path


def test_mmarco_has_queries_and_judgements(mmarco):
    source = registry.collection("mmarco-dev")
    passages, queries = mmarco / "collection.tsv", mmarco / "de.dev.tsv"
    assert next(source.passages(mmarco)) == Passage("0", "0", "one", (passages, 1))
    assert list(source.queries(mmarco, "de"))[:2] == [
        Query("7", "eins", (queries, 1)),
        Query("8", "zwei", (queries, 2)),
    ]
    assert list(source.judgements(mmarco)) == [("7", "0", 1), ("8", "1", 1), ("8", "2", 0)]


@pytest.fixture
def published(tmp_path):
    """A training set with hard negatives as sentence-transformers publishes them."""
    (tmp_path / "collection.tsv").write_text("".join(f"p{at}\ttext {at}\n" for at in range(40)))
    (tmp_path / "queries.train.tsv").write_text("q1\twhat\nq2\twho\n")
    (tmp_path / "qrels.train.tsv").write_text("q1\t0\tp1\t1\n")
    found = {"bm25": ["p1", "p2", "p3"], "tas-b": ["p3", "p4"]}
    lines = [{"qid": "q2", "pos": [], "neg": {}}, {"qid": "q1", "pos": ["p1"], "neg": found}]
    with gzip.open(tmp_path / "negatives.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return tmp_path


def test_published_negatives_are_taken_in_turn_and_never_the_answer(published):
    negatives = list(msmarco.training_set(published).negatives())
    assert negatives == [("q1", "p3"), ("q1", "p2"), ("q1", "p4")]


def test_a_line_without_negatives_is_told(published):
    with gzip.open(published / "negatives.jsonl.gz", "wt") as file:
        file.write('{"qid": "q1"}\n')
    with pytest.raises(InputError, match=r"negatives\.jsonl\.gz:1: expected qid and neg"):
        msmarco.training_set(published)


# --- one's own -----------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    corpus = [{"_id": "p1", "title": "One", "text": "text"}, {"_id": "p2", "text": "two"}]
    asked = [{"_id": "q1", "text": "moja"}, {"_id": "q9", "text": "bila jibu"}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)) + "\n")
    (tmp_path / "queries.sw.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n")
    (tmp_path / "collection.tsv").write_text("p1\tOne text\np2\ttwo\n")
    (tmp_path / "queries.sw.tsv").write_text("q1\tmoja\nq9\tbila jibu\n")
    return tmp_path


FILES = {
    "beir": ("corpus.jsonl", "queries.sw.jsonl"),
    "msmarco": ("collection.tsv", "queries.sw.tsv"),
}
QRELS = {
    "beir": "query-id\tcorpus-id\tscore\nq1\tp1\t2\nq1\tp2\t0\n",
    "msmarco": "q1 0 p1 1\nq1\t0\tp2\t-1\n",
}


@pytest.mark.parametrize("layout", QRELS)
def test_both_layouts_say_the_same(own, layout):
    (own / "qrels.tsv").write_text(QRELS[layout])
    source = registry.collection(f"mine:{layout}")
    passages, queries = FILES[layout]
    assert list(source.passages(own)) == [
        Passage("p1", "p1", "One text", (own / passages, 1)),
        Passage("p2", "p2", "two", (own / passages, 2)),
    ]
    assert list(source.queries(own, "sw")) == [
        Query("q1", "moja", (own / queries, 1)),
        Query("q9", "bila jibu", (own / queries, 2)),
    ]
    assert (
        list(source.judgements(own))
        == {
            "beir": [("q1", "p1", 2), ("q1", "p2", 0)],
            "msmarco": [("q1", "p1", 1), ("q1", "p2", -1)],
        }[layout]
    )


@pytest.mark.parametrize(
    ("layout", "line", "message"),
    [
        ("beir", "q1\tp1", "qrels.tsv:1: 2 columns, expected 3"),
        ("msmarco", "q1 0 p1 yes", "qrels.tsv:1: judgement 'yes'"),
    ],
)
def test_a_faulty_judgement_is_told_with_its_line(own, layout, line, message):
    (own / "qrels.tsv").write_text(f"{line}\n")
    with pytest.raises(InputError, match=message):
        list(registry.collection(f"mine:{layout}").judgements(own))


def test_a_faulty_record_is_told_with_its_line(own):
    (own / "corpus.jsonl").write_text('{"_id": "p1", "text": "a"}\n{"_id": "p2"}\n')
    with pytest.raises(InputError, match=r"corpus\.jsonl:2: expected a JSON object with _id"):
        list(registry.collection("mine:beir").passages(own))
