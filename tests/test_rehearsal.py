"""The dress rehearsal of a study, against hosts on loopback."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.numpy import save

from hosts import REVISION, Hub
from optical.corpora import beginnings, belebele, first_rows, registry
from optical.runtime import file_parts
from optical.runtime.errors import InputError
from optical.runtime.file_parts import BEGINNING, MOST, WHOLE, ask_for, look_at
from optical.study.loading import load_study, read_datasets
from optical.study.rehearsal import rehearse
from trees import copy_tree

SETS = "/datasets/org/set/resolve/main/"
TOKEN = "hf_secret0123456789"
WORDS = np.random.default_rng(0).integers(97, 123, (20_000, 400), dtype=np.uint8)


def parquet(columns=("english", "non_english"), rows=20_000, group=1000):
    """Some 16 MB of text that does not compress, in small row groups."""
    texts = [bytes(row).decode() for row in WORDS[:rows]]
    file = io.BytesIO()
    table = pa.table(dict.fromkeys(columns, texts))
    pq.write_table(table, file, row_group_size=group)
    return file.getvalue()


PARQUET = parquet()
OTHER_COLUMNS = parquet(("en", "sw"))


def tmx(units=3071):
    body = "".join(
        f'<tu tuid="{n}"><tuv xml:lang="en"><seg>a</seg></tuv>'
        f'<tuv xml:lang="sw"><seg>b</seg></tuv></tu>'
        for n in range(units)
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("all.tmx", f'<tmx version="1.4"><header/><body>{body}</body></tmx>')
    return file.getvalue()


def questions():
    rows = (
        {"link": f"l{n}", "question_number": 1, "flores_passage": f"p{n}", "question": f"q{n}"}
        for n in range(60)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


NEGATIVES = "".join(
    json.dumps({"qid": n, "neg": {"bm25": [n + 1, n + 2]}}) + "\n" for n in range(120_000)
)
FILES = {
    "sw.parquet": PARQUET,
    "sw.zip": tmx(),
    "en.jsonl": questions(),
    "fr.jsonl": questions(),
    "sw.jsonl": questions(),
    "collection.tsv": b"".join(b"%d\ta passage of some words\n" % n for n in range(200_000)),
    "queries.tsv": b"".join(b"%d\ta query\n" % n for n in range(900)),
    # Of queries that stand behind those whose beginning is seen.
    "qrels.tsv": b"".join(b"%d\t0\t%d\t1\n" % (n, n) for n in range(999_000, 999_900)),
    "negatives.gz": gzip.compress(NEGATIVES.encode(), 0),
}
WEIGHTS = save({"embeddings.weight": np.zeros((1000, 8), dtype=np.float32)})
MODEL = {
    "config.json": b'{"model_type": "xlm-roberta", "vocab_size": 1000}',
    "model.safetensors": WEIGHTS,
    "tokenizer.json": b"{}",
    "pytorch_model.bin": b"a pickle, which nobody asks for",
}
STUDY: dict[str, Any] = {
    "study": "small",
    "pivot": "en",
    "languages": {"high": ["fr"], "low": ["sw"]},
    "encoders": {"base": {"hub": "org/tiny", "revision": REVISION}},
    "bitext": {"sources": ["ccmatrix", "tico19"]},
    "training_set": {"source": "mmarco"},
    "collections": ["belebele"],
    "methods": ["zero_shot"],
}


@pytest.fixture
def hub(monkeypatch):
    """The hub, and a host of plain files, whose files are those that STUDY needs."""
    server = Hub(MODEL).start()
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    server.others = {f"/{name}": data for name, data in FILES.items()}
    server.others[f"{SETS}sw.parquet"] = server.others.pop("/sw.parquet")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def datasets(hub):
    """Four data sets, three of them plain files."""

    def entry(**files):
        about = {"title": "t", "licence": "l", "homepage": "h", "citation": "c"}
        return about | {"files": files}

    def at(name, **about):
        return {"url": f"{hub.url}/{name}", **about}

    parquet_file = {
        "url": f"https://huggingface.co{SETS}sw.parquet",
        "language": "sw",
    }
    return {
        "ccmatrix": entry(**{"sw.parquet": parquet_file}),
        "tico19": entry(
            **{
                "sw.tmx.zip": at(
                    "sw.zip",
                    language="sw",
                    sha256=sha256(FILES["sw.zip"]).hexdigest(),
                    bytes=len(FILES["sw.zip"]),
                )
            }
        ),
        "belebele": entry(
            **{f"{code}.jsonl": at(f"{code}.jsonl", language=code) for code in ("en", "fr", "sw")}
        ),
        "mmarco": entry(
            **{
                "collection.tsv": at("collection.tsv", role="train"),
                "queries.train.tsv": at("queries.tsv", role="train"),
                "qrels.train.tsv": at("qrels.tsv", role="train"),
                "negatives.jsonl.gz": at("negatives.gz", role="train"),
            }
        ),
    }


@pytest.fixture
def lines(hub, datasets, tmp_path):
    """What a rehearsal says: {name: line}. Local data and mirrors lie in the test's folder."""

    def rehearsed(lock="lock.tsv", mirrors=(), printed=None, **changes):
        study = load_study({**STUDY, "local": str(tmp_path / "local"), **changes}, datasets)
        folders = [tmp_path / mirror for mirror in mirrors]
        printed = [] if printed is None else printed
        for line in rehearse(study, folders, tmp_path / lock):
            printed.append(line)
        return {line.name: line for line in printed}

    return rehearsed


def wrong(lines):
    return {name: line.text for name, line in lines.items() if line.wrong}


def redirect(status, to):
    return lambda handler: handler.answer(status, Location=to)


def test_a_study_whose_sources_are_as_expected(hub, lines):
    found = lines()
    assert wrong(found) == {}
    texts = {name: line.text for name, line in found.items()}
    assert set(texts) == {
        *("ccmatrix/sw.parquet", "tico19/sw.tmx.zip", "belebele/en.jsonl", "belebele/fr.jsonl"),
        *("mmarco/collection.tsv", "mmarco/queries.train.tsv", "mmarco/qrels.train.tsv"),
        *("mmarco/negatives.jsonl.gz", "belebele/sw.jsonl", "encoder base"),
    }
    for name, text in texts.items():
        assert name == "encoder base" or text.endswith("; first rows read"), text
    assert "parquet of 20,000 rows; at its URL; no sha256 yet" in texts["ccmatrix/sw.parquet"]
    assert "zip of 1 files (all.tmx); at its URL; sha256 right" in texts["tico19/sw.tmx.zip"]
    assert "org/tiny: 3 files, 32.1kB; xlm-roberta, 8,000 parameters" in texts["encoder base"]
    assert TOKEN not in str(texts)
    assert f"Bearer {TOKEN}" in hub.tokens
    assert "pytorch_model.bin" not in hub.asked


def test_of_a_large_file_a_part_is_read(hub, lines):
    lines()
    assert len(PARQUET) > 2 * MOST // 3
    assert hub.sent[f"{SETS}sw.parquet"] < 3 << 20
    for path in ("/collection.tsv", "/negatives.gz"):
        assert hub.sent[path] == BEGINNING
        assert len(hub.others[path]) > WHOLE


@pytest.mark.parametrize("whole", [True, False])
def test_a_wrong_column_is_said(hub, lines, whole):
    rows = 100 if whole else 20_000
    hub.others[f"{SETS}sw.parquet"] = parquet(("en", "sw"), rows) if whole else OTHER_COLUMNS
    assert wrong(lines()) == {
        "ccmatrix/sw.parquet": f"https://huggingface.co{SETS}sw.parquet: no column non_english; "
        "it has en, sw"
    }, rows


def test_a_moved_file_is_said(hub, lines):
    url = f"{hub.url}/collection.tsv"
    hub.others["/new.tsv"] = hub.others["/collection.tsv"]
    hub.others["/collection.tsv"] = redirect(301, "/new.tsv?signature=letmein")
    (text,) = wrong(lines()).values()
    assert text.startswith(f"{url}: moved for good to {hub.url}/new.tsv?...; expected at its URL")
    # A moment's place, as the hub and its stores have it, is none.
    hub.others["/collection.tsv"] = redirect(302, "/new.tsv")
    assert wrong(lines()) == {}
    del hub.others["/collection.tsv"]
    assert wrong(lines()) == {"mmarco/collection.tsv": f"{url}: HTTP 404 Not Found"}


def test_a_moved_file_that_is_the_same_is_followed_and_told(hub, lines):
    hub.others["/new.zip"] = hub.others["/sw.zip"]
    hub.others["/sw.zip"] = redirect(308, "/new.zip")
    line = lines()["tico19/sw.tmx.zip"]
    assert not line.wrong
    assert f"moved to {hub.url}/new.zip" in line.text


def test_a_gated_data_set_and_a_gated_model_are_said(hub, lines):
    hub.gated = True
    hub.others[f"{SETS}sw.parquet"] = lambda handler: handler.answer(403, X_Error_Code="GatedRepo")
    found = wrong(lines())
    consent = "asks for consent; give it on the dataset's page and set HF_TOKEN"
    assert found["ccmatrix/sw.parquet"].endswith(consent)
    assert found["encoder base"].endswith(consent.replace("dataset", "model"))
    assert set(found) == {"ccmatrix/sw.parquet", "encoder base"}


@pytest.mark.parametrize(
    ("path", "name", "data", "message"),
    [
        ("/sw.zip", "tico19/sw.tmx.zip", FILES["sw.zip"][:-40], "bytes, expected"),
        (f"{SETS}sw.parquet", "ccmatrix/sw.parquet", PARQUET[:-9], "is no whole parquet file"),
        (f"{SETS}sw.parquet", "ccmatrix/sw.parquet", PARQUET[:900], "is no whole parquet file"),
        ("/negatives.gz", "mmarco/negatives.jsonl.gz", b"{}\n" * 9, "does not read to its end"),
        ("/en.jsonl", "belebele/en.jsonl", b"<!doctype html><html>", "a page of HTML"),
        ("/en.jsonl", "belebele/en.jsonl", b"", "is empty"),
        ("/en.jsonl", "belebele/en.jsonl", b'{"link": "a"}\n', ":1: not a question of Belebele"),
        ("/qrels.tsv", "mmarco/qrels.train.tsv", b"1\t1\n", ":1: 2 columns, expected 4"),
        ("/collection.tsv", "mmarco/collection.tsv", FILES["sw.zip"], "is a zip archive; expected"),
        ("/queries.tsv", "mmarco/queries.train.tsv", b"\xff\xfe1\0\t\0", "text in UTF-16"),
        (
            "/queries.tsv",
            "mmarco/queries.train.tsv",
            b"version https://git-lfs.github.com/spec/v1\n",
            "a pointer of Git LFS",
        ),
    ],
)
def test_a_file_that_is_not_what_was_expected(hub, lines, path, name, data, message):
    hub.others[path] = data
    found = wrong(lines())
    assert set(found) == {name}
    assert message in found[name]
    assert "\n" not in found[name]


def test_another_size_and_another_content_are_said(hub, lines, tmp_path, datasets):
    about = datasets["tico19"]["files"]["sw.tmx.zip"]
    about["bytes"] += 1
    assert f"bytes, expected {about['bytes']}" in wrong(lines())["tico19/sw.tmx.zip"]
    about["bytes"] -= 1
    hub.others["/sw.zip"] = FILES["sw.zip"][:-1] + b"\1"
    assert f"expected {about['sha256']}" in wrong(lines())["tico19/sw.tmx.zip"]
    hub.others["/sw.zip"] = FILES["sw.zip"]
    url = f"https://huggingface.co{SETS}sw.parquet"
    (tmp_path / "known.tsv").write_text(f"{url}\t{'0' * 64}\t{len(PARQUET) - 1}\n")
    assert wrong(lines("known.tsv")) == {
        "ccmatrix/sw.parquet": f"{url}: {len(PARQUET)} bytes, expected {len(PARQUET) - 1}"
    }


def test_a_server_without_ranges_is_cut_off(hub, lines):
    hub.whole = True
    found = lines()
    assert wrong(found) == {}
    assert "not read, for its server sends no parts" in found["ccmatrix/sw.parquet"].text
    assert hub.sent[f"{SETS}sw.parquet"] < len(PARQUET)
    assert found["mmarco/collection.tsv"].text.endswith("first rows read")


def test_rows_that_are_too_large_are_not_read_but_their_columns_are(hub, lines, monkeypatch):
    monkeypatch.setattr(file_parts, "MOST", 600_000)
    hub.others[f"{SETS}sw.parquet"] = parquet(group=20_000)
    line = lines()["ccmatrix/sw.parquet"]
    assert not line.wrong
    assert "its columns alone were read" in line.text
    hub.others[f"{SETS}sw.parquet"] = parquet(("en", "sw"), group=20_000)
    assert "no column non_english; it has en, sw" in wrong(lines())["ccmatrix/sw.parquet"]


def test_a_server_that_hesitates_is_left_in_time(hub):
    def slow(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.send(b"a")
            time.sleep(0.05)

    hub.others["/slow"] = slow
    start = time.monotonic()
    with pytest.raises(InputError, match=r"/slow: \d+ of \d+ bytes came in 0 s\Z"):
        ask_for(f"{hub.url}/slow", seconds=0.3)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("again", ["well", "busy"])
def test_a_busy_server_is_asked_once_more(hub, lines, monkeypatch, again):
    monkeypatch.setattr(file_parts, "PAUSE", 0.0)
    asked = []

    def busy(handler):
        asked.append(handler.path)
        if len(asked) == 1 or again == "busy":
            handler.answer(503)
        else:
            handler.answer(200, FILES["sw.jsonl"])

    hub.others["/sw.jsonl"] = busy
    assert list(wrong(lines())) == (["belebele/sw.jsonl"] if again == "busy" else [])
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("host", "said"), [("127.0.0.1:9", "cannot be reached"), ("a.invalid", "is not known here")]
)
def test_a_server_that_is_not_there_is_a_line(lines, datasets, host, said):
    url = f"http://{host}/sw.jsonl"
    datasets["belebele"]["files"]["sw.jsonl"]["url"] = url
    question = "is there a network, or a mirror (MIRROR=DIR)?"
    assert wrong(lines()) == {"belebele/sw.jsonl": f"{url}: its host {said}; {question}"}


def test_a_fault_of_the_program_keeps_its_traceback_after_all_lines(lines, monkeypatch):
    def broken(*_, **__):
        raise KeyError("fault")

    monkeypatch.setattr(belebele, "passages", broken)
    printed = []
    with pytest.raises(KeyError, match="fault"):
        lines(printed=printed)
    assert len(printed) == 10
    (line,) = (line for line in printed if line.wrong)
    assert line.text == "what reads it ends with KeyError('fault')"


# --- this machine --------------------------------------------------------------------------------


def test_mirrors_and_earlier_downloads_are_looked_at_and_not_asked_for(
    hub, lines, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "mirror/huggingface.co" / f"{SETS}sw.parquet".lstrip("/")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(OTHER_COLUMNS)
    here = tmp_path / "downloads/tico19/sw.tmx.zip"
    here.parent.mkdir(parents=True)
    here.write_bytes(FILES["sw.zip"][:100])
    found = lines(mirrors=["mirror"])
    assert wrong(found) == {
        "ccmatrix/sw.parquet": f"{copy}: no column non_english; it has en, sw",
        "tico19/sw.tmx.zip": "downloads/tico19/sw.tmx.zip: 100 bytes, "
        f"expected {len(FILES['sw.zip'])}",
    }
    assert not {"/sw.zip", f"{SETS}sw.parquet"} & set(hub.sent)


def test_the_users_own_files_are_read_where_they_lie(lines, tmp_path):
    own = {
        "letters": {"folder": "letters", "layout": "tsv", "languages": ["fr", "sw"]},
        "clippings": {"folder": "clippings", "layout": "msmarco", "languages": ["fr", "sw"]},
    }
    changes = {
        "own": own,
        "bitext": {"sources": ["letters"]},
        "collections": ["clippings"],
        "training_set": {"source": "local", "folder": "squad"},
    }
    local = tmp_path / "local"
    missing = wrong(lines(**changes))
    assert (
        missing["letters/sw.tsv"]
        == f"{local}/letters/sw.tsv: missing; it is yours to supply, below LOCAL=DIR"
    )
    assert len(missing) == 10
    for name, text in {
        "letters/fr.tsv": "chien\tdog\n",
        "letters/sw.tsv": "mbwa\tdog\n",
        "clippings/collection.tsv": "p\ta dog\n",
        "clippings/queries.en.tsv": "q\tdog\n",
        "clippings/queries.fr.tsv": "q\tchien\n",
        "clippings/queries.sw.tsv": "q\n",
        "clippings/qrels.tsv": "q\t0\tp\t1\n",
        "squad/collection.tsv": "p\ta dog\n",
        "squad/queries.train.tsv": "q\tdog\n",
        "squad/qrels.train.tsv": "q\t0\tp\t1\n",
        "squad/scores.tsv": "q\tp\thigh\n",
    }.items():
        (local / name).parent.mkdir(parents=True, exist_ok=True)
        (local / name).write_text(text)
    found = lines(**changes)
    assert wrong(found) == {
        "clippings/queries.sw.tsv": f"{local}/clippings/queries.sw.tsv:1: 1 tab-separated columns, "
        "expected 2",
        "training set/scores.tsv": f"{local}/squad/scores.tsv:1: score 'high', expected a number",
    }
    assert found["letters/sw.tsv"].text.endswith("yours; first rows read")


# --- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"model.safetensors": WEIGHTS[:-8]}, "model.safetensors holds no whole weights"),
        ({"model.safetensors": b"<html>"}, "model.safetensors is no file of safetensors"),
        ({"config.json": b'{"model_type": "perpetual"}'}, "config.json: "),
        ({"config.json": b'{"model'}, "config.json is no whole JSON"),
        (
            {"model.safetensors": None, "pytorch_model.bin": None},
            "no pytorch_model*.bin*; expected a transformers model",
        ),
        (
            {"model.safetensors": None, "pytorch_model.bin": b"<html>"},
            "pytorch_model.bin is no file of weights",
        ),
        (
            {"model.safetensors.index.json": b'{"weight_map": {"a": "model-2.safetensors"}}'},
            "index.json names model-2.safetensors, which is not there",
        ),
    ],
)
def test_a_model_that_could_not_be_used_is_said(hub, lines, files, message):
    hub.files = {name: data for name, data in (MODEL | files).items() if data is not None}
    assert message in wrong(lines())["encoder base"]


@pytest.mark.parametrize(
    "below", [None, "checkpoint-500/model.safetensors", "1_Dense/model.safetensors"]
)
def test_weights_in_the_old_format_are_said(hub, lines, below):
    hub.files = {name: data for name, data in MODEL.items() if name != "model.safetensors"}
    hub.files |= {"pytorch_model.bin": b"PK and so on"}
    if below:
        hub.files[below] = WEIGHTS
    found = lines()
    assert wrong(found) == {}
    assert "weights in the old format, read as tensors alone" in found["encoder base"].text


@pytest.mark.parametrize("layout", ["tsv", "moses"])
def test_the_sides_of_the_users_bitext_are_judged_by_many_pairs(lines, tmp_path, layout):
    own = {"letters": {"folder": "letters", "layout": layout, "languages": ["fr", "sw"]}}
    folder = tmp_path / "local/letters"
    folder.mkdir(parents=True)
    rows = {
        "fr": ["Un héron se tient dans les roseaux.", "Le pain est cuit avant l'aube chez nous."],
        "sw": ["The heron stands in the reeds.", "Our bread is baked before dawn in the village."],
    }
    other = {"fr": rows["sw"], "sw": ["Korongo anasimama kwenye matete.", "Mkate huokwa alfajiri."]}
    for language in ("fr", "sw"):
        # The first five rows hold numbers alone.
        sides = [["1", "2", "3", "4", "5"] + each[language] * 10 for each in (rows, other)]
        if layout == "tsv":
            pairs = zip(*sides, strict=True)
            (folder / f"{language}.tsv").write_text("".join(f"{s}\t{t}\n" for s, t in pairs))
        else:
            for name, side in zip(("source", "target"), sides, strict=True):
                (folder / f"{language}.{name}.txt").write_text("".join(f"{s}\n" for s in side))
            with (folder / f"{language}.target.txt").open("a") as file:
                file.write("One line too many is for the run to say.\n")
    found = wrong(lines(own=own, bitext={"sources": ["letters"]}))
    (name,) = (name for name in found if name.startswith("letters/"))
    assert name in ("letters/sw.tsv", "letters/sw.source.txt")
    assert (
        "the sides look swapped: of the first 25 pairs, most have en where sw is expected"
        in (found[name])
    )


def test_a_finished_teachers_dimension_is_looked_at(hub, lines):
    hub.files = MODEL | {
        "config.json": b'{"model_type": "xlm-roberta", "architectures": ["HF_ColBERT"]}',
        "model.safetensors": save({"linear.weight": np.zeros((96, 8), dtype=np.float32)}),
    }
    teacher = {"teachers": {"done": STUDY["encoders"]["base"]}, "encoders": {}}
    text = wrong(lines(**teacher))["teacher done"]
    assert text.endswith("vectors of 96 dimensions, but model.dimension is 128")
    assert wrong(lines(**teacher, model={"dimension": 96})) == {}


def test_a_finished_teacher_in_the_old_format_is_not_refused(hub, lines):
    hub.files = {name: data for name, data in MODEL.items() if name != "model.safetensors"}
    hub.files |= {"pytorch_model.bin": b"PK and so on"}
    assert wrong(lines(teachers={"done": STUDY["encoders"]["base"]}, encoders={})) == {}


def test_a_model_that_is_here_is_not_asked_for(hub, lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/small/encoders/base"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    text = "results/small/encoders/base: no *.safetensors; expected a transformers model"
    assert wrong(lines()) == {"encoder base": text}
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    assert lines()["encoder base"].text == "org/tiny; here"
    assert hub.asked == []


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"hub": "org/other"}, "the hub has no such model, or HF_TOKEN may not read it"),
        ({"revision": "f" * 40}, "the hub has no such commit of it"),
        ({"hub": "org/consent"}, "asks for consent; give it on the model's page and set HF_TOKEN"),
    ],
)
def test_a_model_that_the_hub_does_not_give_is_said(lines, model, message):
    found = wrong(lines(encoders={"base": STUDY["encoders"]["base"] | model}))
    assert found["encoder base"].endswith(message)


def test_every_file_of_a_training_set_has_a_reader():
    """One that has none would be downloaded before anybody had read a row of it."""
    for name in set(registry.TRAINING_SETS) & set(read_datasets()):
        files = read_datasets()[name]["files"]
        train = {file for file, about in files.items() if about.get("role") == "train"}
        assert train
        assert all(first_rows.training_reader(file) for file in train)
    for name in registry.SCORES:
        assert all(first_rows.training_reader(file) for file in read_datasets()[name]["files"])


# --- beginnings ----------------------------------------------------------------------------------


def kept(tmp_path, data, suffix):
    (tmp_path / "there").write_bytes(data)
    copy = tmp_path / f"kept{suffix}"
    return beginnings.keep(look_at(tmp_path / "there"), copy, suffix), copy


def test_an_archives_members_are_kept_up_to_a_line(tmp_path):
    file = io.BytesIO()
    text = b"".join(b"%d a line\n" % n for n in range(900_000))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/one.en", text)
        archive.writestr("a/two.sw", b"short")
    found, copy = kept(tmp_path, file.getvalue(), ".zip")
    assert found == ("zip of 2 files (a/one.en, a/two.sw)", True, True)
    with zipfile.ZipFile(copy) as archive:
        one, two = (archive.read(name) for name in archive.namelist())
    assert text.startswith(one)
    assert one.endswith(b"line\n")
    assert two == b"short"


def test_an_archive_with_a_path_outside_its_folder_is_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../evil", bytes(5 << 20))
    with pytest.raises(InputError, match="outside its folder"):
        kept(tmp_path, file.getvalue(), ".zip")


def test_a_compressed_archive_shows_its_members(tmp_path):
    import tarfile

    file = io.BytesIO()
    noise = WORDS.tobytes()[: 6 << 20]
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name, data in (("wiki/en2sw.rel", b"1\t2\n"), ("wiki/documents", noise)):
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    found, _ = kept(tmp_path, file.getvalue(), ".gz")
    assert found.about.startswith("tar.gz of 2 files (wiki/en2sw.rel, wiki/documents)")


def test_a_line_without_end_is_not_read(tmp_path):
    found, _ = kept(tmp_path, b"a" * (5 << 20), ".txt")
    assert not found.readable
    assert "only its beginning was seen" in found.about


def test_of_the_archive_of_xnli_the_languages_that_stand_first_are_read(tmp_path):
    heading = "language\tgold_label\tsentence1\tsentence2\tpairID\n"
    noise = "".join(bytes(row).decode() + "\n" for row in WORDS)
    for columns, message in ((heading, ""), (heading.replace("pairID", "id"), "pairID")):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            rows = "".join(f"ar\tneutral\ta\tb\t{n}\n" for n in range(90_000))
            archive.writestr("XNLI-1.0/xnli.test.tsv", f"{columns}{rows}")
            archive.writestr("XNLI-1.0/noise", noise)
        (tmp_path / message).mkdir(exist_ok=True)
        copy = tmp_path / message / "XNLI-1.0.zip"
        (tmp_path / "there").write_bytes(file.getvalue())
        beginnings.keep(look_at(tmp_path / "there"), copy, ".zip")
        assert copy.stat().st_size < 1 << 20 < len(file.getvalue())
        if message:
            with pytest.raises(InputError, match=message):
                first_rows.read_collection("xnliarchive-premise", copy.parent)
        else:
            first_rows.read_collection("xnliarchive-premise", copy.parent)
            first_rows.read_queries_of("xnliarchive-premise", copy.parent, "sw")


# --- the program ---------------------------------------------------------------------------------


def test_the_program_prints_all_lines_and_fails_if_one_is_wrong(hub, datasets, tmp_path):
    tree = copy_tree(tmp_path / "tree")
    (tree / "resources/datasets.yaml").write_text(yaml.safe_dump(datasets))
    (tree / "study.yaml").write_text(yaml.safe_dump(STUDY))
    command = [sys.executable, "workflow_scripts/rehearse_study.py", "--study", "study.yaml"]

    def run():
        environment = os.environ | {"HF_HOME": str(tmp_path / "hf")}
        return subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120
        )

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line[:5] for line in done.stdout.splitlines()] == ["OK   "] * 10 + ["10 so"]
    hub.others["/en.jsonl"] = b'{"link": 1}\n'
    del hub.others["/collection.tsv"]
    done = run()
    assert done.returncode == 1
    assert [line[:5] for line in done.stdout.splitlines()].count("WRONG") == 2
    assert len(done.stdout.splitlines()) == 10
    assert done.stderr.splitlines() == [
        "rehearse_study: 2 of 10 sources of study.yaml are wrong, see above"
    ]
    assert not (tree / "downloads").exists()
    shutil.rmtree(tree)
