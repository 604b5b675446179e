"""Test parts of WikiCLIR and CLIRMatrix: graded collections with queries in one language."""

import pandas as pd
import pytest

import hash_collection
import prepare_collection
import prepare_queries
from judged_files import DATASETS, HEIDELBERG, SWAHILI, exported_sets
from optical.corpora import ir_dataset, registry
from optical.corpora.collection_files import write_collection
from optical.corpora.leakage import ngrams, read_ngrams, without_tests
from optical.corpora.records import Passage, Query, TrainingSet
from optical.settings.clef import Clef, ClefDocuments
from optical.settings.windows import Windows

LARGECLIR = DATASETS["largeclir"]["files"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folders of the sets that ir_datasets reads, by name."""
    return exported_sets(tmp_path_factory.mktemp("exported"))


def test_the_test_part_is_a_collection_in_one_language(exported, tmp_path):
    """By the programs, from the published layout to what is searched and scored."""
    folder = exported["clirmatrix"]
    out = tmp_path / "collection"
    clef = {"clef": ClefDocuments(), "windows": Windows()}
    prepare_collection.main(
        collection="clirmatrix-sw",
        folder=folder,
        passages=out / "passages.parquet",
        qrels=out / "qrels.txt",
        counts=out / "counts.csv",
        **clef,
    )
    prepare_queries.main(
        collection="clirmatrix-sw",
        folder=folder,
        language="sw",
        qrels=out / "qrels.txt",
        output=out / "sw.tsv",
        doubtful=out / "sw.doubtful.txt",
        counts=out / "sw.counts.csv",
        clef=Clef(),
    )
    passages = pd.read_parquet(out / "passages.parquet")
    assert set(passages["passage_id"]) == {"50", "51", "52", "53", "54"}
    # 4 has no relevant document; the best one of 8 is missing, and no search can find it.
    assert (out / "sw.tsv").read_text() == "5\tZiwa\n6\tMto\n8\tMlima\n"
    assert (out / "qrels.txt").read_text().splitlines() == [
        f"{row['src_id']} 0 {document} {grade}"
        for row in SWAHILI
        for document, grade in row["tgt_results"]
    ]


def test_wikiclir_is_a_collection_of_german_queries(tmp_path):
    for kind, text in HEIDELBERG.items():
        (tmp_path / f"de.test.{kind}").write_text(text)
    found = registry.collection("wikiclir")
    assert [query.id for query in found.queries(tmp_path, "de")] == ["3", "7", "9", "11"]
    assert list(found.judgements(tmp_path))[:2] == [("3", "30", 3), ("3", "31", 2)]
    assert len(list(found.passages(tmp_path))) == 3


def test_a_judged_document_without_text_is_counted_and_stops_nothing(tmp_path):
    for kind, text in HEIDELBERG.items():
        (tmp_path / f"de.test.{kind}").write_text(text + ("99\t\n" if kind == "docs" else ""))
    found = registry.collection("wikiclir")
    written = write_collection(
        tmp_path / "passages.parquet",
        tmp_path / "qrels.txt",
        found.passages(tmp_path),
        found.judgements(tmp_path),
    )
    assert (written.passages, written.empty) == (3, ["99"])
    assert written.absent == {3: 1}


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
