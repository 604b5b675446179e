"""What a text is, and an id, in every file that they may stand in."""

import gzip
import json
import unicodedata
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import export_ir_dataset
import prepare_training_set
import search_lexical
from optical.corpora import registry
from optical.corpora.cleaning import Cleaner
from optical.corpora.ids import Ids, as_id
from optical.corpora.text import Place, as_text, is_empty
from optical.corpora.training_files import write_pairs
from optical.evaluation.trec import iterate_run, write_run
from optical.runtime.errors import InputError
from test_bad_files import (
    BEIR,
    MARCO,
    TRAINING,
    archive,
    bitext,
    collection,
    memory,
    put,
    queries,
    run,
    training,
)

# --- the rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),  # the letters of a syllable of Korean
        ("\u0958", "\u0915\u093c"),  # a letter of Hindi that NFC takes apart
        ("  two  spaces ", "  two  spaces "),
        (None, ""),
        (12, "12"),
        *((text, "") for text in ("", " ", "\u200b", "\ufeff\u2060", "\u00ad", "\u3164", "\x1f\n")),
        ("\u200ba\u200b", "\u200ba\u200b"),  # joiners within a text stay: Urdu writes them
    ],
)
def test_a_value_is_a_text(value, text):
    assert as_text(value, "here") == text


@pytest.mark.parametrize("value", [True, 1.5, ["a"], {"a": 1}, float("inf"), "a\0b", "\ud83d"])
def test_what_is_no_text_is_told_with_its_place(value):
    with pytest.raises(InputError, match=r"^file:7: title .*expected") as told:
        as_text(value, Place("file", 7), "title")
    assert str(told.value).isprintable()


def test_every_character_without_a_form_is_invisible_and_no_letter_is():
    marks = [chr(code) for code in (*range(0x200B, 0x2010), *range(0xFE00, 0xFE10), 0xE0041)]
    assert all(map(is_empty, marks))
    letters = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code))[0] in "LN"]
    # The fillers of Hangul are letters to Unicode, and nothing to the eye.
    assert [hex(ord(one)) for one in letters if is_empty(one)] == ["0x115f", "0x1160"]


def test_a_long_value_is_not_told_at_length():
    with pytest.raises(InputError) as told:
        as_text("a" * 10**6 + "\0", "here")
    assert len(str(told.value)) < 300


# --- texts in normal form, whichever the source --------------------------------------------------

DECOMPOSED, COMPOSED = "cafe\u0301 Zu\u0308rich", "caf\u00e9 Z\u00fcrich"
UNIT = (
    '<tu tuid="1"><tuv xml:lang="sw"><seg>{0}</seg></tuv>'
    '<tuv xml:lang="en"><seg>{0}</seg></tuv></tu>'
)
PAIRS = {
    "mine:tsv": {"sw.tsv": "{0}\t{0}\n"},
    "mine:moses": {"sw.source.txt": "{0}\n", "sw.target.txt": "{0}\n"},
    "mine:tmx": {"sw.tmx": memory(UNIT)},
    "tatoeba": {"sw.source.txt": "{0}\n", "sw.target.txt": "{0}\n"},
    "ntrex": {"sw.txt": "{0}\n", "en.txt": "{0}\n"},
    "lafand": {
        f"sw.{split}.{side}.txt": "{0}\n"
        for split in ("train", "dev", "test")
        for side in ("source", "target")
    },
}
QUESTION = {"link": "a", "question_number": 1, "flores_passage": "{0}", "question": "{0}"}
PARAGRAPH = {"context": "{0}", "qas": [{"id": "1", "question": "{0}"}]}
SQUAD = json.dumps({"data": [{"paragraphs": [PARAGRAPH]}]})
COLLECTIONS = {
    "mine:beir": {
        "corpus.jsonl": '{"_id": "p", "title": "{0}", "text": "{0}"}\n',
        "queries.sw.jsonl": '{"_id": "q", "text": "{0}"}\n',
        "qrels.tsv": "q\tp\t1\n",
    },
    "mine:msmarco": {
        "collection.tsv": "p\t{0}\n",
        "queries.sw.tsv": "q\t{0}\n",
        "qrels.tsv": "q 0 p 1\n",
    },
    "mmarco-dev": {
        "collection.tsv": "p\t{0}\n",
        "sw.dev.tsv": "q\t{0}\n",
        "qrels.dev.tsv": "q\t0\tp\t1\n",
    },
    "belebele": dict.fromkeys(("en.jsonl", "sw.jsonl"), json.dumps(QUESTION) + "\n"),
    "xquad": {"en.json": SQUAD, "sw.json": SQUAD},
    "ntrex": {
        "documents.tsv": "a\na\n",
        "en.txt": "{0}\n{0}\n",
        "sw.txt": "{0}\n{0}\n",
    },
    "xnli-premise": {
        "labels.test.tsv": "g\tl\ta\tb\ng\tentailment\ta\tb\n",
        "en.test.tsv": "{0}\t{0}\n",
        "sw.test.tsv": "{0}\t{0}\n",
    },
}


def written(folder, files):
    for name, content in files.items():
        (folder / name).write_text(content.replace("{0}", DECOMPOSED), encoding="utf-8")
    return folder


@pytest.mark.parametrize("source", PAIRS)
def test_pairs_are_in_normal_form(tmp_path, source):
    for pair in registry.bitext(source, written(tmp_path, PAIRS[source]), "sw"):
        assert pair[1:3] == (COMPOSED, COMPOSED)


def test_pairs_of_the_hub_and_of_archives_are_in_normal_form(tmp_path):
    table = pa.table({"english": [DECOMPOSED], "non_english": [DECOMPOSED]})
    pq.write_table(table, tmp_path / "sw.parquet")
    side = DECOMPOSED.encode()
    (tmp_path / "sw.zip").write_bytes(archive(a__sw=side, a__en=side))
    (tmp_path / "sw.tmx.zip").write_bytes(
        archive(a__tmx=memory(UNIT).replace("{0}", DECOMPOSED).encode())
    )
    for source in ("talks", "globalvoices", "tico19"):
        (pair,) = registry.bitext(source, tmp_path, "sw")
        assert pair[1:3] == (COMPOSED, COMPOSED)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_passages_and_queries_are_in_normal_form(tmp_path, name):
    folder, source = written(tmp_path, COLLECTIONS[name]), registry.collection(name)
    texts = [passage.text for passage in source.passages(folder)]
    texts += [query.text for query in source.queries(folder, "sw")]
    assert len(texts) == 2
    assert {text.replace(COMPOSED, "").strip() for text in texts} == {""}


def test_a_training_set_is_in_normal_form(tmp_path):
    files = {name: text.replace("cat", DECOMPOSED) for name, text in TRAINING.items()}
    folder = put(tmp_path / "mine", training, "msmarco", files)
    assert training(folder, "msmarco") == f"q0\twhich {COMPOSED}\n"
    assert COMPOSED in (folder / "out/set/collection.tsv").read_text()


SAME = ["M\u1ed9t con di\u1ec7c \u0111\u1ee9ng", "caf\u00e9 Z\u00fcrich", "\ud55c\uad6d\uc5b4"]
"""Texts of Vietnamese, French and Korean that are other characters in NFD."""


@pytest.mark.parametrize("text", SAME)
def test_copies_and_duplicates_are_compared_in_normal_form(tmp_path, text):
    apart = unicodedata.normalize("NFD", text)
    rows = [(text, "A heron."), (apart, "A heron."), (text, apart)]
    (tmp_path / "vi.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in rows))
    cleaner = Cleaner("xx", "xx")  # of no known script
    kept = list(cleaner.clean("mine", registry.bitext("mine:tsv", tmp_path, "vi")))
    assert [pair[1:3] for pair in kept] == [(text, "A heron.")]
    assert cleaner.counts["mine"] == {"read": 3, "kept": 1, "duplicate": 1, "copy": 1}


@pytest.mark.parametrize("text", SAME)
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_query_finds_the_same_text_in_another_form(tmp_path, text, forms):
    passage, query = (unicodedata.normalize(form, text) for form in forms)
    files = {"collection.tsv": f"p0\t{passage}\np1\tanother\n", "queries.sw.tsv": f"q0\t{query}\n"}
    folder = put(tmp_path / "mine", queries, "msmarco", MARCO | files)
    collection(folder, "msmarco")
    queries(folder, "msmarco")
    out = folder / "out"
    search_lexical.main(
        passages=out / "passages.parquet", queries=out / "sw.tsv", output=out / "bm25.run.gz"
    )
    assert [list(found) for _, found in iterate_run(out / "bm25.run.gz")] == [["p0"]]


# --- texts that are not there --------------------------------------------------------------------


def records(*rows):
    """JSON lines, as pandas writes them too."""
    return "".join(json.dumps(row) + "\n" for row in rows)


GOOD = {"_id": "p0", "text": "The little cat plays today."}


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"title": None, "text": "A heron."}, "A heron."),
        ({"title": float("nan"), "text": "A heron."}, "A heron."),
        ({"title": "", "text": "A heron."}, "A heron."),
        ({"title": "\u200b", "text": "A heron."}, "A heron."),
        ({"title": 1984, "text": "A novel."}, "1984 A novel."),
        ({"title": "Heron", "text": None}, "Heron"),
        ({"title": "NaN", "text": "None"}, "NaN None"),  # words
        ({"text": "\ud83d\ude00"}, "\U0001f600"),  # two halves of one character
        ({"text": None}, None),
        ({"text": float("nan")}, None),
        ({"title": None, "text": " "}, None),
        ({"text": "\u200b\ufeff"}, None),
        ({"text": ""}, None),
    ],
)
def test_a_record_without_text_is_left_out_and_counted(tmp_path, capsys, record, text):
    files = {"corpus.jsonl": records(GOOD, {"_id": 7, **record})}
    found = collection(put(tmp_path / "mine", collection, "beir", files), "beir")
    assert found["text"][1:] == ([] if text is None else [text])
    assert found["judged_id"][1:] == ([] if text is None else ["7"])
    assert ("left out, without text: 1 (7)" in capsys.readouterr().err) == (text is None)


@pytest.mark.parametrize("text", [None, float("nan"), "", "\u2060", "\u3164 \u00ad"])
def test_a_query_without_text_is_left_out_and_counted(tmp_path, capsys, text):
    asked = {"_id": "q1", "text": "swali"}
    files = {
        "queries.sw.jsonl": records({"_id": "q0", "text": text}, asked),
        "qrels.txt": "q0 0 p0 1\nq1 0 p0 1\n",
    }
    folder = put(tmp_path / "mine", queries, "beir", files)
    assert queries(folder, "beir") == "q1\tswali\n"
    assert "left out, without text in sw: 1 (q0)" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\u00ad\u2060"])
def test_a_row_without_text_is_left_out_and_counted(tmp_path, capsys, text):
    files = {
        "collection.tsv": MARCO["collection.tsv"] + f"p1\t{text}\n",
        "queries.sw.tsv": f"q0\t{text}\nq1\tswali\n",
        "qrels.tsv": "q0\t0\tp0\t1\nq1\t0\tp0\t1\n",
        "qrels.txt": "q0 0 p0 1\nq1 0 p0 1\n",
    }
    folder = put(tmp_path / "mine", collection, "msmarco", files)
    assert collection(folder, "msmarco")["judged_id"] == ["p0"]
    assert queries(folder, "msmarco") == "q1\tswali\n"
    told = capsys.readouterr().err
    assert "left out, without text: 1 (p1)" in told
    assert "left out, without text in sw: 1 (q0)" in told


@pytest.mark.parametrize(
    ("layout", "name", "content"),
    [
        ("beir", "corpus.jsonl", records({"_id": "p9", "text": "x"}, {"_id": "p0", "text": None})),
        ("beir", "corpus.jsonl", records({"_id": "p9", "text": "x"}, {"_id": "p0", "text": ""})),
        ("msmarco", "collection.tsv", "p9\tx\np0\t\u200b\n"),
    ],
)
def test_a_relevant_passage_without_text_is_told_with_its_line(tmp_path, layout, name, content):
    folder = put(tmp_path / "mine", collection, layout, {name: content})
    with pytest.raises(SystemExit, match=f"{name}:2: passage p0 has no text, but is relevant to"):
        collection(folder, layout)
    assert not list((folder / "out").glob("*"))


def counts_of(folder):
    table = pd.read_csv(folder / "out/set.csv")
    return dict(zip(table["what"], table["number"], strict=True))


def test_a_training_set_leaves_out_what_has_no_text(tmp_path):
    files = {
        "collection.tsv": "p0\tThe cat.\n\np1\t\u200b\np2\tThe dog.\np3\t\n",
        "queries.train.tsv": "q0\twhich cat\nq1\t\n\nq2\twhich dog\n",
        "qrels.train.tsv": "q0\t0\tp0\t1\nq1\t0\tp1\t1\n",
        "negatives.tsv": "q0\tp1\nq0\tp2\nq1\tp2\n",
    }
    folder = put(tmp_path / "mine", training, "msmarco", files)
    assert training(folder, "msmarco") == "q0\twhich cat\n"
    assert (folder / "out/set/collection.tsv").read_text() == "p0\tThe cat.\np2\tThe dog.\n"
    counts = counts_of(folder)
    assert counts["negatives"] == 1
    assert counts["left out: queries without a judgement"] == 1
    # The blank line among them, and that among the passages.
    assert counts["left out: queries without text"] == 2
    assert counts["left out: passages without text"] == 3


def test_scored_passages_without_text_are_no_negatives(tmp_path):
    files = {
        "collection.tsv": "p0\tThe cat.\np1\t\np2\tThe dog.\n",
        "given.tsv": "q0\tp0\t9\nq0\tp1\t1\nq0\tp2\t2\n",
    }
    folder = put(tmp_path / "mine", training, "msmarco", files)
    run(
        *(prepare_training_set, "--source", f"msmarco={folder}", "--scores", folder / "given.tsv"),
        *("--output", folder / "out/set", "--counts", folder / "out/set.csv"),
    )
    assert (folder / "out/set/scores.tsv").read_text() == "q0\tp0\t9.0\nq0\tp2\t2.0\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("collection.tsv", "p0\t\u200b\n", "collection.tsv:1: passage p0 has no text, but is rel"),
        ("collection.tsv", "p1\t\np0\tx\np1\t\n", "collection.tsv:3: passage p1 .* in line 1"),
        ("collection.tsv", "p0\ta\0b\n", "collection.tsv:1: text 'a.*' has a zero byte"),
        ("queries.train.tsv", "q0\ta\n\nq0\tb\n", "queries.train.tsv:3: query q0 .* in line 1"),
        ("queries.train.tsv", "q 0\ta\n", "queries.train.tsv:1: id 'q 0' is empty or has white"),
    ],
)
def test_a_fault_of_a_training_set_is_told_with_its_line(tmp_path, name, content, message):
    folder = put(tmp_path / "mine", training, "msmarco", {name: content})
    with pytest.raises(SystemExit, match=message):
        training(folder, "msmarco")


# --- blank lines ---------------------------------------------------------------------------------

BLANK = ["\n", "\r\n", " \n", "\u200b\n", "\n\n\n", "\t\n"]


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("layout", ["beir", "msmarco"])
def test_a_blank_line_at_the_end_is_none(tmp_path, capsys, layout, blank):
    good = {name: text for name, text in (BEIR | MARCO).items() if name != "qrels.tsv"}
    ended = {name: text + blank for name, text in good.items()}
    folder = put(tmp_path / "mine", collection, layout, ended)
    assert collection(folder, layout)["judged_id"] == ["p0"]
    assert queries(folder, layout) == "q0\tpaka gani\n"
    assert "left out" not in capsys.readouterr().err


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize("layout", ["beir", "msmarco"])
def test_a_blank_line_between_others_is_counted(tmp_path, capsys, layout, blank):
    good = {name: text for name, text in (BEIR | MARCO).items() if name != "qrels.tsv"}
    begun = {name: blank + text for name, text in good.items()}
    folder = put(tmp_path / "mine", collection, layout, begun)
    assert collection(folder, layout)["judged_id"] == ["p0"]
    assert queries(folder, layout) == "q0\tpaka gani\n"
    told = capsys.readouterr().err
    number, ends = blank.count("\n"), ("jsonl" if layout == "beir" else "tsv")
    assert f"left out, without text: {number} ({folder}/co" in told
    assert f"left out, without text in sw: {number} ({folder}/queries.sw.{ends}:1" in told


LINES = ["Korongo amesimama.\tA heron stands.\n", "Mto umejaa leo.\tThe river is full.\n"]


@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_line_of_bitext_is_an_empty_pair_and_none_at_the_end(tmp_path, blank):
    folder = put(tmp_path / "mine", bitext, "tsv", {"sw.tsv": blank.join([*LINES, ""])})
    assert len(bitext(folder, "tsv")["source"]) == 2
    counts = pd.read_csv(folder / "out/sw.csv").set_index("rule")["pairs"]
    assert counts["read"] == 2 + blank.count("\n")
    assert counts["empty"] == blank.count("\n")


@pytest.mark.parametrize(
    ("source", "target", "read"),
    [
        ("a b\n\nc d\n", "x y\n\nz w\n", 3),  # blank on both sides
        ("a b\nc d\n\n", "x y\nz w\n", 2),  # a blank line more at the end
        ("a b\nc d\n", "x y\nz w\n\n\u200b\n", 2),
        ("a b\n\n", "x y\nz w\n", 2),  # a sentence that nobody translated
        ("a b\n\n\n", "x y\n\n\n", 1),
    ],
)
@pytest.mark.parametrize("layout", ["moses", "opus"])
def test_aligned_files_stay_aligned_over_blank_lines(tmp_path, source, target, read, layout):
    files = {"sw.source.txt": source, "sw.target.txt": target}
    if layout == "opus":
        files = {"sw.zip": archive(a__sw=source, a__en=target)}
    folder = put(tmp_path / "mine", bitext, layout, files)
    pairs = list(registry.bitext(f"mine:{layout}", folder, "sw"))
    assert len(pairs) == read
    assert pairs[0][1:3] == ("a b", "x y")


def test_a_longer_side_with_text_is_told(tmp_path):
    files = {"sw.source.txt": "a b\n\n\nc d\n", "sw.target.txt": "x y\n"}
    folder = put(tmp_path / "mine", bitext, "moses", files)
    with pytest.raises(SystemExit, match=r"sw.source.txt has 4 lines, .*sw.target.txt has 1"):
        bitext(folder, "moses")


# --- damaged texts -------------------------------------------------------------------------------


def is_told(folder, program, layout, files, message):
    folder = put(folder / "mine", program, layout, files)
    with pytest.raises(SystemExit, match=message) as told:
        program(folder, layout)
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"_id": "p0", "text": "a \\ud83d b"}\n', "1: text .* half a character"),
        ('{"_id": "p0", "text": "a \\u0000 b"}\n', "1: text .* zero byte"),
        ('\n{"_id": "p0", "title": "\\ude00", "text": "a"}\n', "2: title .* half a character"),
        ('{"_id": "\\ud83d", "text": "a"}\n', "1: id"),
        ('{"_id": "p0", "text": ["a"]}\n', "1: text ..a.., expected a text"),
        ('{"_id": "p0", "text": Infinity}\n', "1: text inf, expected a text"),
        ('{"_id": "p0", "text": "a"},\n', "1: expected a JSON .*: Extra data, at column 27$"),
        ('[{"_id": "p0", "text": "a"}]\n', "1: expected a JSON object .*: got .{'_id': 'p0', 't"),
        ('\n{"id": "p0", "contents": "a"}\n', "2: expected a JSON .*: no _id, text in it$"),
    ],
)
def test_a_damaged_record_is_told_with_its_line(tmp_path, line, message):
    is_told(tmp_path, collection, "beir", {"corpus.jsonl": line}, f"corpus.jsonl:{message}")


@pytest.mark.parametrize("text", ['"a \\udc00"', '"\\u0000"', "[1]", "-Infinity", "false"])
def test_a_damaged_query_is_told_with_its_line(tmp_path, text):
    files = {"queries.sw.jsonl": '\n{"_id": "q0", "text": ' + text + "}\n"}
    is_told(tmp_path, queries, "beir", files, r"queries.sw.jsonl:2: text .*expected")


ZERO = "a\nb\0\n"


@pytest.mark.parametrize(
    ("program", "layout", "files", "message"),
    [
        (collection, "msmarco", {"collection.tsv": "p0\ta\0b\n"}, "collection.tsv:1: text"),
        (queries, "msmarco", {"queries.sw.tsv": "q0\ta\0b\n"}, "queries.sw.tsv:1: text"),
        (bitext, "moses", {"sw.source.txt": ZERO, "sw.target.txt": "x\ny\n"}, "rce.txt:2: text"),
        (bitext, "opus", {"sw.zip": archive(a__sw="a\n", a__en="\0\n")}, "sw.zip/a.en:1: text"),
    ],
)
def test_a_zero_byte_is_told_with_its_line(tmp_path, program, layout, files, message):
    is_told(tmp_path, program, layout, files, message)


def test_a_damaged_pair_of_a_published_set_is_removed_and_counted(tmp_path):
    rows = [("Paka anacheza.", "The cat plays."), ("a\0b", "x"), (None, "x")]
    table = pa.table({"non_english": [row[0] for row in rows], "english": [row[1] for row in rows]})
    pq.write_table(table, tmp_path / "sw.parquet")
    cleaner = Cleaner("sw", "en")
    list(cleaner.clean("talks", registry.bitext("talks", tmp_path, "sw")))
    expected = {"read": 3, "kept": 1, "left_out:damaged": 1, "empty": 1}
    assert cleaner.counts["talks"] == expected


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "name"),
    [("007", "007"), (12, "12"), ("a/b", "a/b"), ("#1", "#1"), ("e\u0301", "e\u0301")],
)
def test_an_id_stays_as_it_is_in_a_run(tmp_path, value, name):
    files = {
        "corpus.jsonl": records(
            {"_id": value, "text": "a heron"}, {"_id": f"0{value}", "text": "b"}
        ),
        "queries.sw.jsonl": records({"_id": value, "text": "heron"}),
        "qrels.tsv": f"{name}\t{name}\t1\n",
    }
    folder = put(tmp_path / "mine", collection, "beir", files)
    collection(folder, "beir")
    out = folder / "out"
    assert (out / "qrels.txt").read_text() == f"{name} 0 {name} 1\n"
    (query,) = registry.collection("mine:beir").queries(folder, "sw")
    (out / "sw.tsv").write_text(f"{query.id}\t{query.text}\n")
    search_lexical.main(
        passages=out / "passages.parquet", queries=out / "sw.tsv", output=out / "bm25.run.gz"
    )
    ((asked, found),) = iterate_run(out / "bm25.run.gz")
    assert (asked, list(found)) == (name, [name])


def test_slashes_do_not_make_two_judgements_one(tmp_path):
    files = {
        "corpus.jsonl": records({"_id": "c", "text": "x"}, {"_id": "b/c", "text": "y"}),
        "qrels.tsv": "a/b\tc\t1\na\tb/c\t1\n",
    }
    folder = put(tmp_path / "mine", collection, "beir", files)
    collection(folder, "beir")
    assert (folder / "out/qrels.txt").read_text() == "a/b 0 c 1\na 0 b/c 1\n"


@pytest.mark.parametrize(
    "value",
    ["", "a b", "a\u00a0b", "a\tb", "a\n", " a", "a\0", "\x1b", "\ud83d", True, None, 1.0, ["a"]],
)
def test_what_is_no_id_is_told_with_its_place(value):
    with pytest.raises(InputError, match="^file:3: id .*(white space|whole number)") as told:
        as_id(value, Place("file", 3))
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD, {"_id": "p1", "text": "x"}, GOOD], "3: id p0 is given twice, first in line 1"),
        ([GOOD, {"_id": "p0", "text": None}], "2: id p0 is given twice, first in line 1"),
        ([{"_id": 7, "text": "x"}, {"_id": "7", "text": "y"}], "2: id 7 is given twice, first in"),
    ],
)
def test_an_id_that_comes_twice_is_told_with_both_lines(tmp_path, rows, message):
    files = {"corpus.jsonl": records(*rows)}
    is_told(tmp_path, collection, "beir", files, f"corpus.jsonl:{message}")


@pytest.mark.parametrize(
    ("program", "name", "content", "message"),
    [
        (collection, "collection.tsv", "\np1\tx\np0\ty\np1\t\n", "4: id p1 .*, first in line 2"),
        (queries, "queries.sw.tsv", "q9\tx\nq0\tx\nq0\ty\n", "3: id q0 .*, first in line 2"),
        (
            collection,
            "collection.tsv",
            "p0\tx\np 1\ty\n",
            "2: id 'p 1' is empty or has white space",
        ),
        (collection, "collection.tsv", "p0\tx\n\ty\n", "2: id '' is empty or has white space"),
        (queries, "queries.sw.tsv", " q0\tx\n", "1: id ' q0' is empty or has white space"),
    ],
)
def test_a_faulty_id_of_a_row_is_told_with_its_line(tmp_path, program, name, content, message):
    is_told(tmp_path, program, "msmarco", {name: content}, f"{name}:{message}")


def test_ids_of_no_file_are_told_too():
    ids = Ids()
    ids.add("a")
    with pytest.raises(InputError, match="^id a is given twice$"):
        ids.add("a")


def test_a_run_keeps_odd_ids(tmp_path):
    names = ["007", "7", "a/b", "e\u0301", "\u00e9", "-1", "#", "1e3"]
    rankings = [(name, dict.fromkeys(names, 1.0)) for name in names]
    write_run(tmp_path / "x.run.gz", rankings, tag="t")
    assert [query for query, _ in iterate_run(tmp_path / "x.run.gz")] == names
    assert all(set(found) == set(names) for _, found in iterate_run(tmp_path / "x.run.gz"))


def test_published_negatives_may_end_in_a_blank_line(tmp_path):
    lines = json.dumps({"qid": "q0", "neg": {"bm25": ["p1"]}}) + "\n\n"
    files = {
        "collection.tsv": "p0\tThe cat.\np1\tThe dog.\n",
        "negatives.jsonl.gz": gzip.compress(lines.encode()),
    }
    folder = put(tmp_path / "mine", training, "msmarco", files)
    training(folder, "msmarco")
    assert counts_of(folder)["negatives"] == 1


def test_blank_lines_of_negatives_and_scores_are_skipped(tmp_path):
    # NaN is what pandas writes for null.
    missing = {"p2": None, "p1": float("nan")}
    lines = [
        json.dumps({"qid": "q0", "neg": {"bm25": [one, none]}}) for one, none in missing.items()
    ]
    files = {
        "collection.tsv": "p0\tThe cat.\np1\tThe dog.\n",
        "negatives.jsonl.gz": gzip.compress("\n \n".join(lines).encode()),
        "scores.tsv": '\n["q0", ["p0", 1.5]]\n\n\u200b\n["q0", ["p1", 0.5]]\n',
    }
    folder = put(tmp_path / "mine", training, "msmarco", files)
    training(folder, "msmarco")
    assert counts_of(folder)["negatives"] == 1
    assert counts_of(folder)["scores"] == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"qid": null, "neg": {}}', ".*id None"),
        (
            '{"qid": "q0", "neg": {"bm25": "p1"}}',
            "expected qid and neg, which .*: got .*'bm25': 'p1'",
        ),
        ('{"qid": "q0", "neg": {"bm25": ["p 1"]}}', "id 'p 1' is empty or has white space"),
        ('{"qid": "q0", "neg": {"bm25": [1.0]}}', "id 1.0, expected a text or a whole number"),
        ('{"qid": "q0", "neg": null}', "expected qid and neg, which has a list of ids by"),
        ('{"qid": "q0"}', "expected qid and neg, which has a list of ids by retriever: no neg in"),
        ("[1]", r"expected qid and neg, which has a list of ids by retriever: got \[1\]"),
        ('{"qid": "q0",', "expected qid and neg, .* by retriever: Expecting"),
        ('{"qid": "q0", "neg": {"bm25": [[1]]}}', r"id \[1\], expected a text or a whole number"),
    ],
)
def test_a_bad_line_of_published_negatives_is_told(tmp_path, line, message):
    packed = gzip.compress(f"{line}\n".encode())
    is_told(tmp_path, training, "msmarco", {"negatives.jsonl.gz": packed}, f"jsonl.gz:1: {message}")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("negatives.tsv", "q0\tp1 \n", r"negatives.tsv:1: id 'p1 ' is empty or has white space"),
        ("articles.tsv", "p0\ta\np 1\ta\n", r"articles.tsv:2: id 'p 1' is empty or has white"),
        ("qrels.train.tsv", "q0\t0\tp0\t0\n", r"qrels.train.tsv: no relevant passage in it"),
        ("qrels.train.tsv", "", r"qrels.train.tsv: no relevant passage in it"),
    ],
)
def test_a_bad_line_of_a_training_set_is_told(tmp_path, name, content, message):
    is_told(tmp_path, training, "msmarco", {name: content}, message)


def test_a_translated_query_without_text_has_no_pair(tmp_path, capsys):
    files = {
        "queries.train.tsv": "q0\twhich cat\nq1\twhich dog\n",
        "qrels.train.tsv": "q0\t0\tp0\t1\nq1\t0\tp0\t1\n",
    }
    folder = put(tmp_path / "mine", training, "msmarco", files)
    training(folder, "msmarco")
    (folder / "sw.tsv").write_text("q0\tpaka\n\nq1\t\u200b\n", encoding="utf-8")
    assert write_pairs(folder / "pairs.parquet", folder / "sw.tsv", folder / "out/set") == 1
    assert "left out, without text in" in (told := capsys.readouterr().out)
    assert told.endswith("1 (q1)\n")


class Document(NamedTuple):
    doc_id: str
    text: str

    def default_text(self):
        return self.text


def test_a_damaged_document_of_a_library_is_told():
    lines = export_ir_dataset.lines("docs", iter([Document("d1", "a"), Document("d2", "\ud83d")]))
    assert json.loads(next(lines)) == {"_id": "d1", "text": "a"}
    with pytest.raises(InputError, match="^docs of d2: text .* half a character"):
        next(lines)
    with pytest.raises(InputError, match="^docs: id 'd 1' is empty or has white space"):
        next(export_ir_dataset.lines("docs", iter([Document("d 1", "a")])))
