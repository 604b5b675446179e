"""Test parts of WikiCLIR and CLIRMatrix: graded collections with queries in one language."""

import pandas as pd
import pytest

import hash_collection
import prepare_collection
import prepare_queries
from judged_files import DATASETS, HEIDELBERG, exported_sets
from optical.corpora import ir_dataset, judged_collection, registry
from optical.corpora.leakage import ngrams, read_ngrams, without_tests
from optical.corpora.records import Passage, Query, TrainingSet
from optical.settings.clef import Clef, ClefDocuments
from optical.settings.windows import Windows

LARGECLIR = DATASETS["largeclir"]["files"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folders of the sets that ir_datasets reads, by name."""
    return exported_sets(tmp_path_factory.mktemp("exported"))


def test_the_test_part_is_a_collection_in_one_language(exported, tmp_path, capsys):
    """By the programs, from the published layout to what is searched and scored."""
    folder = exported["clirmatrix"]
    out = tmp_path / "collection"
    clef = {"clef": ClefDocuments(), "windows": Windows()}
    prepare_collection.main(
        collection="clirmatrix-sw",
        folder=folder,
        passages=out / "passages.parquet",
        qrels=out / "qrels.txt",
        **clef,
    )
    prepare_queries.main(
        collection="clirmatrix-sw",
        folder=folder,
        language="sw",
        qrels=out / "qrels.txt",
        output=out / "sw.tsv",
        doubtful=out / "sw.doubtful.txt",
        clef=Clef(),
    )
    passages = pd.read_parquet(out / "passages.parquet")
    assert set(passages["passage_id"]) == {"50", "51", "52", "53", "54"}
    # Of query 8 the best document is missing, the other one is there; 4 has none that is relevant.
    assert (out / "sw.tsv").read_text() == "5\tZiwa\n6\tMto\n8\tMlima\n"
    assert set((out / "qrels.txt").read_text().splitlines()) == {
        *(f"5 0 {n} 1" for n in (50, 51, 52)),
        *(f"6 0 {n} 1" for n in (52, 54)),
        "8 0 52 1",
    }
    said = "judgements by grade, 6: 2, 5: 1, 3: 2, 2: 1, 0: 3; left out: 1 of a document or query"
    assert said in capsys.readouterr().err


def test_a_collection_keeps_the_grades(exported):
    settings = {"source": "clirmatrix", "asked": "sw", "part": "test1"}
    found = list(judged_collection.graded(exported["clirmatrix"], **settings))
    assert found[:4] == [("5", "50", 6), ("5", "51", 6), ("5", "52", 3), ("5", "53", 0)]


def test_wikiclir_is_a_collection_of_german_queries(tmp_path):
    for kind, text in HEIDELBERG.items():
        (tmp_path / f"de.test.{kind}").write_text(text)
    found = registry.collection("wikiclir")
    assert [query.id for query in found.queries(tmp_path, "de")] == ["3", "7"]
    assert set(found.judgements(tmp_path)) == {("3", "30"), ("3", "31"), ("7", "32"), ("7", "31")}
    assert len(list(found.passages(tmp_path))) == 3
    assert list(found.remarks(tmp_path, "de")) == []


def test_each_language_of_clirmatrix_is_a_collection():
    assert {
        about["language"]
        for about in DATASETS["clirmatrix"]["files"].values()
        if "language" in about
    } == {*registry.CLIRMATRIX}
    assert {f"clirmatrix-{language}" for language in registry.CLIRMATRIX} < {*registry.COLLECTIONS}


def test_a_collection_without_queries_in_the_pivot_is_kept_out_of_training(tmp_path):
    passages = pd.DataFrame({"passage_id": ["1"], "judged_id": ["1"], "text": ["a dog sat there"]})
    passages.to_parquet(tmp_path / "passages.parquet")
    (tmp_path / "qrels.txt").write_text("5 0 1 1\n")
    hash_collection.main(
        language="en", passages=tmp_path / "passages.parquet", output=tmp_path / "en.u64"
    )
    assert list(read_ngrams(tmp_path / "en.u64")) == list(ngrams(["A dog sat there."], "en"))
    data = TrainingSet(
        passages=lambda: iter([Passage("1", "1", "A dog sat there."), Passage("2", "2", "A cat.")]),
        queries=lambda: iter([Query("a", "who sat"), Query("b", "what cat")]),
        judgements=lambda: iter([("a", "1"), ("b", "2")]),
    )
    assert [query.id for query in without_tests(data, [tmp_path], "en").queries()] == ["b"]


@pytest.mark.parametrize("language", sorted({f["language"] for f in LARGECLIR.values()}))
def test_ir_datasets_knows_each_language_of_large_scale_clir(language, tmp_path, monkeypatch):
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    for file in LARGECLIR.values():
        if file["language"] == language:
            assert ir_dataset.dataset(file["id"], file["part"])
