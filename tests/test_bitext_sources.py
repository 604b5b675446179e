"""Bitext as others lay it out: hub parquet, TSV, Moses, TMX, OPUS archives."""

import gzip
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optical.corpora import hub_parquet, own_bitext, registry, tatoeba
from optical.corpora.layouts import bitext_files
from optical.corpora.tmx import segments
from optical.runtime.downloads import mirrored
from optical.runtime.errors import InputError
from test_datasets_yaml import DATASETS

PAIRS = [("Habari.", "Hello."), ("Asante sana.", "Many thanks.")]


def texts(pairs):
    return [(pair.source, pair.target) for pair in pairs]


# --- parquet -------------------------------------------------------------------------------------


def write_columns(path, pairs=PAIRS, group=1):
    table = pa.table({"english": [pair[1] for pair in pairs], "non_english": [p[0] for p in pairs]})
    pq.write_table(table, path, row_group_size=group)


def test_two_columns_of_parquet_are_pairs(tmp_path):
    write_columns(tmp_path / "sw.parquet")
    pairs = list(registry.bitext("talks", tmp_path, "sw"))
    assert texts(pairs) == PAIRS
    assert [pair.id for pair in pairs] == ["talks-sw-1", "talks-sw-2"]


def test_a_nested_column_is_read_by_its_language(tmp_path):
    rows = [{"en": english, "sw": swahili} for swahili, english in PAIRS]
    pq.write_table(pa.table({"translation": rows}), tmp_path / "sw.parquet")
    assert texts(registry.bitext("opus100", tmp_path, "sw")) == PAIRS


def test_parts_of_parquet_are_read_in_order(tmp_path):
    write_columns(tmp_path / "sw.1.parquet", PAIRS[1:])
    write_columns(tmp_path / "sw.0.parquet", PAIRS[:1])
    write_columns(tmp_path / "swx.parquet")
    pairs = list(registry.bitext("ccmatrix", tmp_path, "sw"))
    assert texts(pairs) == PAIRS
    assert pairs[1].id == "ccmatrix-sw-2"


def test_null_is_an_empty_text(tmp_path):
    write_columns(tmp_path / "sw.parquet", [(None, "Hello.")])
    assert texts(registry.bitext("talks", tmp_path, "sw")) == [("", "Hello.")]


def test_parquet_is_read_a_part_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(hub_parquet, "ROWS", 2)
    many = [(f"s{i}", f"t{i}") for i in range(11)]
    write_columns(tmp_path / "sw.parquet", many, group=5)
    assert texts(registry.bitext("talks", tmp_path, "sw")) == many


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path):
    write_columns(tmp_path / "sw.parquet")
    with pytest.raises(InputError, match=r"sw\.parquet: no column translation\.sw; .*non_english"):
        next(registry.bitext("opus100", tmp_path, "sw"))


def test_a_file_that_is_no_parquet_is_told(tmp_path):
    (tmp_path / "sw.parquet").write_text("english\tswahili\n")
    with pytest.raises(InputError, match=r"sw\.parquet: not a parquet file"):
        next(registry.bitext("talks", tmp_path, "sw"))


@pytest.mark.parametrize("codec", ["snappy", "gzip", "zstd"])
def test_damaged_pages_of_parquet_are_told_in_a_line(tmp_path, codec):
    table = pa.table(
        {"english": [f"Hello {i}." for i in range(99)], "non_english": ["Habari."] * 99}
    )
    pq.write_table(table, path := tmp_path / "sw.parquet", compression=codec, use_dictionary=False)
    chunk, data = pq.read_metadata(path).row_group(0).column(0), bytearray(path.read_bytes())
    end = chunk.data_page_offset + chunk.total_compressed_size
    data[end - 100 : end] = bytes(byte ^ 255 for byte in data[end - 100 : end])
    path.write_bytes(data)
    with pytest.raises(
        InputError, match=r"sw\.parquet: not a parquet file, or a damaged one: .*\Z"
    ):
        list(registry.bitext("talks", tmp_path, "sw"))


def test_a_language_without_a_file_is_told(tmp_path):
    with pytest.raises(InputError, match=r"no sw\.parquet"):
        next(registry.bitext("talks", tmp_path, "sw"))
    with pytest.raises(InputError, match=r"no sw\.source\.txt and sw\.target\.txt"):
        next(registry.bitext("mine:moses", tmp_path, "sw"))


# --- lines ---------------------------------------------------------------------------------------


def write_zip(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)


def test_two_columns_of_text_are_pairs(tmp_path):
    (tmp_path / "sw.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in PAIRS))
    pairs = list(registry.bitext("mine:tsv", tmp_path, "sw"))
    assert texts(pairs) == PAIRS
    assert pairs[1].id == "mine-sw-2"


def test_a_row_of_text_without_a_tab_is_told_with_its_line(tmp_path):
    (tmp_path / "sw.tsv").write_text("a\tb\nno tab\n")
    with pytest.raises(InputError, match=r"sw\.tsv:2: 1 tab-separated columns, expected 2"):
        list(registry.bitext("mine:tsv", tmp_path, "sw"))


def test_two_aligned_files_are_pairs(tmp_path):
    (tmp_path / "sw.source.txt").write_text("Habari.\nAsante sana.\n")
    (tmp_path / "sw.target.txt").write_text("Hello.\nMany thanks.\n")
    assert texts(registry.bitext("mine:moses", tmp_path, "sw")) == PAIRS


def test_an_archive_of_opus_is_read_where_it_lies(tmp_path):
    write_zip(
        tmp_path / "sw.zip",
        README="x",
        GlobalVoices__en_sw__sw="Habari.\nAsante\u2028sana.\n",
        GlobalVoices__en_sw__en="Hello.\nMany thanks.\n",
        GlobalVoices__en_sw__xml="<x/>",
    )
    pairs = list(registry.bitext("globalvoices", tmp_path, "sw"))
    assert texts(pairs) == [PAIRS[0], ("Asante\u2028sana.", "Many thanks.")]
    assert pairs[0].id == "globalvoices-sw-1"
    assert [path.name for path in tmp_path.iterdir()] == ["sw.zip"]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"x__sw": "a\n", "y__en": "b\nc\n"}, r"x\.sw has 1 lines, .*sw\.zip/y\.en has 2"),
        ({"x__sw": "a\n"}, r"0 files \*\.en in it"),
        ({"x__sw": "a\n", "y__sw": "a\n", "z__en": "b\n"}, r"2 files \*\.sw in it"),
    ],
)
def test_an_archive_with_other_files_is_told(tmp_path, members, told):
    write_zip(tmp_path / "sw.zip", **members)
    with pytest.raises(InputError, match=told):
        list(registry.bitext("mine:opus", tmp_path, "sw"))


def test_an_archive_that_is_none_is_told(tmp_path):
    (tmp_path / "sw.zip").write_text("text")
    with pytest.raises(InputError, match=r"sw\.zip: not a zip archive"):
        list(registry.bitext("mine:opus", tmp_path, "sw"))


def test_the_files_of_a_language_are_those_that_are_there_or_would_be(tmp_path):
    for name in ("so.source.txt", "so.target.txt", "ur.tmx.gz", "x.tmx", "x.tmx.gz", "sw.tmx.zip"):
        (tmp_path / name).touch()
    assert bitext_files(tmp_path, "so", "moses") == ["so.source.txt", "so.target.txt"]
    assert bitext_files(tmp_path, "ur", "tmx") == ["ur.tmx.gz"]
    assert bitext_files(tmp_path, "sw", "tmx") == ["sw.tmx.zip"]
    assert bitext_files(tmp_path, "x", "tmx") == ["x.tmx"]
    for folder in (tmp_path, tmp_path / "missing", None):
        assert bitext_files(folder, "fr", "tmx") == ["fr.tmx"]
        assert bitext_files(folder, "fr", "moses") == ["fr.source.txt", "fr.target.txt"]


# --- translation memories ------------------------------------------------------------------------

TMX = """<?xml version="1.0" encoding="UTF-8"?>
{doctype}<tmx version="1.4"><header/><body>
<tu tuid="1"><prop type="note">no text</prop>
<tuv xml:lang="EN-us"><seg>Press <bpt i="1">&lt;b&gt;</bpt>
  <hi>the red</hi> button &amp; wait.</seg></tuv>
<tuv xml:lang="fr"><seg>Appuyez.</seg></tuv>
<tuv lang="sw_KE"><seg>Bonyeza kitufe chekundu.</seg></tuv></tu>
{more}</body></tmx>"""
PRESSED = [("Bonyeza kitufe chekundu.", "Press the red button & wait.")]


def tmx(doctype="", more=""):
    return TMX.format(doctype=doctype, more=more)


@pytest.fixture(params=["sw.tmx", "sw.tmx.gz", "sw.tmx.zip"])
def write_tmx(request, tmp_path):
    """Function that writes a translation memory in one of its packings."""

    def write(text):
        path = tmp_path / request.param
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        elif path.suffix == ".zip":
            write_zip(path, some__tmx=text)
        else:
            path.write_text(text)
        return path

    return write


def test_units_of_a_translation_memory_are_pairs(write_tmx, tmp_path):
    write_tmx(tmx())
    pairs = list(registry.bitext("mine:tmx", tmp_path, "sw"))
    assert texts(pairs) == PRESSED
    assert pairs[0].id == "mine-sw-3"


def test_units_come_before_the_file_is_read_to_its_end(write_tmx):
    unit = '<tu><tuv xml:lang="en"><seg>a</seg></tuv></tu>'
    path = write_tmx(tmx(more=unit * 20_000 + "<broken"))
    found = segments(path)
    assert next(found).name == "1"
    with pytest.raises(InputError, match=r":\d+: not a TMX file: .*, at column"):
        list(found)


def test_a_unit_without_one_of_the_languages_is_left_out_by_its_line(write_tmx, tmp_path):
    write_tmx(tmx(more='<tu><tuv xml:lang="sw"><seg>Habari.</seg></tuv></tu>'))
    pairs = list(registry.bitext("mine:tmx", tmp_path, "sw"))
    assert texts(pairs) == [*PRESSED, ("Habari.", "")]
    assert pairs[1].id == "mine-sw-8"
    assert pairs[1].note == "left_out:without_language"


@pytest.mark.parametrize(
    "entity", ['<!ENTITY a "aaaaaaaaaa">', '<!ENTITY a SYSTEM "file:///etc/passwd">']
)
def test_a_file_that_declares_entities_is_refused(write_tmx, tmp_path, entity):
    write_tmx(tmx(doctype=f"<!DOCTYPE tmx [{entity}]>\n"))
    with pytest.raises(InputError, match=r":2: declares the entity 'a', expected none"):
        list(registry.bitext("mine:tmx", tmp_path, "sw"))


def test_a_document_type_of_old_files_is_not_fetched(write_tmx, tmp_path):
    write_tmx(tmx(doctype='<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'))
    assert texts(registry.bitext("mine:tmx", tmp_path, "sw")) == PRESSED


def test_a_cut_archive_is_told(tmp_path):
    (tmp_path / "sw.tmx.gz").write_bytes(gzip.compress(tmx().encode())[:-20])
    with pytest.raises(InputError, match=r"sw\.tmx\.gz: not a whole compressed TMX file"):
        list(registry.bitext("mine:tmx", tmp_path, "sw"))


# --- what may be bitext --------------------------------------------------------------------------


def test_sentences_of_ntrex_are_pairs(tmp_path):
    (tmp_path / "sw.txt").write_text("Habari.\nAsante sana.\n")
    (tmp_path / "en.txt").write_text("Hello.\nMany thanks.\n")
    assert texts(registry.bitext("ntrex", tmp_path, "sw")) == PAIRS


@pytest.mark.parametrize("name", ["xnli", "xnli-premise", "xquad", "myxnli"])
def test_a_test_set_is_no_bitext(name, tmp_path):
    with pytest.raises(InputError, match="unknown bitext source"):
        registry.bitext(name, tmp_path, "sw")


def test_no_bitext_is_read_by_the_module_of_xnli_or_from_its_files():
    assert not {"optical.corpora.xnli", "optical.corpora.xquad"} & {
        module for module, _ in registry.BITEXT.values()
    }
    urls = {
        name: {file["url"] for file in DATASETS[name]["files"].values()}
        for name in {*registry.BITEXT} & {*DATASETS}
    }
    tests = {file["url"] for name in ("xnli", "xquad") for file in DATASETS[name]["files"].values()}
    assert not any(urls[name] & tests for name in urls)


# --- the mirrored files --------------------------------------------------------------------------

COUNTS = {
    "lafand": {"sw": 34_408},
    "tico19": dict.fromkeys(
        ["ar", "es", "fr", "hi", "mr", "ru", "so", "sw", "tl", "ur", "zh"], 3071
    ),
    "tatoeba": {"sw": 387, "th": 1154, "ur": 1663, "vi": 2500, "tl": 2500, "hi": 5000}
    | {"fr": 12_681, "tr": 13_907, "zh": 10_390},
    "ntrex": dict.fromkeys(("fr", "sw", "so", "ur"), 1997),
}


@pytest.mark.parametrize("source", COUNTS)
def test_real_files_hold_as_many_pairs_as_they_should(mirror, tmp_path, source):
    for name, file in DATASETS[source]["files"].items():
        if file.get("language", "en") in {*COUNTS[source], "en"}:
            (tmp_path / name).symlink_to(mirrored(file["url"], mirror))
    found = {
        language: sum(1 for _ in registry.bitext(source, tmp_path, language))
        for language in COUNTS[source]
    }
    assert found == COUNTS[source]


def test_own_files_are_read_as_the_same_files_of_others_are(mirror, tmp_path):
    for name in ("sw.source.txt", "sw.target.txt"):
        (tmp_path / name).symlink_to(mirrored(DATASETS["tatoeba"]["files"][name]["url"], mirror))
    mine = texts(own_bitext.bitext(tmp_path, "sw", layout="moses"))
    assert mine == texts(tatoeba.bitext(tmp_path, "sw"))
