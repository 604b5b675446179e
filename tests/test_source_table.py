"""The table of sources in docs/reference/sources.md, held against resources/datasets.yaml."""

from pathlib import Path

import pytest

from optical.runtime.errors import InputError
from optical.study.loading import read_datasets
from optical.study.source_table import BEGIN, END, HEADING, rows, with_table

PAGE = Path(__file__).parents[1] / "docs/reference/sources.md"
DATASETS = read_datasets()


def cells(datasets):
    """{source: {heading: cell}} of the table of these data sets."""
    found = [line.strip("| ").split(" | ") for line in rows(datasets)]
    assert [len(row) for row in found] == [len(HEADING)] * len(found)
    return {row[0][1:].partition("]")[0]: dict(zip(HEADING, row, strict=True)) for row in found[2:]}


def test_the_page_has_the_table_of_today():
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_table(text, DATASETS), "write it anew: make data-table"


def test_every_source_is_in_the_table():
    assert list(cells(DATASETS)) == list(DATASETS)


def test_a_source_says_both_of_its_directions():
    found = {name: row["direction"].split("; ") for name, row in cells(DATASETS).items()}
    assert found["ntrex"] == [
        "bitext: foreign and English sentence",
        "test: foreign query, English passage",
    ]
    assert found["mmarco"][0] == "training: English query, English passage"
    assert found["xnli"][-1] == "test: foreign query, passages in all languages"
    assert found["clirmatrix"][0] == "training: foreign query, English document"
    # Scores have none: they are of pairs of mmarco.
    assert [name for name, directions in found.items() if not all(directions)] == ["monot5", "bge"]


def test_languages_of_public_topics_alone_are_those_of_clef():
    assert cells(DATASETS)["clef"]["languages"] == "de en es fi fr it so sw"


COMMIT = "0123456789abcdef0123456789abcdef01234567"
ENTRY = {"title": "T", "licence": "CC0", "homepage": "https://example.org", "citation": "C"}
FILES = {
    "sw.a": {"language": "sw", "url": f"https://example.org/{COMMIT}/a", "sha256": "x", "bytes": 5},
    "so.a": {"language": "so", "url": f"https://example.org/{COMMIT}/b", "md5": "x", "bytes": 1500},
    "so.b": {"language": "so", "url": "https://example.org/resolve/main/b", "licence": "GPL"},
    "c": {"url": "https://example.org/c"},
}


def test_files_of_several_kinds_are_counted():
    row = cells({"tatoeba": ENTRY | {"files": FILES}})["tatoeba"]
    assert row["languages"] == "so sw"
    assert row["licence"] == "CC0; GPL (so)"
    assert row["size"] == "1.5 kB and 2 of unknown size"
    assert row["pinned to"] == (
        "commit 0123456789ab: 2, **branch main**: 1, the address at example.org: 1"
    )
    assert row["checked by"] == "first download: 2, SHA-256 and size: 1, MD5 and size: 1"


def test_what_is_around_the_table_stays():
    page = f"before\n{BEGIN}old\n{END}after\n"
    made = with_table(page, {})
    assert made.startswith(f"before\n{BEGIN}| source |")
    assert made.endswith(f"|\n{END}after\n")
    assert "old" not in made
    with pytest.raises(InputError, match="no table; expected the lines <!-- sources"):
        with_table("before\n", {})
