"""Files that users bring and that are not what they should be: a line says so, nothing is written.

Beside them files that look odd and are right, which are read.
"""

import gzip
import io
import json
import subprocess
import sys
import unicodedata
import zipfile
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

import prepare_bitext
import prepare_collection
import prepare_queries
import prepare_training_set
from optical.corpora import registry
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from trees import ROOT

LONG = "word " * 2_000_000
GOOD_BITEXT = "Paka mdogo anacheza leo.\tThe little cat plays today.\n"


def archive(**members):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "."), text)
    return written.getvalue()


def damaged(compressed):
    """Compressed bytes of which some are others."""
    return compressed[:40] + bytes(byte ^ 255 for byte in compressed[40:50]) + compressed[50:]


def memory(body):
    return f'<tmx version="1.4"><header/><body>{body}</body></tmx>'


UNIT = (
    '<tu><tuv xml:lang="sw"><seg>Paka mdogo anacheza leo.</seg></tuv>'
    '<tuv xml:lang="en"><seg>The little cat plays today.</seg></tuv></tu>'
)
TEXT = {"_id": "p0", "title": "Cats", "text": "The little cat plays today."}
BEIR = {
    "corpus.jsonl": json.dumps(TEXT) + "\n",
    "qrels.tsv": "query-id\tcorpus-id\tscore\nq0\tp0\t1\n",
    "queries.sw.jsonl": '{"_id": "q0", "text": "paka gani"}\n',
}
MARCO = {
    "collection.tsv": "p0\tThe little cat plays today.\n",
    "qrels.tsv": "q0\t0\tp0\t1\n",
    "queries.sw.tsv": "q0\tpaka gani\n",
}
TRAINING = {
    "collection.tsv": "p0\tThe little cat plays today.\n",
    "queries.train.tsv": "q0\twhich cat\n",
    "qrels.train.tsv": "q0\t0\tp0\t1\n",
}


def run(program, *arguments):
    """Run a program on a command line, in this process."""
    with patch("sys.argv", [program.__file__, *map(str, arguments)]):
        run_program(program.main)


def bitext(folder, layout):
    out = folder / "out"
    run(
        *(prepare_bitext, "--language", "sw", "--sources", f"mine:{layout}={folder}"),
        *("--held-out-share", 0, "--output", out / "sw.parquet", "--cleaning", out / "sw.csv"),
    )
    return pq.read_table(out / "sw.parquet").to_pydict()


def collection(folder, layout):
    passages, qrels = folder / "out/passages.parquet", folder / "out/qrels.txt"
    run(
        *(prepare_collection, "--collection", f"mine:{layout}", "--folder", folder),
        *("--passages", passages, "--qrels", qrels),
    )
    return pq.read_table(passages).to_pydict()


def queries(folder, layout):
    out = folder / "out"
    if not (folder / "qrels.txt").exists():
        (folder / "qrels.txt").write_text("q0 0 p0 1\n")
    run(
        *(prepare_queries, "--collection", f"mine:{layout}", "--folder", folder),
        *("--language", "sw", "--qrels", folder / "qrels.txt"),
        *("--output", out / "sw.tsv", "--doubtful", out / "sw.doubtful.txt"),
    )
    return (out / "sw.tsv").read_text()


def training(folder, layout):
    out = folder / "out"
    run(
        *(prepare_training_set, "--source", f"{layout}={folder}"),
        *("--output", out / "set", "--counts", out / "set.csv"),
    )
    return (out / "set/queries.tsv").read_text()


# (program, layout, the files that differ from good ones, what the line says)
BAD = {
    "bitext, empty": (bitext, "tsv", {"sw.tsv": ""}, "mine/sw.tsv"),
    "bitext, one column": (bitext, "tsv", {"sw.tsv": "Paka\n"}, "sw.tsv:1: 1 tab"),
    "bitext, three columns": (bitext, "tsv", {"sw.tsv": "a\tb\na\tb\tc\n"}, "sw.tsv:2: 3 tab"),
    "bitext, commas": (bitext, "tsv", {"sw.tsv": "Paka,cat\n"}, "sw.tsv:1: 1 tab"),
    "bitext, Latin-1": (
        *(bitext, "tsv", {"sw.tsv": b"un caf\xe9\ta coffee\n"}),
        "sw.tsv:1: not UTF-8 text",
    ),
    "bitext, UTF-16": (
        *(bitext, "tsv", {"sw.tsv": GOOD_BITEXT.encode("utf-16")}),
        "sw.tsv:1: not UTF-8 text",
    ),
    "bitext, compressed": (
        *(bitext, "tsv", {"sw.tsv": b"\x1f\x8b\x08\x00\x00\xff\xfe"}),
        "sw.tsv:1: not UTF-8 text",
    ),
    "bitext, a zero byte": (
        *(bitext, "tsv", {"sw.tsv": GOOD_BITEXT + "Paka\0 mkubwa.\tThe big cat.\n"}),
        "sw.tsv:2: text 'Paka\\x00 mkubwa.' has a zero byte",
    ),
    "bitext, absent": (bitext, "tsv", {"sw.tsv": None}, "no sw.tsv"),
    "bitext, all of it copies": (
        *(bitext, "tsv", {"sw.tsv": "same text\tsame text\n"}),
        "no pair of sw is left: 1 read of mine, 1 copy of mine",
    ),
    "bitext, a side without lines": (
        *(bitext, "moses", {"sw.source.txt": "Paka\nMbwa\n", "sw.target.txt": "Cat\n"}),
        "sw.source.txt has 2 lines, ",
    ),
    "bitext, a side absent": (
        *(bitext, "moses", {"sw.source.txt": "Paka\n"}),
        "no sw.source.txt and sw.target.txt",
    ),
    "memory, cut": (bitext, "tmx", {"sw.tmx": memory(UNIT)[:-30]}, "sw.tmx"),
    "memory, no XML": (bitext, "tmx", {"sw.tmx": "hello"}, "sw.tmx"),
    "memory, empty": (bitext, "tmx", {"sw.tmx": ""}, "sw.tmx"),
    "memory, another language": (
        *(bitext, "tmx", {"sw.tmx": memory(UNIT.replace('"sw"', '"fr"'))}),
        "sw.tmx: its units are in 2 (en, fr), expected some in both sw and en",
    ),
    "memory, an unknown encoding": (
        *(bitext, "tmx", {"sw.tmx": '<?xml version="1.0" encoding="x-none"?>' + memory(UNIT)}),
        "sw.tmx: not a TMX file",
    ),
    "memory, not compressed": (
        bitext,
        "tmx",
        {"sw.tmx.gz": memory(UNIT)},
        "sw.tmx.gz: not a whole",
    ),
    "memory, compressed and cut": (
        *(bitext, "tmx", {"sw.tmx.gz": gzip.compress(memory(UNIT).encode())[:-9]}),
        "sw.tmx.gz: not a whole compressed TMX file",
    ),
    "memory, entities": (
        *(bitext, "tmx", {"sw.tmx": '<!DOCTYPE tmx [<!ENTITY a "b">]>' + memory(UNIT)}),
        "sw.tmx",
    ),
    "archive, no zip": (bitext, "opus", {"sw.zip": "hello"}, "sw.zip: not a zip archive"),
    "archive, cut": (bitext, "opus", {"sw.zip": archive(a__sw="x", a__en="y")[:-9]}, "sw.zip: not"),
    "archive, a side absent": (bitext, "opus", {"sw.zip": archive(a__sw="x")}, "0 files *.en"),
    "archive, a side twice": (
        *(bitext, "opus", {"sw.zip": archive(a__sw="x", b__sw="x", a__en="y")}),
        "2 files *.sw",
    ),
    "archive, damaged within": (
        *(bitext, "opus", {"sw.zip": damaged(archive(a__sw="x " * 99, a__en="y " * 99))}),
        "sw.zip",
    ),
    "archive, Latin-1": (
        *(bitext, "opus", {"sw.zip": archive(a__sw="x\n", a__en=b"y\xe9\n")}),
        "sw.zip/a.en:1: not UTF-8 text",
    ),
    "archive, not aligned": (
        *(bitext, "opus", {"sw.zip": archive(a__sw="x\ny\n", a__en="y\n")}),
        "a.sw has 2 lines",
    ),
    "corpus, no JSON": (collection, "beir", {"corpus.jsonl": "p0\ttext\n"}, "corpus.jsonl:1: "),
    "corpus, a number of too many digits": (
        *(collection, "beir", {"corpus.jsonl": f'{{"_id": {"1" * 5000}, "text": "x"}}\n'}),
        "corpus.jsonl:1: ",
    ),
    "corpus, half a line": (
        *(collection, "beir", {"corpus.jsonl": BEIR["corpus.jsonl"] + '{"_id": "p1", "te'}),
        "corpus.jsonl:2: ",
    ),
    "corpus, UTF-16": (
        *(collection, "beir", {"corpus.jsonl": BEIR["corpus.jsonl"].encode("utf-16")}),
        "corpus.jsonl:1: not UTF-8 text",
    ),
    "corpus, a list": (collection, "beir", {"corpus.jsonl": "[1]\n"}, "corpus.jsonl:1: "),
    "corpus, no text": (
        collection,
        "beir",
        {"corpus.jsonl": '{"_id": "p0"}\n'},
        "corpus.jsonl:1: ",
    ),
    "corpus, an empty text": (
        *(collection, "beir", {"corpus.jsonl": '{"_id": "p0", "text": " "}\n'}),
        "passage p0 has no text",
    ),
    "corpus, an id twice": (
        *(collection, "beir", {"corpus.jsonl": 2 * BEIR["corpus.jsonl"]}),
        "id p0 is given twice",
    ),
    "corpus, an id with a space": (
        *(collection, "beir", {"corpus.jsonl": '{"_id": "p 0", "text": "x"}\n'}),
        "id 'p 0' is empty or has white space",
    ),
    "corpus, empty": (collection, "beir", {"corpus.jsonl": ""}, "p0, which is no passage"),
    "corpus, absent": (collection, "beir", {"corpus.jsonl": None}, "corpus.jsonl"),
    "qrels, an unknown passage": (
        *(collection, "beir", {"qrels.tsv": "q0\tp9\t1\n"}),
        "query q0 is judged for p9, which is no passage",
    ),
    "qrels, two columns": (collection, "beir", {"qrels.tsv": "q0\tp0\n"}, "qrels.tsv:1: 2 columns"),
    "qrels, a word for a number": (
        *(collection, "beir", {"qrels.tsv": "q0\tp0\tyes\n"}),
        "qrels.tsv:1: judgement 'yes'",
    ),
    "qrels, a pair twice": (
        *(collection, "msmarco", {"qrels.tsv": 2 * MARCO["qrels.tsv"]}),
        "qrels.tsv:2: query q0 is judged twice for p0, before in line 1",
    ),
    "qrels, three columns": (
        *(collection, "msmarco", {"qrels.tsv": "q0\tp0\t1\n"}),
        "qrels.tsv:1: 3 columns, expected 4",
    ),
    "passages, one column": (
        *(collection, "msmarco", {"collection.tsv": "p0 The little cat\n"}),
        "collection.tsv:1: 1 tab-separated columns, expected 2",
    ),
    "queries, none judged": (
        *(queries, "beir", {"queries.sw.jsonl": '{"_id": "q9", "text": "paka"}\n'}),
        "1 (q0)",
    ),
    "queries, an id twice": (
        *(queries, "msmarco", {"queries.sw.tsv": 2 * MARCO["queries.sw.tsv"]}),
        "id q0 is given twice",
    ),
    "queries, empty": (
        queries,
        "msmarco",
        {"queries.sw.tsv": ""},
        "relevant passage: there is no query",
    ),
    "queries, absent": (queries, "msmarco", {"queries.sw.tsv": None}, "queries.sw.tsv"),
    "queries, another encoding": (
        *(queries, "msmarco", {"queries.sw.tsv": "q0\tпака\n".encode("cp1251")}),
        "queries.sw.tsv:1: not UTF-8 text",
    ),
    "training, no queries": (
        training,
        "msmarco",
        {"qrels.train.tsv": ""},
        "qrels.train.tsv: no relevant",
    ),
    "training, an unknown passage": (
        *(training, "msmarco", {"qrels.train.tsv": "q0\t0\tp9\t1\n"}),
        "p9",
    ),
    "training, negatives that are not compressed": (
        *(training, "msmarco", {"negatives.jsonl.gz": '{"qid": "q0", "neg": {}}\n'}),
        "negatives.jsonl.gz: not a whole compressed file",
    ),
    "training, negatives that are cut": (
        *(training, "msmarco", {"negatives.jsonl.gz": gzip.compress(b"{}" * 99)[:-9]}),
        "negatives.jsonl.gz",
    ),
    "training, negatives that are damaged": (
        *(training, "msmarco", {"negatives.jsonl.gz": damaged(gzip.compress(b'"x"' * 99))}),
        "negatives.jsonl.gz",
    ),
    "training, negatives in Latin-1": (
        *(training, "msmarco", {"negatives.jsonl.gz": gzip.compress(b"\xe9\n")}),
        "negatives.jsonl.gz:1: not UTF-8 text",
    ),
    "training, negatives of no retriever": (
        *(training, "msmarco", {"negatives.jsonl.gz": gzip.compress(b'{"qid": 0, "neg": ["p1"]}')}),
        "negatives.jsonl.gz:1: expected qid and neg",
    ),
    "training, a query twice": (
        *(training, "msmarco", {"queries.train.tsv": 2 * TRAINING["queries.train.tsv"]}),
        "queries.train.tsv:2: query q0 was given before",
    ),
}


@pytest.mark.parametrize("line", [1, 2, 999, 5000])
@pytest.mark.parametrize("packed", [False, True])
def test_the_line_of_another_encoding_is_named(tmp_path, line, packed):
    rows = [f"Paka \u00e9 mkubwa {number}.\tThe big cat {number}.\n" for number in range(1, 5001)]
    data = [row.encode() for row in rows]
    data[line - 1] = data[line - 1].replace(b"\xc3", b"")
    if packed:
        sides = [
            b"".join(row.split(b"\t")[side].strip() + b"\n" for row in data) for side in (0, 1)
        ]
        (tmp_path / "sw.zip").write_bytes(archive(a__sw=sides[0], a__en=sides[1]))
    else:
        (tmp_path / "sw.tsv").write_bytes(b"".join(data))
    place = "sw.zip/a.sw" if packed else "sw.tsv"
    message = rf"{place}:{line}: not UTF-8 text: byte 0xa9, invalid start byte"
    with pytest.raises(InputError, match=message):
        list(registry.bitext("mine:opus" if packed else "mine:tsv", tmp_path, "sw"))


def put(folder, program, layout, files):
    """The files of a layout, some of them others."""
    folder.mkdir()
    good = {}
    if program in (collection, queries):
        good = BEIR if layout == "beir" else MARCO
    elif program is training:
        good = TRAINING
    for name, content in {**good, **files}.items():
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line_and_nothing_is_written(tmp_path, name):
    program, layout, files, message = BAD[name]
    folder = put(tmp_path / "mine", program, layout, files)
    with pytest.raises(SystemExit) as told:
        program(folder, layout)
    line = str(told.value)
    assert message in line
    assert "\n" not in line.strip()
    assert not [path for path in (folder / "out").rglob("*") if path.is_file()]


def test_a_program_ends_with_the_line_alone(tmp_path):
    (tmp_path / "sw.tsv").write_text("Paka\n")
    program = ROOT / "workflow_scripts/prepare_bitext.py"
    options = ["--language", "sw", "--sources", f"mine:tsv={tmp_path}", "--held-out-share", "0"]
    options += ["--output", tmp_path / "sw.parquet", "--cleaning", tmp_path / "sw.csv"]
    done = subprocess.run([sys.executable, program, *options], capture_output=True, text=True)
    assert done.returncode == 1
    line = f"prepare_bitext: {tmp_path / 'sw.tsv'}:1: 1 tab-separated columns, expected 2"
    assert done.stderr.splitlines()[-1] == line
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sw.tsv"]


# (program, layout, the files that differ from good ones, what is read)
ODD = {
    "a byte order mark": (
        *(bitext, "tsv", {"sw.tsv": "\ufeff" + GOOD_BITEXT}),
        ["Paka mdogo anacheza leo."],
    ),
    "line ends of Windows": (
        *(bitext, "tsv", {"sw.tsv": GOOD_BITEXT.replace("\n", "\r\n")}),
        ["Paka mdogo anacheza leo."],
    ),
    "no line end": (bitext, "tsv", {"sw.tsv": GOOD_BITEXT.strip()}, ["Paka mdogo anacheza leo."]),
    "a line of ten million letters": (
        *(bitext, "tsv", {"sw.tsv": f"{LONG}\t{LONG}\n{GOOD_BITEXT}"}),
        ["Paka mdogo anacheza leo."],
    ),
    "a memory in an encoding of many bytes": (
        *(bitext, "tmx", {"sw.tmx": '<?xml version="1.0" encoding="shift_jis"?>' + memory(UNIT)}),
        ["Paka mdogo anacheza leo."],
    ),
    "quotes": (
        *(bitext, "tsv", {"sw.tsv": f'"Paka anacheza\tThe cat "plays"\n{GOOD_BITEXT}'}),
        ['"Paka anacheza', "Paka mdogo anacheza leo."],
    ),
    "a memory in capitals": (
        *(bitext, "tmx", {"sw.tmx": memory(UNIT.replace('"sw"', '"SW"'))}),
        ["Paka mdogo anacheza leo."],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_read(tmp_path, name):
    program, layout, files, expected = ODD[name]
    found = program(put(tmp_path / "mine", program, layout, files), layout)["source"]
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        "\u0627\u06cc\u06a9 \u0628\u0644\u06cc",  # from right to left
        "cafe\u0301 e\u0301te\u0301",  # combining accents
        "\u202equery\u202c",  # a mark that turns the direction
        'a "quoted" query',
        "one\u2028two",  # an end of a line, to Unicode
    ],
)
def test_a_query_of_odd_characters_is_a_query(tmp_path, text):
    files = {"queries.sw.tsv": f"q0\t{text}\n"}
    written = queries(put(tmp_path / "mine", queries, "msmarco", files), "msmarco")
    read = unicodedata.normalize("NFC", " ".join(text.split()))
    assert written.removeprefix("q0\t").removesuffix("\n") == read
