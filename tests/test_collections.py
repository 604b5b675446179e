"""XNLI, XQuAD and NTREX as retrieval, on small files and on the mirrored ones."""

import json
import zipfile
from collections import Counter

import pandas as pd
import pytest

from optical.corpora import ntrex, registry, xnli, xquad
from optical.corpora.collection_files import windows, write_collection, write_queries
from optical.corpora.records import Passage, Query
from optical.runtime.downloads import mirrored
from optical.runtime.errors import InputError
from test_datasets_yaml import DATASETS


@pytest.fixture
def real(mirror, tmp_path):
    """Function from a data set's name to a folder with all its files."""

    def folder(name):
        for file, entry in DATASETS[name]["files"].items():
            (tmp_path / file).symlink_to(mirrored(entry["url"], mirror))
        return tmp_path

    return folder


def pairs(judgements):
    """(query, passage) of judgements that are all of relevant passages."""
    found = list(judgements)
    assert {judgement.grade for judgement in found} == {1}
    return [judgement[:2] for judgement in found]


def languages(name):
    return sorted({f["language"] for f in DATASETS[name]["files"].values() if "language" in f})


# --- XNLI ----------------------------------------------------------------------------------------

LABELS = ["contradiction", "entailment", "neutral", "entailment", "entailment"]
PREMISES = ["It rains.", "It rains.", "It rains.", "It snows.", "It rains."]


@pytest.fixture
def small_xnli(tmp_path):
    def rows(*columns):
        return "".join("\t".join(row) + "\r\n" for row in zip(*columns, strict=True))

    head = "genre\tlabel\tsentence1_sw\tsentence2_sw\r\n"
    texts = {
        "labels.test.tsv": head + rows("g" * 5, LABELS, "p" * 5, "h" * 5),
        "en.test.tsv": rows(PREMISES, [f"hypothesis {i}" for i in range(5)]),
        "sw.test.tsv": rows("p" * 5, [f"dhana {i}" for i in range(5)]),
        "my.test.tsv": "a\tb\tc\td\te\tf\r\n"
        + rows("g" * 5, LABELS, "e" * 5, "e" * 5, "p" * 5, [f"yu {i}" for i in range(5)]),
        "en.dev.tsv": rows(PREMISES, [f"dev {i}" for i in range(5)], LABELS[::-1]),
        "sw.dev.tsv": rows("p" * 5, [f"dev sw {i}" for i in range(5)], LABELS[::-1]),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, newline="")
    return tmp_path


def test_equal_premises_are_one_passage(small_xnli):
    assert list(xnli.passages(small_xnli, split="test", task="premise")) == [
        Passage("p0", "p0", "It rains."),
        Passage("p3", "p3", "It snows."),
    ]


def test_merged_premises_keep_all_their_judgements(small_xnli):
    expected = [("1", "p0", 1), ("3", "p3", 1), ("4", "p0", 1)]
    assert list(xnli.judgements(small_xnli, split="test", task="premise")) == expected


@pytest.mark.parametrize(
    ("language", "word"), [("en", "hypothesis"), ("sw", "dhana"), ("my", "yu")]
)
def test_queries_are_the_entailed_hypotheses(small_xnli, language, word):
    queries = list(xnli.queries(small_xnli, language, split="test", task="premise"))
    assert queries == [Query(i, f"{word} {i}") for i in "134"]


def test_the_dev_split_has_its_own_labels(small_xnli):
    queries = list(xnli.queries(small_xnli, "sw", split="dev", task="premise"))
    assert queries == [Query(i, f"dev sw {i}") for i in "013"]


@pytest.mark.parametrize("rows", [4, 6])
def test_a_language_with_other_rows_is_refused(small_xnli, rows):
    (small_xnli / "sw.test.tsv").write_text("premise\thypothesis\n" * rows)
    with pytest.raises(InputError, match="the test (sw rows|labels) end after"):
        list(xnli.queries(small_xnli, "sw", split="test", task="premise"))


def test_an_unknown_label_is_told_with_its_line(small_xnli):
    path = small_xnli / "labels.test.tsv"
    path.write_text(path.read_text().replace("neutral", "maybe"))
    with pytest.raises(InputError, match=r"labels\.test\.tsv:4: label 'maybe'"):
        list(xnli.queries(small_xnli, "sw", split="test", task="premise"))


def test_a_premise_asks_for_its_hypotheses(small_xnli):
    task = {"split": "test", "task": "hypothesis"}
    assert [passage.passage_id for passage in xnli.passages(small_xnli, **task)] == [
        *("h0", "h1", "h2", "h3", "h4")
    ]
    # Rows 0, 1, 2 and 4 have the same premise.
    assert list(xnli.queries(small_xnli, "sw", **task)) == [Query("0", "p"), Query("3", "p")]
    assert pairs(xnli.judgements(small_xnli, **task)) == [("0", "h1"), ("3", "h3"), ("0", "h4")]
    topic = pairs(xnli.judgements(small_xnli, split="test", task="topic"))
    assert topic == [("0", "h0"), ("0", "h1"), ("0", "h2"), ("3", "h3"), ("0", "h4")]


def test_equal_hypotheses_are_one_passage(small_xnli):
    path = small_xnli / "en.test.tsv"
    path.write_text(path.read_text().replace("hypothesis 4", "hypothesis 1"))
    task = {"split": "test", "task": "hypothesis"}
    assert len(list(xnli.passages(small_xnli, **task))) == 4
    assert pairs(xnli.judgements(small_xnli, **task)) == [("0", "h1"), ("3", "h3")]


def test_the_pool_has_the_premise_in_every_language(small_xnli):
    (small_xnli / "sw.test.tsv").write_text(
        "".join(f"{text}\tx\n" for text in ("Inanyesha", "b", "c", "It snows.", "e"))
    )
    (small_xnli / "my.test.tsv").unlink()
    task = {"split": "test", "task": "pool"}
    names = [passage.passage_id for passage in xnli.passages(small_xnli, **task)]
    assert names == ["en.p0", "en.p3", "sw.p0", "sw.p1", "sw.p2", "sw.p4"]
    # What reads the same in both languages is one passage.
    assert pairs(xnli.judgements(small_xnli, **task)) == [
        *(("1", "en.p0"), ("3", "en.p3"), ("4", "en.p0"), ("1", "sw.p1"), ("4", "sw.p4"))
    ]
    assert [query.id for query in xnli.queries(small_xnli, "sw", **task)] == ["1", "3", "4"]


@pytest.fixture
def xnli_archive(small_xnli, tmp_path_factory):
    """The same rows as the authors publish them, each language in an order of its own."""
    head = ("language", "gold_label", "x", "sentence1", "sentence2", "promptID", "pairID", "match")
    lines = ["\t".join(head)]
    for language, order in (("sw", [3, 0, 4, 1, 2]), ("en", [0, 1, 2, 3, 4])):
        rows = list(xnli.sentences(small_xnli, language, "test"))
        for row in order:
            fields = (language, LABELS[row], "( x )", *rows[row], str(row // 3), f"id{row}", "True")
            lines.append("\t".join(fields))
    folder = tmp_path_factory.mktemp("archive")
    with zipfile.ZipFile(folder / "XNLI-1.0.zip", "w") as archive:
        archive.writestr("XNLI-1.0/xnli.test.tsv", "\n".join(lines) + "\n")
    return folder


@pytest.mark.parametrize("task", ["premise", "hypothesis", "topic"])
def test_the_archive_holds_the_same_collection(small_xnli, xnli_archive, task):
    settings = {"split": "test", "task": task}
    for read in (xnli.passages, xnli.judgements):
        assert list(read(xnli_archive, **settings)) == list(read(small_xnli, **settings))
    for language in ("en", "sw"):
        of_files = list(xnli.queries(small_xnli, language, **settings))
        assert list(xnli.queries(xnli_archive, language, **settings)) == of_files


def test_what_is_not_the_archive_is_refused(tmp_path):
    (tmp_path / "XNLI-1.0.zip").write_text("no zip")
    with pytest.raises(InputError, match="XNLI-1.0.zip: not a zip archive"):
        list(xnli.passages(tmp_path, split="test", task="premise"))


@pytest.mark.parametrize(
    ("name", "queries", "passages", "judged"),
    [
        ("xnli-hypothesis", 1670, 5009, 1670),
        ("xnli-topic", 1670, 5009, 5009),
        ("xnli-hypothesis-dev", 830, 2490, 830),
        ("xnli-pool", 1670, 26709, 26719),
    ],
)
def test_the_tasks_of_xnli_have_their_sizes(real, name, queries, passages, judged):
    folder, source = real("xnli"), registry.collection(name)
    found = list(source.passages(folder))
    assert len({passage.text for passage in found}) == len(found) == passages
    relevant = pairs(source.judgements(folder))
    assert len({query for query, _ in relevant}) == queries
    assert len(relevant) == judged
    assert {passage for _, passage in relevant} <= {passage.passage_id for passage in found}
    asked = {query.id for query in source.queries(folder, "sw")}
    assert asked == {query for query, _ in relevant}


@pytest.mark.parametrize(("name", "number"), [("xnli-premise", 1670), ("xnli-premise-dev", 830)])
def test_xnli_has_one_relevant_premise_a_query(real, name, number):
    folder, source = real("xnli"), registry.collection(name)
    passages = {passage.passage_id: passage.text for passage in source.passages(folder)}
    judged = dict(pairs(source.judgements(folder)))
    assert len(set(passages.values())) == len(passages) == number
    assert len(judged) == number
    assert set(judged.values()) == passages.keys()
    for language in languages("xnli"):
        queries = list(source.queries(folder, language))
        assert {query.id for query in queries} == judged.keys()
        assert all(query.text for query in queries)


# --- XQuAD ---------------------------------------------------------------------------------------


@pytest.fixture
def small_xquad(tmp_path):
    for language in ("en", "de"):
        paragraphs = [
            {
                "context": f"Text\n{article} {number} {language}",
                "qas": [{"id": f"q{article}{number}", "question": f" Why {language}? "}],
            }
            for article in range(2)
            for number in range(2)
        ]
        articles = [
            {"title": f"Title {language}", "paragraphs": paragraphs[:2]},
            {"title": f"Other {language}", "paragraphs": paragraphs[2:]},
        ]
        (tmp_path / f"{language}.json").write_text(json.dumps({"data": articles}))
    return tmp_path


def test_paragraphs_are_english_and_questions_are_not(small_xquad):
    passages = list(xquad.passages(small_xquad))
    assert passages[2] == Passage("a1p0", "a1", "Text 1 0 en")
    assert list(xquad.queries(small_xquad, "de"))[2] == Query("q10", "Why de?")
    assert list(xquad.judgements(small_xquad))[2] == ("q10", "a1p0", 1)


@pytest.mark.parametrize("text", ["{", "{}", '{"data": [{"title": "no paragraphs"}]}'])
def test_a_file_in_another_format_is_told(tmp_path, text):
    (tmp_path / "en.json").write_text(text)
    with pytest.raises(InputError, match=r"en\.json: not in the SQuAD format"):
        list(xquad.passages(tmp_path))


def test_xquad_has_1190_questions_in_every_language(real):
    folder = real("xquad")
    judged = dict(pairs(xquad.judgements(folder)))
    passages = {passage.passage_id for passage in xquad.passages(folder)}
    assert len(passages) == 240
    assert set(judged.values()) == passages
    for language in languages("xquad"):
        queries = {query.id: query.text for query in xquad.queries(folder, language)}
        assert len(queries) == 1190
        assert queries.keys() == judged.keys()


# --- NTREX ---------------------------------------------------------------------------------------


@pytest.fixture
def small_ntrex(tmp_path):
    (tmp_path / "documents.tsv").write_text("a\n" * 5 + "b\n" * 4)
    for language in ("en", "sw"):
        lines = [
            f"{document}{i} {language}\n" for document, n in (("a", 5), ("b", 4)) for i in range(n)
        ]
        (tmp_path / f"{language}.txt").write_text("".join(lines))
    return tmp_path


def test_windows_leave_the_headline_out(small_ntrex):
    assert list(ntrex.passages(small_ntrex)) == [
        Passage("a.0", "a", "a1 en a2 en a3 en"),
        Passage("a.1", "a", "a4 en"),
        Passage("b.0", "b", "b1 en b2 en b3 en"),
    ]


def test_headlines_are_the_queries(small_ntrex):
    assert list(ntrex.queries(small_ntrex, "sw")) == [Query("a", "a0 sw"), Query("b", "b0 sw")]


def test_all_windows_of_an_article_are_relevant(small_ntrex):
    assert pairs(ntrex.judgements(small_ntrex)) == [("a", "a.0"), ("a", "a.1"), ("b", "b.0")]


def test_a_language_with_a_sentence_less_is_refused(small_ntrex):
    (small_ntrex / "sw.txt").write_text("one\n" * 8)
    with pytest.raises(InputError, match=r"documents\.tsv has 9 lines, .*sw\.txt has 8"):
        list(ntrex.queries(small_ntrex, "sw"))


def test_ntrex_has_669_windows_of_123_articles(real):
    folder = real("ntrex")
    passages = list(ntrex.passages(folder))
    assert len(passages) == 669
    assert len({passage.document_id for passage in passages}) == 123
    per_query = Counter(query for query, _, _ in ntrex.judgements(folder))
    assert sum(per_query.values()) / len(per_query) == pytest.approx(5.44, abs=0.01)
    for language in languages("ntrex"):
        queries = list(ntrex.queries(folder, language))
        assert {query.id for query in queries} == per_query.keys()
        assert all(query.text.strip() for query in queries)


# --- files ---------------------------------------------------------------------------------------

PASSAGES = [Passage("p1", "d1", "first"), Passage("p2", "d1", "second")]


def write(folder, passages=PASSAGES, judgements=(("q1", "p1", 1), ("q2", "p2", 1))):
    return write_collection(folder / "p.parquet", folder / "qrels.txt", passages, judgements)


def test_a_collection_is_written(tmp_path):
    assert write(tmp_path) == (2, {1: 2}, {}, {1: 2}, [], "")
    assert pd.read_parquet(tmp_path / "p.parquet").to_dict("list") == {
        "passage_id": ["p1", "p2"],
        "judged_id": ["p1", "p2"],
        "text": ["first", "second"],
    }
    assert (tmp_path / "qrels.txt").read_text() == "q1 0 p1 1\nq2 0 p2 1\n"


def test_a_text_without_spaces_is_cut_into_windows_too():
    text = "".join(chr(0x4E00 + number) for number in range(120))  # 80 words of a letter and a half
    parts = windows(f"{text}。", 40, 20)
    assert [len(part) for part in parts] == [60, 60, 61]
    assert [text.index(part[:5]) for part in parts] == [0, 30, 60]
    assert windows("苍鹭站在", 40) == ["苍鹭站在"]


def test_a_long_text_is_cut_into_windows(tmp_path):
    texts = [Passage("p1", "d", "a b c d e f g"), Passage("p2", "d", "h  i")]
    judgements = [("q1", "p1", 1), ("q2", "p2", 1)]
    files = (tmp_path / "p.parquet", tmp_path / "qrels.txt")
    assert write_collection(*files, texts, judgements, window=4).passages == 4
    assert pd.read_parquet(files[0]).to_dict("list") == {
        "passage_id": ["p1#0", "p1#1", "p1#2", "p2"],
        "judged_id": ["p1", "p1", "p1", "p2"],
        "text": ["a b c d", "c d e f", "e f g", "h  i"],
    }


@pytest.mark.parametrize("words", range(1, 30))
def test_windows_hold_every_word_and_end_with_the_last(words):
    text = [str(number) for number in range(words)]
    for window, stride in ((1, 1), (4, 1), (5, 3), (6, None), (7, 7)):
        found = [part.split() for part in windows(" ".join(text), window, stride)]
        assert found[-1][-1] == text[-1]
        assert {word for part in found for word in part} == set(text)
        assert all(len(part) == window for part in found[:-1])
        assert all(len(part) > (stride or window // 2) - window for part in found)


def test_judgements_of_no_passage_at_all_are_refused(tmp_path):
    message = "of 2 passages none is judged relevant: query q1 is judged for p9, which is no"
    with pytest.raises(InputError, match=message):
        write(tmp_path, judgements=[("q1", "p9", 1), ("q1", "p1", 0)])
    assert not (tmp_path / "qrels.txt").exists()


@pytest.mark.parametrize(
    ("passages", "message"),
    [
        ([PASSAGES[0], PASSAGES[0]], "id p1 is given twice"),
        ([Passage("p1", "d1", " ")], "q1 is judged for p1, which has no text"),
        ([Passage("p 1", "d1", "text")], "'p 1' is empty or has white space"),
    ],
)
def test_a_faulty_passage_is_refused(tmp_path, passages, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path, passages=passages)
    assert list(tmp_path.iterdir()) == []


def queries_written(folder, queries):
    write(folder)
    return write_queries(
        folder / "sw.tsv", folder / "doubtful.txt", queries, folder / "qrels.txt", str.isascii
    )


def test_queries_are_written(tmp_path):
    queries = [Query("q1", "ün\tdeux"), Query("q2", "drèi")]
    assert queries_written(tmp_path, queries) == (2, [], [], [], 0, 0)
    assert (tmp_path / "sw.tsv").read_text() == "q1\tün deux\nq2\tdrèi\n"


def test_a_query_without_text_is_left_out_and_told(tmp_path):
    assert queries_written(tmp_path, [Query("q1", "ün"), Query("q2", " ")]) == (
        *(1, ["q2"], [], [], 0, 0),
    )
    assert (tmp_path / "sw.tsv").read_text() == "q1\tün\n"


def test_a_query_that_does_not_look_like_its_language_stays_and_is_told(tmp_path):
    queries = [Query("q1", "یہ ایک جملہ ہے"), Query("q2", "yeh aik jumla hai")]
    assert queries_written(tmp_path, queries).doubtful == ["q2"]
    assert (tmp_path / "sw.tsv").read_text().count("\n") == 2
    assert (tmp_path / "doubtful.txt").read_text() == "q2\n"


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["q3", "q4"], r"queries such as 'q3', judgements in .*qrels\.txt of 2 \(q1, q2\)"),
        ([], r"no query has a text and a relevant passage"),
        (["q1", "q1"], "id q1 is given twice"),
    ],
)
def test_queries_that_do_not_fit_the_judgements_are_refused(tmp_path, ids, message):
    with pytest.raises(InputError, match=message):
        queries_written(tmp_path, [Query(name, "text") for name in ids])
    assert not (tmp_path / "sw.tsv").exists()
