import re
from collections import Counter
from itertools import count

import pandas as pd
import pytest
from datasets import Dataset

from optical.corpora import msmarco
from optical.corpora.first_rows import TRAINING_FILES
from optical.corpora.records import Passage, Query, TrainingSet
from optical.corpora.training_files import write_training_set
from optical.runtime.errors import InputError
from optical.training.mining import mined_negatives
from optical.training.training_set import read_examples, shared_texts
from trees import ROOT, snakemake, succeeds

FILES = {
    "collection.tsv": "".join(f"p{i}\tpassage {i}\n" for i in range(8)),
    "queries.train.tsv": "".join(f"q{i}\tquery {i}\n" for i in range(5)),
    "qrels.train.tsv": "q0\t0\tp0\t1\nq1\t0\tp1\t1\nq1\t0\tp2\t1\nq2\t0\tp3\t1\nq3\t0\tp4\t0\n",
}


@pytest.fixture
def folder(tmp_path):
    def write(**changes):
        path = tmp_path / "source"
        path.mkdir(exist_ok=True)
        for name, text in (
            FILES | {f"{k.replace('__', '.')}.tsv": v for k, v in changes.items()}
        ).items():
            (path / name).write_text(text)
        return path

    return write


def read(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def written(source, output, limit=None):
    counts = write_training_set(output, msmarco.training_set(source), limit)
    negatives = pd.read_parquet(output / "negatives.parquet")
    return counts, negatives


def test_a_training_set_holds_what_its_queries_need(folder, tmp_path):
    counts, negatives = written(folder(), tmp_path / "out")
    assert counts == {"queries": 3, "judgements": 4, "negatives": 0, "passages": 4, "scores": 0}
    assert list(negatives) == ["query_id", "passage_id"]
    assert {row[0] for row in read(tmp_path / "out" / "queries.tsv")} == {"q0", "q1", "q2"}
    assert ["q1", "0", "p2", "1"] in read(tmp_path / "out" / "qrels.tsv")
    assert read(tmp_path / "out" / "collection.tsv") == [
        [f"p{i}", f"passage {i}"] for i in range(4)
    ]


def test_every_file_that_is_read_is_an_input_of_the_rule(tmp_path):
    (tmp_path / "squad").mkdir()
    for name in TRAINING_FILES:
        (tmp_path / "squad" / name).touch()
    options = ("--configfile", "studies/github-mini.yaml", "--config", f"local={tmp_path}")
    target = "results/github-mini/data/training_set"
    done = succeeds(snakemake(ROOT, "--filegraph", *options, "--", target))
    assert set(re.findall(rf">{tmp_path}/squad/(.*?)<", done.stdout)) == set(TRAINING_FILES)


def test_unjudged_queries_are_counted(folder):
    # One is judged, but for nothing relevant.
    assert msmarco.training_set(folder()).left_out == {
        "queries without a judgement": 1,
        "queries without a relevant passage": 1,
    }


def test_a_bound_takes_queries_with_all_that_is_theirs(folder, tmp_path):
    counts, _ = written(folder(), tmp_path / "out", limit=2)
    assert counts["queries"] == 2
    queries = {row[0] for row in read(tmp_path / "out" / "queries.tsv")}
    qrels = read(tmp_path / "out" / "qrels.tsv")
    assert {row[0] for row in qrels} == queries
    assert {row[2] for row in qrels} == {
        row[0] for row in read(tmp_path / "out" / "collection.tsv")
    }


def test_the_order_of_queries_is_fixed_and_not_that_of_the_file(folder):
    numbers = range(100)
    source = folder(
        queries__train="".join(f"q{i}\tquery {i}\n" for i in numbers),
        qrels__train="".join(f"q{i}\t0\tp1\t1\n" for i in numbers),
    )
    first, second = ([q.id for q in msmarco.training_set(source).queries()] for _ in range(2))
    assert first == second
    assert sorted(first) == sorted(f"q{i}" for i in numbers)
    assert first != [f"q{i}" for i in numbers]


def test_listed_negatives_are_taken_in_their_order(folder, tmp_path):
    listed = "q1\tp7\nq1\tp1\nq1\tp5\nq4\tp6\n"
    counts, negatives = written(folder(negatives=listed), tmp_path / "out")
    # p1 is relevant to q1, and q4 is not trained on.
    assert negatives.to_numpy().tolist() == [["q1", "p7"], ["q1", "p5"]]
    assert counts["passages"] == 6


def test_a_query_has_no_more_negatives_than_the_bound(folder, tmp_path):
    number = msmarco.MOST_NEGATIVES + 5
    source = folder(
        collection="".join(f"p{i}\ttext\n" for i in range(number + 9)),
        negatives="".join(f"q0\tp{i}\n" for i in range(9, number + 9)),
    )
    _, negatives = written(source, tmp_path / "out")
    assert list(negatives.passage_id) == [f"p{i}" for i in range(9, 9 + msmarco.MOST_NEGATIVES)]


def test_negatives_come_from_the_same_article(folder, tmp_path):
    articles = "".join(f"p{i}\t{'left' if i < 4 else 'right'}\n" for i in range(8))
    _, negatives = written(folder(articles=articles), tmp_path / "out")
    found = negatives.groupby("query_id").passage_id.apply(set).to_dict()
    assert found == {"q0": {"p1", "p2", "p3"}, "q1": {"p0", "p3"}, "q2": {"p0", "p1", "p2"}}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "qrels__train",
            "q0\t0\tp0\t1\nq9\t0\tp0\t1\n",
            r"qrels\.train\.tsv:2: query q9 is not in",
        ),
        (
            "qrels__train",
            "q0\t0\tp0\t1\nq1\t0\tp99\t1\n",
            r"qrels\.train\.tsv:2: passage p99, which",
        ),
        ("qrels__train", "q0\t0\tp0\tyes\n", r"qrels\.train\.tsv:1: judgement 'yes'"),
        ("qrels__train", "q0\tp0\t1\n", r"qrels\.train\.tsv:1: 3 columns, expected 4"),
        ("qrels__train", "", r"qrels\.train\.tsv: no relevant passage in it"),
        ("negatives", "q0\tp1\nq0\tp99\n", r"negatives\.tsv:2: passage p99, which is not in"),
        ("negatives", "q9\tp1\n", r"negatives\.tsv:1: query q9 is not in"),
        ("articles", "p0\ta\n", r"articles\.tsv: no article for passage p1"),
        ("articles", "p0\ta\np0\tb\n", r"articles\.tsv:2: passage p0 was given before"),
        ("collection", "p0\ttext\np1\t \n", r"collection\.tsv:2: passage p1 has no text"),
        (
            "collection",
            "p0\ttext\np0\ttext\n",
            r"collection\.tsv:2: passage p0 was given before, in line 1",
        ),
        ("queries__train", "q0\t\n", r"queries\.train\.tsv: no query in it"),
        ("queries__train", "q0\ta\nq0\tb\n", r"queries\.train\.tsv:2: query q0 was .* in line 1"),
    ],
)
def test_a_fault_is_told_by_file_and_line(folder, tmp_path, name, text, message):
    source = folder(**{name: text})
    with pytest.raises(InputError, match=message):
        written(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def endless(**changes):
    streams = {
        "passages": lambda: (Passage(f"p{i}", f"p{i}", "text") for i in count()),
        "queries": lambda: (Query(f"q{i}", "text") for i in count()),
        "judgements": lambda: ((f"q{i}", f"p{i}") for i in count()),
    }
    return TrainingSet(**streams | changes)


def test_an_endless_source_is_bounded(tmp_path):
    counts = write_training_set(tmp_path / "out", endless(), limit=5)
    assert counts == {"queries": 5, "judgements": 5, "negatives": 0, "passages": 5, "scores": 0}


def test_a_query_without_a_judgement_is_refused(tmp_path):
    data = endless(judgements=lambda: iter([("q0", "p0"), ("q2", "p2")]))
    with pytest.raises(InputError, match="without a judgement: 1 .q1."):
        write_training_set(tmp_path / "out", data, limit=3)


def test_a_named_passage_that_is_not_there_is_refused(tmp_path):
    data = endless(passages=lambda: iter([Passage("p0", "p0", "text")]))
    with pytest.raises(InputError, match="named but not there: 1 .p1."):
        write_training_set(tmp_path / "out", data, limit=2)


def test_squad_gives_every_query_a_passage_and_negatives_of_its_article(local_data, tmp_path):
    source = local_data / "squad"
    counts, negatives = written(source, tmp_path / "out", limit=2000)
    assert counts["queries"] == counts["judgements"] == 2000
    article = dict(read(source / "articles.tsv"))
    relevant = {row[0]: row[2] for row in read(tmp_path / "out" / "qrels.tsv")}
    for query, passage in negatives.itertuples(index=False):
        assert article[passage] == article[relevant[query]]
        assert passage != relevant[query]
    assert Counter(negatives.query_id).most_common(1)[0][1] == msmarco.MOST_NEGATIVES
    # A bound takes queries from all over the file, not those of its first articles.
    assert len({article[passage] for passage in relevant.values()}) > 300


def test_hard_negatives_become_columns_and_a_query_with_few_has_some_twice(folder, tmp_path):
    listed = "".join(f"{query}\tp7\n" for query in ("q0", "q1", "q2")) + "q1\tp5\n"
    written(folder(negatives=listed), tmp_path / "out")
    examples = read_examples(tmp_path / "out", negatives=2)
    assert examples.column_names == ["query", "positive", "negative_1", "negative_2"]
    texts = {row["query"]: {row["negative_1"], row["negative_2"]} for row in examples}
    assert sorted(len(found) for found in texts.values()) == [1, 1, 2]
    for row in examples:
        assert row["positive"] not in (row["negative_1"], row["negative_2"])


def test_hard_negatives_that_are_not_there_are_missed(folder, tmp_path):
    written(folder(), tmp_path / "out")
    with pytest.raises(InputError, match="3 queries have no hard negative, such as q0"):
        read_examples(tmp_path / "out", negatives=1)


SCORES = "".join(
    f"q{query}\tp{passage}\t{query - passage / 4}\n" for query in range(4) for passage in range(8)
)


def test_scores_stand_in_the_order_of_the_texts(folder, tmp_path):
    listed = "q0\tp7\nq1\tp5\nq2\tp6\n"
    counts, _ = written(folder(negatives=listed, scores=SCORES), tmp_path / "out")
    # Three judged queries with the seven passages that are named.
    assert counts["scores"] == 21
    examples = read_examples(tmp_path / "out", negatives=1, scored=True)
    found = {row["positive"]: row["label"] for row in examples}
    assert found["passage 0"] == [0.0, -1.75]
    assert found["passage 2"] == [0.5, -0.25]
    # Labels are no texts.
    assert {len(key) for key in shared_texts(examples)} == {3}


def test_a_missing_score_is_missed(folder, tmp_path):
    source = folder(negatives="q0\tp7\nq1\tp5\nq2\tp6\n", scores=SCORES.replace("q2\tp6", "q2\tp5"))
    written(source, tmp_path / "out")
    with pytest.raises(InputError, match="1 of 7 queries with a passage.* such as q2 with p6"):
        read_examples(tmp_path / "out", negatives=1, scored=True)


def test_a_score_is_a_number(folder, tmp_path):
    with pytest.raises(InputError, match=r"scores\.tsv:1: score 'nan', expected a number"):
        written(folder(scores="q0\tp0\tnan\n"), tmp_path / "out")


def test_mined_negatives_share_words_and_are_not_relevant(folder, tmp_path):
    texts = ["red fox", "red fox", "red hen", "blue hen", "old red barn", "grey sky", "sky", "x"]
    source = folder(
        collection="".join(f"p{i}\t{text}\n" for i, text in enumerate(texts)),
        queries__train="q0\tred fox\nq1\tred hen\nq2\tgrey sky\nq3\tx\n",
        qrels__train="q0\t0\tp0\t1\nq1\t0\tp2\t1\nq1\t0\tp3\t1\nq2\t0\tp5\t1\nq3\t0\tp7\t1\n",
        negatives="q0\tp1\nq0\tp4\nq2\tp6\n",
    )
    written(source, tmp_path / "out")
    found = list(mined_negatives(tmp_path / "out", 2))
    by_query = {
        query: [passage for other, passage in found if other == query]
        for query in ("q0", "q1", "q2")
    }
    # p1 is the text of p0, which is relevant, under another id.
    assert by_query == {"q0": ["p2", "p4"], "q1": ["p0", "p1"], "q2": ["p6"]}


def test_mined_negatives_take_the_place_of_given_ones(folder, tmp_path):
    written(folder(negatives="q0\tp7\nq1\tp7\nq2\tp7\n"), tmp_path / "out")
    mined = tmp_path / "mined.parquet"
    rows = [(query, passage) for query in ("q0", "q1", "q2") for passage in ("p3", "p0")]
    pd.DataFrame(rows, columns=["query_id", "passage_id"]).to_parquet(mined)
    examples = read_examples(tmp_path / "out", negatives=1, mined=mined)
    assert set(examples["negative_1"]) <= {"passage 3", "passage 0"}


def test_examples_that_share_a_text_share_a_key():
    examples = Dataset.from_dict({"query": ["a", "b", "c"], "positive": ["x", "y", "x"]})
    first, second, third = map(set, shared_texts(examples))
    assert first & third
    assert not first & second


def test_ids_that_would_change_when_written_are_refused(folder, tmp_path):
    source = folder(
        collection=FILES["collection.tsv"].replace("p1\t", "p\u00a01\t"),
        qrels__train=FILES["qrels.train.tsv"].replace("\tp1\t", "\tp\u00a01\t"),
    )
    with pytest.raises(InputError, match=r"qrels\.train\.tsv:2: id 'p\\xa01' is empty or has"):
        written(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_judgement_is_a_number(folder, tmp_path):
    source = folder(qrels__train="q0\t0\tp0\t--1\n")
    with pytest.raises(InputError, match=r"qrels\.train\.tsv:1: judgement '--1'"):
        written(source, tmp_path / "out")


def test_a_score_is_given_once(folder, tmp_path):
    written(folder(negatives="q0\tp7\nq1\tp5\nq2\tp6\n", scores=SCORES * 2), tmp_path / "out")
    with pytest.raises(InputError, match=r"scores\.tsv:22: q0 with p0 was scored before"):
        read_examples(tmp_path / "out", negatives=1, scored=True)


def test_mining_finds_no_relevant_text_by_chance(folder, tmp_path):
    source = folder(
        collection="p0\ta dog\np1\ta dog\np2\tthe cat\n",
        queries__train="".join(f"q{i}\ta dog\n" for i in range(9)),
        qrels__train="".join(f"q{i}\t0\tp0\t1\n" for i in range(9)),
        negatives="q0\tp1\nq0\tp2\n",
    )
    written(source, tmp_path / "out")
    assert {passage for _, passage in mined_negatives(tmp_path / "out", 4)} == {"p2"}
