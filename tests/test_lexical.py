import pandas as pd
import pytest

import search_lexical
from optical.evaluation.trec import iterate_run
from optical.retrieval.lexical import LexicalIndex

TEXTS = {
    "p3": "the cat sat on the mat",
    "p1": "Zürich is a city",
    "p2": "Zürich is a city",
    "p4": "the the the",
    "p5": "",
}


@pytest.fixture
def passages(tmp_path):
    table = pd.DataFrame({"judged_id": TEXTS.keys(), "text": TEXTS.values()})
    table.to_parquet(tmp_path / "passages.parquet")
    return tmp_path / "passages.parquet"


def test_only_passages_that_share_a_word_are_found(passages):
    index = LexicalIndex.of_collection(passages)
    assert set(index.search("a cat in ZÜRICH", 10)) == {"p1", "p2", "p3"}
    assert index.search("kigeni kabisa", 10) == {}
    assert index.search("", 10) == {}


def test_no_english_word_is_dropped(passages):
    assert set(LexicalIndex.of_collection(passages).search("the", 10)) == {"p3", "p4"}


def test_ties_at_the_last_place_go_by_passage_id(passages):
    index = LexicalIndex.of_collection(passages)
    assert list(index.search("city", 1)) == ["p1"]
    assert list(index.search("city cat", 2)) == ["p3", "p1"]


def test_search_lexical_writes_a_run(passages, tmp_path):
    (tmp_path / "sw.tsv").write_text("1\tcity\n2\tkigeni\n")
    found = tmp_path / "x.run.gz"
    search_lexical.main(passages=passages, queries=tmp_path / "sw.tsv", depth=10, output=found)
    assert dict(iterate_run(found)) == {"1": {"p1": 2.0, "p2": 1.0}}


def test_a_text_has_the_score_of_its_best_window():
    windows = ["the cat", "the mat the mat", "a dog", "the mat"]
    texts = LexicalIndex(["p1", "p1", "p2", "p3"], windows).search("mat", 10)
    alone = LexicalIndex(["w1", "w2", "w3", "w4"], windows).search("mat", 10)
    assert texts == {"p1": alone["w2"], "p3": alone["w4"]}


def test_queries_are_cut_as_their_own_language_does():
    index = LexicalIndex(["p1", "p2", "p3"], ["Izmir is a city", "the IBM office", "a dog's life"])
    assert set(index.search("İzmir'in", 10, "tr")) == {"p1"}
    assert set(index.search("IBM'de", 10, "tr")) == {"p2"}
    assert set(index.search("dog", 10)) == {"p3"}


@pytest.mark.parametrize(
    ("language", "passages", "query"),
    [
        ("zh", ["苍鹭站在河边的芦苇丛中", "面包在黎明时分烤好"], "芦苇里的苍鹭"),
        ("th", ["นกกระสายืนอยู่ในกก", "ขนมปังอบตอนรุ่งสาง"], "นกกระสา"),
        ("my", ["ငှက်ကြီး ရေထဲမှာရပ်နေသည်", "ပေါင်မုန့်ဖုတ်သည်"], "ငှက်ကြီးတစ်ကောင်"),
        ("vi", ["Một con diệc", "bánh mì"], "die\u0323\u0302c"),
        ("tr", ["ışık söndü", "ekmek pişti"], "IŞIK"),
    ],
)
def test_a_passage_is_found_in_its_own_language(language, passages, query):
    index = LexicalIndex(["right", "wrong"], passages, language)
    assert next(iter(index.search(query, 1))) == "right"


def test_passages_in_several_languages_are_cut_alike():
    index = LexicalIndex(["fr", "tr", "en"], ["l'eau", "Ankara'da ışık", "don't"], "mul")
    assert set(index.search("eau", 10)) == {"fr"}
    assert set(index.search("Ankara IŞIK", 10)) == {"tr"}
    assert set(index.search("don't", 10)) == {"en"}
