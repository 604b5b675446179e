"""Zip archives as other tools make them: the member that is meant is read, or a line says why."""

import io
import struct
import zipfile

import pytest

from optical.corpora import registry
from optical.corpora.archives import is_file
from optical.runtime.errors import InputError
from test_bad_files import UNIT, archive, memory

SIDES = {"T.en-sw.sw": "Paka.\nMbwa.\n", "T.en-sw.en": "Cat.\nDog.\n"}
PAIRS = [("Paka.", "Cat."), ("Mbwa.", "Dog.")]
HEAD, LISTED = b"PK\3\4", b"PK\1\2"


def zipped(members, method=zipfile.ZIP_STORED):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return written.getvalue()


def with_field(data, value, in_head, in_list, size="<H"):
    """An archive of which a field of every member has another value, at both of its places."""
    data = bytearray(data)
    for sign, offset in ((HEAD, in_head), (LISTED, in_list)):
        at = data.find(sign)
        while at >= 0:
            struct.pack_into(size, data, at + offset, value)
            at = data.find(sign, at + 4)
    return bytes(data)


def read(folder, data, source="mine:opus", name="sw.zip"):
    (folder / name).write_bytes(data)
    return [pair[1:3] for pair in registry.bitext(source, folder, "sw")]


def is_told(folder, data, message, **names):
    with pytest.raises(InputError, match=message) as told:
        read(folder, data, **names)
    assert str(told.value).isprintable()


MAC = ["__MACOSX/", "__MACOSX/._T.en-sw.sw", "__MACOSX/._T.en-sw.en"]


@pytest.mark.parametrize(
    "others",
    [
        MAC,
        ["._T.en-sw.sw", ".DS_Store", "a/._x.en"],
        ["__MACOSX\\._T.sw", "docs/", ".git/x.en"],
        ["README", "LICENSE", "T.en-sw.xml", "T.en-sw.ids", "scores.sw.gz"],
    ],
)
def test_what_nobody_put_there_is_not_read(tmp_path, others):
    members = dict.fromkeys(others, b"\0\5\26\7") | SIDES
    assert read(tmp_path, zipped(members)) == PAIRS
    within = {f"en-sw/{name}": text for name, text in SIDES.items()}
    assert read(tmp_path, zipped(within | dict.fromkeys(others, b"\0"))) == PAIRS


def test_a_zipped_memory_beside_what_macos_adds_is_read(tmp_path):
    members = {"x.TMX": memory(UNIT), "__MACOSX/._x.tmx": b"\0", "readme.txt": "x"}
    found = read(tmp_path, zipped(members), "mine:tmx", "sw.tmx.zip")
    assert found == [("Paka mdogo anacheza leo.", "The little cat plays today.")]


@pytest.mark.parametrize("name", ["a", "a/b.sw", "a.b/c", "MACOSX/x", "../x", "./x"])
def test_a_file_is_one(name):
    assert is_file(name)


@pytest.mark.parametrize("bit", [0x1, 0x41, 0x2001])
def test_an_encrypted_member_is_told(tmp_path, bit):
    data = with_field(zipped(SIDES), bit, 6, 8)
    is_told(tmp_path, data, r"sw\.zip/T\.en-sw\.sw: encrypted, expected a file without a password")
    data = with_field(zipped({"x.tmx": memory(UNIT)}), bit, 6, 8)
    is_told(
        tmp_path, data, r"zip/x\.tmx: encrypted, expected", source="mine:tmx", name="sw.tmx.zip"
    )


@pytest.mark.parametrize(
    ("method", "told"),
    [
        (9, "Deflate64"),
        (93, "Zstandard"),
        (95, "xz"),
        (98, "PPMd"),
        (1, "shrink"),
        (97, "method 97"),
    ],
)
def test_compression_that_is_not_known_is_told(tmp_path, method, told):
    data = with_field(zipped(SIDES), method, 8, 10)
    is_told(tmp_path, data, rf"sw\.zip/T\.en-sw\.sw: compressed by {told}, expected Deflate")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_is_known_is_read_and_its_damage_told(tmp_path, method):
    sides = {name: text * 500 for name, text in SIDES.items()}
    data = zipped(sides, method)
    assert read(tmp_path, data) == PAIRS * 500
    at = data.index(HEAD) + 30 + len("T.en-sw.sw") + 14
    broken = data[:at] + bytes(byte ^ 255 for byte in data[at : at + 8]) + data[at + 8 :]
    is_told(tmp_path, broken, r"sw\.zip/T\.en-sw\.sw: ")


@pytest.mark.parametrize(
    "name", ["\u6587\u672c".encode("gbk"), "t\u00e9xte".encode("cp437"), b"\xff\xfe"]
)
def test_names_in_other_encodings_are_read_by_their_ends(tmp_path, name):
    old = "x" * len(name)
    data = zipped({f"{old}.sw": "Paka.\nMbwa.\n", f"{old}.en": "Cat.\nDog.\n"})
    assert read(tmp_path, data.replace(old.encode(), name)) == PAIRS


def test_a_name_that_says_it_is_in_utf8_and_is_not_is_told(tmp_path):
    data = zipped({"\u00e9.sw": "a\n", "\u00e9.en": "b\n"}).replace("\u00e9".encode(), b"\xff\xff")
    is_told(tmp_path, data, r"sw\.zip: not a zip archive")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"a.sw": "x", "b.sw": "y", "a.en": "z"}, r"2 files \*\.sw in it, .* it has a\.sw, b\.sw"),
        ({"a.en": "z", "LIES": ""}, r"0 files \*\.sw in it, expected one; it has a\.en, LIES"),
        (
            {f"{i}.sw": "" for i in range(9)},
            r"9 files .* 0\.sw, 1\.sw, 2\.sw, 3\.sw, 4\.sw, \.\.\.",
        ),
        ({"__MACOSX/._a.sw": "x"}, r"0 files \*\.sw in it, expected one; it has no file"),
        ({"a\nb.sw": "x", "\x1b[31m.sw": "y"}, r"2 files \*\.sw in it, .*'a\\nb\.sw', '\\x1b"),
    ],
)
def test_an_archive_that_leaves_a_choice_is_told_with_its_members(tmp_path, members, told):
    is_told(tmp_path, zipped(members), told)


def test_a_code_of_opus_is_told_with_what_there_is(tmp_path):
    members = {"TED2020.en-zh_cn.qq_cn": "a\n", "TED2020.en-zh_cn.en": "b\n", "README": ""}
    is_told(
        tmp_path, zipped(members), r"0 files \*\.sw in it.* has TED2020\.en-zh_cn\.qq_cn, TED20"
    )


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\5\6" + b"\xff" * 18, archive(a__sw="x")[:-4], b"Rar!\x1a\7\0" * 9]
)
def test_what_is_no_archive_is_told(tmp_path, data):
    is_told(tmp_path, data, r"sw\.zip: not a zip archive")


def test_a_member_of_another_encoding_is_told(tmp_path):
    sides = SIDES | {"T.en-sw.en": "Cat.\nDog.\n".encode("utf-16")}
    is_told(tmp_path, zipped(sides), r"sw\.zip/T\.en-sw\.en:1: not UTF-8 text")
