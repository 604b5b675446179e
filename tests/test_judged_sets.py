"""WikiCLIR and its kin: their layouts as published, and the pairs that are made of them."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import prepare_judged_pairs
from judged_files import HEIDELBERG, exported_sets
from optical.corpora import clirmatrix, largeclir, wikiclir
from optical.corpora.judged_pairs import write_judged_pairs
from optical.corpora.leakage import write_ngrams
from optical.corpora.pair_guard import PairGuard
from optical.runtime.errors import InputError

ROOT = Path(__file__).parents[1]


def pairs(tmp_path, judged, **options):
    """({(query, document)}, counts) of what is written."""
    counts = write_judged_pairs(tmp_path / "out.parquet", judged, **options)
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table) == ["id", "source", "target"]
    assert table["id"].is_unique
    assert counts["pairs"] == len(table)
    return set(zip(table["source"], table["target"], strict=True)), counts


@pytest.fixture
def heidelberg(tmp_path):
    """A folder of WikiCLIR, with changes of some files."""

    def write(**changes):
        for kind, text in {**HEIDELBERG, **changes}.items():
            (tmp_path / f"de.train.{kind}").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folders of the sets that ir_datasets reads, by name."""
    return exported_sets(tmp_path_factory.mktemp("exported"))


def test_the_article_on_the_same_subject_answers_a_german_sentence(heidelberg, tmp_path):
    found, counts = pairs(tmp_path, wikiclir.judged(heidelberg(), "de"))
    assert found == {
        ("ist eine Stadt an der Donau .", "Ulm is a city ."),
        ("ist ein Fluss .", "The Danube is a river ."),
    }
    assert counts == {
        "pairs": 2,
        "left out: pairs whose document has no text": 1,
        "left out: pairs whose query has no text": 2,
    }


def test_texts_of_judged_sets_are_read_by_the_rule_of_all_texts(heidelberg, tmp_path):
    """Composed and decomposed letters are the same, and what nobody can see is no text."""
    rows = {"3": "Cafe\u0301", "7": "\u200b\u2060", "9": "Fluss"}
    judged = "".join(f"{name}\t{name}\t3\n" for name in rows)
    lines = "".join(f"{name}\t{text}\n" for name, text in rows.items())
    objects = "".join(json.dumps({"_id": name, "text": text}) + "\n" for name, text in rows.items())
    folder = heidelberg(queries=lines, docs=lines, qrels=judged)
    for name in ("corpus.jsonl", "de.train.queries.jsonl"):
        (folder / name).write_text(objects)
    (folder / "de.train.qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    for source in (wikiclir, clirmatrix):
        found, counts = pairs(tmp_path, source.judged(folder, "de"))
        assert found == {("Caf\u00e9", "Caf\u00e9"), ("Fluss", "Fluss")}
        assert counts == {"pairs": 2, "left out: pairs whose query has no text": 1}


def test_the_best_documents_of_a_title_of_clirmatrix_answer_it(exported, tmp_path):
    found, counts = pairs(tmp_path, clirmatrix.judged(exported["clirmatrix"], "sw"))
    assert found == {
        ("Ziwa", "Article 50 on a subject."),
        ("Ziwa", "Article 51 on a subject."),
        ("Mto", "Article 52 on a subject."),
    }
    # The best document of a query is missing: a worse one is no substitute.
    assert counts == {"pairs": 3, "left out: pairs whose document has no text": 1}


def test_foreign_articles_ask_for_english_sentences(exported, tmp_path):
    found, counts = pairs(tmp_path, largeclir.judged(exported["largeclir"], "sw"))
    assert found == {
        (
            "Akiolojia  akiolojia ( `` zamani '' ) ni somo .",
            "Akiolojia is a science .",
        ),
        ("Lugha  1. lugha ni ya watu", "Tirax language is an oceanic language ."),
    }
    assert counts == {"pairs": 2}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("水 水是一种物质。它很重要。", "水 水是一种物质。"),
        ("Nani Nani huyu ? ni mtu .", "Nani Nani huyu ?"),
        ("Karne ilikuwa 5 b.k . halafu", "Karne ilikuwa 5 b.k ."),
        ("Bila mwisho", "Bila mwisho"),
    ],
)
def test_the_first_sentence_ends_where_a_mark_stands_alone(tmp_path, text, first):
    (tmp_path / "sw.corpus.jsonl").write_text(json.dumps({"_id": "1", "text": text}) + "\n")
    assert [row[2] for row in largeclir.judged(tmp_path, "sw").queries.rows()] == [first]


def test_a_bound_takes_a_sample_that_is_always_the_same(heidelberg, tmp_path):
    numbers = range(200)
    folder = heidelberg(
        queries="".join(f"{n}\tFrage {n}\n" for n in numbers),
        docs="".join(f"{n}\tanswer {n}\n" for n in numbers),
        qrels="".join(f"{n}\t{n}\t3\n" for n in numbers),
    )
    every, _ = pairs(tmp_path, wikiclir.judged(folder, "de"))
    first, _ = pairs(tmp_path, wikiclir.judged(folder, "de"), limit=50)
    again, _ = pairs(tmp_path, wikiclir.judged(folder, "de"), limit=50)
    assert len(every) == 200
    assert first == again < every
    assert first != {(f"Frage {n}", f"answer {n}") for n in range(50)}


def test_pairs_with_a_fault_are_counted_and_do_not_count_towards_the_bound(heidelberg, tmp_path):
    judged = wikiclir.judged(heidelberg(), "de")
    found, counts = pairs(
        tmp_path, judged, limit=1, fault=lambda query, _: "is tested" if "Stadt" in query else ""
    )
    assert found == {("ist ein Fluss .", "The Danube is a river .")}
    assert counts["pairs"] == 1


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "docs",
            "30\ta\n30\tb\n",
            "docs:2: document 30 was given before, at line 1; expected once",
        ),
        ("queries", "3\ta\n7\tb\n3\tc\n", "queries:3: query 3 was given before, at line 1"),
        (
            "qrels",
            "3\t30\t3\n" * 2,
            "qrels:2: document 30 was judged for query 3 before, at line 1",
        ),
        ("qrels", "3\t30\tbest\n", "qrels:1: judgement 'best', expected a whole number"),
        ("qrels", "3 30\n", "qrels:1: 2 columns, expected 3"),
        ("queries", "3\ta\0b\n", "queries:1: text 'a.x00b' has a zero byte"),
        ("docs", "3 0\tUlm\n", "docs:1: id '3 0' is empty or has white space"),
        ("docs", "30\tUlm\tcity\n", "docs:1: 3 tab-separated columns, expected 2"),
        ("qrels", "3\t31\t2\n", "qrels: no pair of a query and a document of grade 3 or more is"),
        ("docs", "40\tnone\n", r"left \(pairs whose document has no text: 3, pairs whose query"),
    ],
)
def test_a_bad_file_is_one_line_and_nothing_is_written(heidelberg, tmp_path, kind, text, message):
    judged = wikiclir.judged(heidelberg(**{kind: text}), "de")
    with pytest.raises(InputError, match=message):
        write_judged_pairs(tmp_path / "out" / "pairs.parquet", judged)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not JSON", r"corpus.jsonl:2: expected a JSON object with _id, text: Expecting value"),
        ('{"_id": "7"}', r"corpus.jsonl:2: expected a JSON object with _id, text: .*no text"),
        ('{"_id": "7", "text": [1]}', r"corpus.jsonl:2: text \[1\], expected a text"),
        ('{"_id": "7", "text": "\\ud800"}', r"corpus.jsonl:2: text .* has a zero byte or half"),
        ('{"_id": "7 8", "text": "a"}', r"corpus.jsonl:2: id '7 8' is empty or has white space"),
    ],
)
def test_a_bad_line_of_an_export_is_told(tmp_path, line, message):
    (tmp_path / "corpus.jsonl").write_text('{"_id": "1", "text": "a"}\n' + line + "\n")
    with pytest.raises(InputError, match=message):
        list(clirmatrix.judged(tmp_path, "sw").documents.rows())


LARGE_JOIN = """
import json, resource, sys
from pathlib import Path
from optical.corpora import clirmatrix
from optical.corpora.judged_pairs import write_judged_pairs

folder, number = Path(sys.argv[1]), int(sys.argv[2])
filler = "word " * 250
with open(folder / "corpus.jsonl", "w") as file:
    for n in range(number):
        file.write(json.dumps({"_id": str(n), "text": f"{n} {filler}"}) + "\\n")
with (
    open(folder / "sw.train.queries.jsonl", "w") as queries,
    open(folder / "sw.train.qrels.tsv", "w") as qrels,
):
    for n in range(number // 10):
        queries.write(json.dumps({"_id": f"q{n}", "text": f"swali {n}"}) + "\\n")
        for grade in range(10):
            qrels.write(f"q{n}\\t{(n * 7919 + grade * 17) % number}\\t{grade}\\n")

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = most()
counts = write_judged_pairs(folder / "pairs.parquet", clirmatrix.judged(folder, "sw"))
print(counts["pairs"], most() - before, (folder / "corpus.jsonl").stat().st_size)
"""


def test_documents_are_joined_in_bounded_memory(tmp_path):
    """Of 100,000 documents, 128 MB, as many are held as a row group has, and a cache."""
    command = [sys.executable, "-c", LARGE_JOIN, tmp_path, "100000"]
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT / "workflow_scripts", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    number, memory, size = map(int, done.stdout.split())
    print(f"{number} pairs, {memory >> 20} MiB beyond the start, of {size >> 20} MiB of text")
    assert number == 10_000
    assert memory < 110 << 20 < size


def words(begin, number):
    """A text of so many words, which no text with another beginning has."""
    return " ".join(f"{begin}{place}" for place in range(number))


@pytest.mark.parametrize(
    ("document", "is_answer"),
    [
        (f"{words('x', 100)} {words('answer', 40)} {words('y', 60)}", True),  # an article holds it
        (f"{words('x', 100)} {words('answer', 25)} {words('y', 60)}", True),  # and half of it
        (f"{words('x', 100)} {words('answer', 12)} {words('y', 60)}", False),  # a phrase of it
        (words("answer", 9), True),  # the document is a part of it
        (f"{words('x', 10)} {words('other', 40)}", False),  # it answers nothing
        ("Short one.", True),
        ("Short one, and more.", False),
        ("...", False),
    ],
)
def test_a_document_that_holds_an_answer_is_not_trained_on(tmp_path, document, is_answer):
    texts = [words("answer", 40), words("other", 40), "short one"]
    ids = ["0", "1", "2"]
    passages = {"passage_id": ids, "judged_id": ids, "text": texts}
    pd.DataFrame(passages).to_parquet(tmp_path / "passages.parquet")
    (tmp_path / "qrels.txt").write_text("q 0 0 1\nq 0 1 0\nq 0 2 3\n")
    # A collection of the same passages changes nothing.
    guard = PairGuard("sw", [], [tmp_path, tmp_path], "en")
    assert bool(guard.fault("swali", document)) == is_answer
    assert not PairGuard("sw", [], [], "en").fault("swali", document)


def test_what_is_tested_is_not_trained_on(exported, tmp_path, capsys):
    """By the programs: exported, paired, and kept clear of a test collection."""
    folder = tmp_path / "tests"
    folder.mkdir()
    texts = {str(n): f"Article {n} on a subject." for n in (50, 51)}
    passages = {"passage_id": [*texts], "judged_id": [*texts], "text": [*texts.values()]}
    pd.DataFrame(passages).to_parquet(folder / "passages.parquet")
    (folder / "qrels.txt").write_text("1 0 50 1\n")
    write_ngrams(tmp_path / "sw.u64", ["mto!"], "sw")
    prepare_judged_pairs.main(
        source=("clirmatrix", exported["clirmatrix"]),
        language="sw",
        tests=[tmp_path / "sw.u64"],
        collections=[folder],
        output=tmp_path / "sw.parquet",
        counts=tmp_path / "sw.csv",
    )
    # 51 is a passage of the collection too, but answers nothing.
    assert pd.read_parquet(tmp_path / "sw.parquet").to_numpy().tolist() == [
        ["5/51", "Ziwa", "Article 51 on a subject."]
    ]
    assert (tmp_path / "sw.csv").read_text() == (
        "what,number\npairs,1\nleft out: pairs whose document answers a test query,1\n"
        "left out: pairs whose document has no text,1\n"
        "left out: pairs whose query a test collection has,1\n"
    )
    assert "clirmatrix, sw: 1 pairs\n" in capsys.readouterr().err
