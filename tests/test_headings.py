"""A line that names the columns is no query and no passage."""

import pytest

from optical.corpora.lines import numbered_rows, read_queries
from optical.corpora.registry import bitext, collection
from optical.runtime.errors import InputError

HEADINGS = [
    ["id", "text"],
    ["qid", "query"],
    ["query_id", "query text"],
    ["Query-ID", "Question"],
    ["_id", "title"],
    ['"pid"', '"passage"'],
    ["docno", "document"],
    ["query-id", "corpus-id"],
    ["qid", "pid", "score"],
]


@pytest.mark.parametrize("heading", HEADINGS, ids="-".join)
def test_a_heading_is_one_line_with_its_place(tmp_path, heading):
    path = tmp_path / "queries.sw.tsv"
    row = ["7"] * len(heading)
    path.write_text("\t".join(heading) + "\n" + "\t".join(row) + "\n")
    with pytest.raises(InputError, match=r"\A[^\n]+\Z") as error:
        list(numbered_rows(path, len(heading)))
    assert str(error.value).startswith(f"{path}:1: ")
    assert "names the columns; expected the first row of data" in str(error.value)
    # What is not the first is a text.
    path.write_text("\t".join(row) + "\n" + "\t".join(heading) + "\n")
    assert [fields for _, fields in numbered_rows(path, len(heading))] == [row, heading]


@pytest.mark.parametrize(
    "row",
    [["q1", "text"], ["id", "what is an id"], ["query", "passage"], ["7", "query"], ["id", "idea"]],
    ids="-".join,
)
def test_a_short_text_is_no_heading(tmp_path, row):
    (tmp_path / "queries.tsv").write_text("\t".join(row) + "\n")
    assert read_queries(tmp_path / "queries.tsv") == {row[0]: row[1]}


def test_the_queries_and_passages_of_ones_own_have_no_heading(tmp_path):
    for name, heading in (("queries.sw.tsv", "qid\ttext"), ("collection.tsv", "pid\tpassage")):
        (tmp_path / name).write_text(f"{heading}\n1\tmbwa gani\n")
    (tmp_path / "qrels.tsv").write_text("1\t0\t1\t1\n")
    own = collection("mine:msmarco")
    for read, name in (
        (lambda: list(own.queries(tmp_path, "sw")), "queries.sw.tsv"),
        (lambda: list(own.passages(tmp_path)), "collection.tsv"),
    ):
        with pytest.raises(InputError, match=f"{name}:1: .* names the columns"):
            read()


def test_bitext_has_no_heading(tmp_path):
    headings = [
        "sw\ten",
        "SW\tEN",
        "swa_Latn\teng",
        "source\ttarget",
        '"src"\t"tgt"',
        "foreign\tEnglish",
    ]
    for heading in headings:
        (tmp_path / "sw.tsv").write_text(f"\ufeff{heading}\nMbwa gani\tWhich dog\n")
        with pytest.raises(
            InputError, match=r"sw\.tsv:1: .* names the columns; expected the first"
        ):
            list(bitext("mine:tsv", tmp_path, "sw"))
    for row in ("Mbwa gani\tWhich dog", "source\tSource", "sw\tfr", "Ndiyo\tYes", "a\ten"):
        (tmp_path / "sw.tsv").write_text(f"{row}\n{headings[0]}\n")
        found = [pair[1:3] for pair in bitext("mine:tsv", tmp_path, "sw")]
        assert found == [tuple(row.split("\t")), ("sw", "en")]
