import pytest

from optical.corpora import lafand, registry, tatoeba
from optical.corpora.lines import numbered_lines, numbered_rows, parallel_lines
from optical.corpora.records import Query
from optical.runtime.errors import InputError


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name.replace('__', '.')}").write_text(text, encoding="utf-8", newline="")


def test_lines_end_only_at_line_feeds(tmp_path):
    write(tmp_path, text__txt="one\u2028still one\x85\r\ntwo\nlast")
    lines = list(numbered_lines(tmp_path / "text.txt"))
    assert lines == [(1, "one\u2028still one\x85"), (2, "two"), (3, "last")]


def test_text_that_is_not_utf8_is_told_with_its_place(tmp_path):
    (tmp_path / "text.txt").write_bytes(b"good\n\xff\xfe\n")
    with pytest.raises(InputError, match=r"text\.txt:2: not UTF-8 text: byte 0xff"):
        list(numbered_lines(tmp_path / "text.txt"))


def test_a_row_with_a_column_too_many_is_told_with_its_line(tmp_path):
    write(tmp_path, table__tsv="a\tb\na\tb\tc\n")
    with pytest.raises(InputError, match=r"table\.tsv:2: 3 tab-separated columns, expected 2"):
        list(numbered_rows(tmp_path / "table.tsv", 2))


@pytest.mark.parametrize(("first", "second"), [(2, 5), (5, 2), (0, 3), (3, 0)])
def test_unequal_files_are_told_with_both_counts(tmp_path, first, second):
    write(tmp_path, a="x\n" * first, b="y\n" * second)
    with pytest.raises(InputError, match=rf"a has {first} lines, .*b has {second}"):
        list(parallel_lines(tmp_path / "a", tmp_path / "b"))


def test_tatoeba_pairs_are_the_lines_of_two_files(tmp_path):
    write(tmp_path, sw__source__txt="Habari.\nAsante.\n", sw__target__txt="Hello.\nThanks.\n")
    pairs = list(tatoeba.bitext(tmp_path, "sw"))
    assert [pair[:3] for pair in pairs] == [
        ("tatoeba-sw-1", "Habari.", "Hello."),
        ("tatoeba-sw-2", "Asante.", "Thanks."),
    ]


def test_lafand_pairs_are_those_of_all_splits(tmp_path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"sw.{split}.source.txt").write_text(f"habari {split}\n")
        (tmp_path / f"sw.{split}.target.txt").write_text(f"news {split}\n")
    pairs = list(lafand.bitext(tmp_path, "sw"))
    assert [pair.target for pair in pairs] == ["news train", "news dev", "news test"]
    assert len({pair.id for pair in pairs}) == 3


def test_an_unknown_source_is_told_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match=r"unknown bitext source 'europarl'.*tico19"):
        registry.bitext("europarl", tmp_path, "fr")
    with pytest.raises(InputError, match=r"unknown collection 'trec'.*xquad"):
        registry.collection("trec")


@pytest.mark.parametrize("name", registry.COLLECTIONS)
def test_every_collection_has_its_three_functions(name):
    assert all(map(callable, registry.collection(name)))


def test_a_collection_is_found_by_its_name(tmp_path):
    write(tmp_path, documents__tsv="a\na\n", sw__txt="Kichwa\nMaandishi\n")
    assert list(registry.collection("ntrex").queries(tmp_path, "sw")) == [Query("a", "Kichwa")]


def test_a_set_of_the_users_own_is_read_by_its_layout():
    assert registry.bitext_module("letters:tsv") == (
        registry.OWN_BITEXT,
        {"layout": "tsv", "origin": "letters"},
    )
    assert registry.collection_module("news:beir") == (registry.OWN_COLLECTION, {"layout": "beir"})
    # Without a layout it is one of those that everybody has.
    with pytest.raises(InputError, match="unknown bitext source 'letters:'"):
        registry.bitext_module("letters:")
