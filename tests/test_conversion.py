"""SQuAD, BEIR and rows of pairs, converted and then read as a study reads them."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optical.corpora import conversion, msmarco, own_collection
from optical.corpora.records import Judgement
from optical.runtime.errors import InputError
from trees import ROOT


def squad(path, contexts, *, impossible=False):
    """A file of one article, with a question about each context."""
    paragraphs = [
        {
            "context": context,
            "qas": [{"id": f"q{n}", "question": f"who is\n{n}?", "is_impossible": impossible}],
        }
        for n, context in enumerate(contexts)
    ]
    path.write_text(json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}))
    return path


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture
def beir(tmp_path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [("d1", "Cats", "They purr."), ("d2", "", ""), ("d3", "", "Dogs bark.")]
    (folder / "corpus.jsonl").write_text(
        "".join(
            json.dumps(dict(zip(("_id", "title", "text"), row, strict=True))) + "\n"
            for row in corpus
        )
    )
    (folder / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": f"q{n}", "text": f"query {n}"}) + "\n" for n in (1, 2, 3))
    )
    (folder / "qrels/train.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td3\t0\nq2\td3\t1\nq2\td2\t1\n"
    )
    return folder


def training_of(folder):
    """What a study reads of a training set: passages, queries and pairs."""
    data = msmarco.training_set(folder)
    return (
        {passage.passage_id: passage.text for passage in data.passages()},
        {query.id: query.text for query in data.queries()},
        set(data.judgements()),
        set(data.negatives()),
    )


def test_squad_becomes_a_training_set_with_negatives_of_the_same_article(tmp_path):
    file = squad(tmp_path / "a.json", ["The cat.", "The  dog."])
    counts = conversion.write(conversion.from_squad([file]), tmp_path / "out", None)
    assert counts == {"passages": 2, "queries": 2, "judgements": 2, "articles": 2}
    passages, queries, pairs, negatives = training_of(tmp_path / "out")
    assert passages == {"a0p0": "The cat.", "a0p1": "The dog."}
    assert queries == {"q0": "who is 0?", "q1": "who is 1?"}
    assert pairs == {("q0", "a0p0"), ("q1", "a0p1")}
    assert negatives == {("q0", "a0p1"), ("q1", "a0p0")}


def test_paragraphs_of_several_files_keep_apart(tmp_path):
    files = [squad(tmp_path / f"{n}.json", [f"Text {n}."]) for n in range(2)]
    data = conversion.from_squad(files)
    assert dict(data.passages()) == {"f0a0p0": "Text 0.", "f1a0p0": "Text 1."}


def test_questions_of_several_files_have_ids_that_differ(tmp_path):
    files = [squad(tmp_path / f"{n}.json", [f"Text {n}."]) for n in range(2)]
    with pytest.raises(InputError, match=r"queries\.train\.tsv: two queries would be q0; expected"):
        conversion.write(conversion.from_squad(files), tmp_path / "out", None)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    file = squad(tmp_path / "a.json", ["some text"])
    file.write_text("\ufeff" + file.read_text())
    assert len(list(conversion.from_squad([file]).passages())) == 1


def test_questions_without_an_answer_are_counted_and_a_set_of_them_refused(tmp_path):
    file = squad(tmp_path / "a.json", ["The cat."], impossible=True)
    with pytest.raises(InputError, match="no queries and no judgements found"):
        conversion.write(conversion.from_squad([file]), tmp_path / "out", None)
    # So the next try does not say that they exist.
    assert list((tmp_path / "out").iterdir()) == []
    data = conversion.from_squad([file, squad(tmp_path / "b.json", ["The dog."])])
    counts = conversion.write(data, tmp_path / "both", None)
    assert counts["left out: questions that nothing answers"] == 1


def test_another_format_than_squad_is_named(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match=r"a\.json: not in the SQuAD format"):
        list(conversion.from_squad([tmp_path / "a.json"]).passages())


def test_beir_becomes_a_training_set_of_judged_queries(tmp_path, beir):
    counts = conversion.write(conversion.from_beir(beir, "train"), tmp_path / "out", None)
    assert counts == {
        "passages": 2,
        "queries": 2,
        "judgements": 2,
        "left out: passages without text": 1,
    }
    passages, queries, pairs, _ = training_of(tmp_path / "out")
    assert passages == {"d1": "Cats They purr.", "d3": "Dogs bark."}
    assert set(queries) == {"q1", "q2"}
    assert pairs == {("q1", "d1"), ("q2", "d3")}


def test_a_passage_without_text_leaves_a_query_of_the_same_id_alone(beir):
    names = {"d1": "1", "d2": "2", "d3": "3", "q1": "1", "q2": "2", "q3": "3"}
    for file in beir.rglob("*.*"):
        text = file.read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        file.write_text(text)
    judged = set(conversion.from_beir(beir, "train").judgements())
    assert len(judged) == 4
    data = conversion.from_beir(beir, "train")
    assert len(list(data.passages())) == 2
    # Only the passage 2 is empty, and the query 2 keeps its other judgement.
    assert {(row.query, row.passage) for row in data.judgements()} == {
        ("1", "1"),
        ("1", "3"),
        ("2", "3"),
    }


def test_a_collection_keeps_its_grades_and_takes_queries_of_a_second_language(tmp_path, beir):
    out = tmp_path / "out"
    data = conversion.from_beir(beir, "train")
    conversion.write(data, out, "en")
    conversion.write(data, out, "ha", queries_only=True)
    found = set(own_collection.judgements(out, layout="msmarco"))
    assert found == {Judgement("q1", "d1", 2), Judgement("q1", "d3", 0), Judgement("q2", "d3", 1)}
    for language in ("en", "ha"):
        queries = own_collection.queries(out, language, layout="msmarco")
        assert [query.id for query in queries] == ["q1", "q2"]
    assert len(list(own_collection.passages(out, layout="msmarco"))) == 2


def test_queries_alone_have_ids_that_are_judged(tmp_path, beir):
    out = tmp_path / "out"
    conversion.write(conversion.from_beir(beir, "train"), out, "en")
    file = squad(tmp_path / "a.json", ["The cat."])
    file.write_text(file.read_text().replace("q0", "q9"))
    with pytest.raises(InputError, match=r"qrels\.tsv: judges none of the queries, such as q9"):
        conversion.write(conversion.from_squad([file]), out, "ha", queries_only=True)
    assert not (out / "queries.ha.tsv").exists()


ROWS = {
    "question": ["a cat?", "a dog?", "a cat?", None],
    "text": ["Cats purr.", "Dogs bark.", "Cats purr.", "Lost."],
    "other": ["Dogs bark.", None, "Birds sing.", "Lost."],
}


def test_rows_of_a_hub_data_set_become_one_passage_for_each_text(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    data = conversion.from_rows([tmp_path / "a.parquet"], "question", "text", "other")
    counts = conversion.write(data, tmp_path / "out", None)
    assert counts == {
        "passages": 3,
        "queries": 2,
        "judgements": 2,
        "negatives": 2,
        "left out: rows without a query or a passage": 1,
    }
    passages, queries, pairs, negatives = training_of(tmp_path / "out")
    assert {(queries[q], passages[p]) for q, p in pairs} == {
        ("a cat?", "Cats purr."),
        ("a dog?", "Dogs bark."),
    }
    assert {(queries[q], passages[p]) for q, p in negatives} == {
        ("a cat?", "Dogs bark."),
        ("a cat?", "Birds sing."),
    }


def test_rows_of_json_lines_are_read_alike(tmp_path):
    rows = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    write_lines(tmp_path / "a.jsonl", rows)
    pq.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    one, other = (
        conversion.from_rows([tmp_path / name], "question", "text")
        for name in ("a.jsonl", "a.parquet")
    )
    assert list(one.passages()) == list(other.passages())
    assert list(one.judgements()) == list(other.judgements())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.parquet", "no column passage; it has question, text, other"),
        ("a.csv", "expected a .parq"),
    ],
)
def test_rows_that_cannot_be_read_are_named(tmp_path, name, message):
    pq.write_table(pa.table(ROWS), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=message):
        list(conversion.from_rows([tmp_path / name], "question", "passage").passages())


def test_nothing_is_written_over(tmp_path, beir):
    data = conversion.from_beir(beir, "train")
    conversion.write(data, tmp_path / "out", None)
    with pytest.raises(InputError, match=r"queries\.train\.tsv exists; expected a new folder"):
        conversion.write(data, tmp_path / "out", None)


def program(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "workflow_scripts/convert_data.py", *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_the_program_says_what_it_wrote_and_mistakes_in_one_line(tmp_path, beir):
    done = program("beir", "--files", beir, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()][:2] == [
        ["2", "passages"],
        ["2", "queries"],
    ]
    done = program("beir", "--files", beir, "--output", tmp_path / "b", "--queries-only")
    assert done.returncode
    assert "--queries-only: expected --collection LANGUAGE too" in done.stderr
    done = program(
        *("rows", "--files", "a.parquet", "--output", tmp_path / "b", "--collection", "ha"),
        "--queries-only",
    )
    assert done.returncode
    assert "--queries-only: rows have no ids that two languages share" in done.stderr
    done = program("beir", "--files", beir, "--split", "dev", "--output", tmp_path / "c")
    assert done.returncode
    (line,) = done.stderr.splitlines()
    assert "qrels/dev.tsv: no such file; expected the judgements of the split dev" in line
