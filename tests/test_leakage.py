import random
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from optical.corpora import leakage
from optical.corpora.leakage import (
    Guard,
    collection_texts,
    is_known,
    ngrams,
    read_ngrams,
    units,
    without_tests,
    write_ngrams,
)
from optical.corpora.records import Passage, Query, TrainingSet
from optical.runtime.errors import InputError
from trees import ROOT, snakemake, succeeds

SENTENCE = "The quick brown fox jumps over the lazy dog of my neighbour."


@pytest.fixture
def guard(tmp_path):
    """Function from (language, test texts) to the guard that knows them."""

    def known(language, *texts):
        write_ngrams(tmp_path / "runs" / language, texts, language)
        return Guard({language: [tmp_path / "runs" / language]})

    return known


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "the QUICK brown—fox jumps, over the lazy dog (of my neighbour)",
        "Ｔｈｅ quick brown\u00a0fox\u2028jumps over the lazy dog of my neighbour",  # noqa: RUF001
        "He said that the quick brown fox jumps over the lazy cat.",
        "brown fox jumps over the lazy dog of his",
    ],
)
def test_a_text_that_shares_eight_words_is_known(guard, text):
    assert guard("en", SENTENCE).knows(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the cat of my neighbour",
        "The quick brown fox jumps over the",
        "thequick brown fox jumps over the lazy",
        "",
        "...",
    ],
)
def test_a_text_that_shares_seven_is_not(guard, text):
    assert not guard("en", SENTENCE).knows(text, "en")


def test_a_short_text_is_known_only_as_a_whole(guard):
    short = guard("en", "Where is the station?")
    assert short.knows("where is the station", "en")
    assert not short.knows("Where is the station, please?", "en")
    assert not short.knows("Where is the", "en")


def test_a_text_is_looked_for_in_its_own_language_only(guard):
    assert not guard("en", SENTENCE).knows(SENTENCE, "fr")


@pytest.mark.parametrize(
    ("language", "letter", "length"),
    [("zh", "很", 12), ("zh-Hans", "很", 12), ("zh_cn", "很", 12), ("yue", "很", 12)],
)
def test_runs_are_characters_where_there_are_no_spaces(guard, language, letter, length):
    alphabet = [chr(ord(letter) + i) for i in range(3 * length)]
    passage = "".join(alphabet)
    known = guard(language, passage)
    assert known.knows("。 ".join(alphabet[3 : 3 + length]), language)
    assert not known.knows("".join(alphabet[3 : 2 + length]), language)


@pytest.mark.parametrize(
    ("language", "cluster", "length"), [("th", "ก่", 29), ("my", "က်", 23), ("km", "កិ", 26)]
)
def test_a_letter_and_its_marks_are_one_character(guard, language, cluster, length):
    first = ord(cluster[0])
    letters = [chr(first + i % 25) + cluster[-1] for i in range(3 * length)]
    known = guard(language, "".join(letters))
    assert known.knows("".join(letters[5 : 5 + length]), language)
    assert not known.knows("".join(letters[5 : 4 + length]), language)


def test_a_chinese_sentence_is_known_in_part_whatever_its_code_looks_like(guard):
    test = "昨天有一只苍鹭站在河边的芦苇丛中等待小鱼游过。"
    for language in ("zh", "zh-Hans", "zh_cn", "cmn"):
        assert guard(language, test).knows("据报道苍鹭站在河边的芦苇丛中等待小鱼游过。", language)


def test_turkish_capitals_are_those_of_its_letters(guard):
    sentence = "Işıklar söndü ve İzmir kıyısında ılık bir akşam başladı"
    known = guard("tr", sentence)
    assert known.knows("IŞIKLAR SÖNDÜ VE İZMİR KIYISINDA ILIK BİR AKŞAM BAŞLADI", "tr-TR")


def test_vowel_signs_are_part_of_words():
    assert units("हिन्दी में, “कि”", "hi") == ["हिन्दी", "में", "कि"]


def test_joiners_do_not_part_words():
    assert units("می\u200cخواهم", "fa") == units("میخواهم", "fa")


def test_runs_are_those_of_each_text_alone():
    texts = ["one two three four five six seven eight nine", "a", "", "b c"]
    together = ngrams(texts, "en")
    assert len(together) == 2 + 1 + 0 + 1
    assert np.array_equal(together, np.concatenate([ngrams([text], "en") for text in texts]))


def test_runs_are_the_same_in_every_process():
    # What one step writes another reads.
    assert ngrams(["a"], "en").tolist() == [ngrams(["A!"], "en")[0]] == [5297603903328382291]


@pytest.mark.parametrize("spill", [1, 100, 1 << 24])
def test_written_runs_are_sorted_and_distinct_however_little_memory_there_is(
    tmp_path, monkeypatch, spill
):
    monkeypatch.setattr(leakage, "SPILL", spill)
    monkeypatch.setattr(leakage, "BATCH", 7)
    words = random.Random(1).choices("abcdefgh", k=3000)
    texts = [" ".join(words[i : i + 20]) for i in range(0, 3000, 5)]
    number = write_ngrams(tmp_path / "runs", texts, "en")
    expected = np.unique(ngrams(texts, "en"))
    assert np.array_equal(read_ngrams(tmp_path / "runs"), expected)
    assert number == len(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_no_text_is_no_run(tmp_path):
    assert write_ngrams(tmp_path / "runs", [], "en") == 0
    assert not Guard({"en": [tmp_path / "runs"]}).knows(SENTENCE, "en")


def test_a_broken_file_is_told(tmp_path):
    (tmp_path / "runs").write_bytes(b"123")
    with pytest.raises(InputError, match="runs: 3 bytes, expected a multiple of 8"):
        read_ngrams(tmp_path / "runs")


# --- collections and training sets ---------------------------------------------------------------

ANSWER = "Water boils at a hundred degrees where the air presses as it does at the sea."
OTHER = "Iron melts at more than a thousand and five hundred degrees in a good furnace."


def write_collection(folder, questions, passages, judgements):
    (folder / "queries").mkdir(parents=True)
    lines = [f"q{number}\t{text}\n" for number, text in enumerate(questions)]
    (folder / "queries" / "en.tsv").write_text("".join(lines))
    columns = {
        "passage_id": [f"p{i}" for i in range(len(passages))],
        "judged_id": [f"p{i}" for i in range(len(passages))],
        "text": list(passages),
    }
    pq.write_table(pa.table(columns), folder / "passages.parquet")
    (folder / "qrels.txt").write_text("".join(f"{q} 0 {p} 1\n" for q, p in judgements))
    return folder


@pytest.fixture
def collection(tmp_path):
    return write_collection(
        tmp_path / "tests", ["When does water boil?"], [ANSWER, OTHER], [("q0", "p0")]
    )


def trained(queries, passages, judgements):
    """A training set of texts; judgements as pairs of their numbers."""
    return TrainingSet(
        passages=lambda: (Passage(str(i), str(i), text) for i, text in enumerate(passages)),
        queries=lambda: (Query(str(i), text) for i, text in enumerate(queries)),
        judgements=lambda: ((str(q), str(p)) for q, p in judgements),
        negatives=lambda: ((str(q), "1") for q, _ in judgements),
        left_out={"odd": 3},
    )


def test_a_collection_says_its_queries_and_its_passages(collection):
    texts = collection_texts(collection / "queries/en.tsv", collection / "passages.parquet")
    assert list(texts) == ["When does water boil?", ANSWER, OTHER]
    assert list(collection_texts(collection / "queries/en.tsv")) == ["When does water boil?"]


def test_of_passages_in_several_languages_those_of_one_are_chosen_by_their_ids(tmp_path):
    rows = {"passage_id": ["en.p0", "fr.p0"], "text": [ANSWER, "De l'eau bout à cent degrés."]}
    pq.write_table(pa.table(rows), tmp_path / "passages.parquet")
    found = list(collection_texts(None, tmp_path / "passages.parquet", "fr."))
    assert found == ["De l'eau bout à cent degrés."]


def test_passages_in_several_languages_are_kept_out_of_the_bitext_of_each():
    names = ["xnli-pool/ngrams/en", "xnli-pool/ngrams/fr", "xnli-premise/ngrams/fr"]
    files = [f"results/xnli/data/collections/{name}.u64" for name in names]
    options = ("--dry-run", "--printshellcmds", "--configfile", "studies/xnli.yaml")
    shown = succeeds(snakemake(ROOT, *files, *options)).stdout
    found = re.findall(r"hash_collection\.py (.*?) --output \S+/collections/(\S+)\.u64", shown)
    commands = {name: command for command, name in found}
    assert ["--passages" in commands[name] for name in names] == [True, True, False]
    assert ["--begin fr." in commands[name] for name in names] == [False, True, False]


def test_a_test_query_is_not_trained_on(collection):
    data = trained(["when does water boil", "When does iron melt?"], ["x", OTHER], [(0, 0), (1, 1)])
    clear = without_tests(data, [collection], "en")
    assert [query.id for query in clear.queries()] == ["1"]
    assert list(clear.judgements()) == [("1", "1")]
    assert list(clear.negatives()) == [("1", "1")]
    assert clear.left_out == {
        "odd": 3,
        "queries that a test collection has": 1,
        "queries whose relevant passage answers a test query": 0,
    }


def test_a_passage_that_answers_a_test_query_is_not_trained_on(collection):
    data = trained(["How hot is steam?", "Is iron hard?"], [ANSWER, OTHER], [(0, 0), (1, 1)])
    clear = without_tests(data, [collection], "en")
    # The other passage is in the collection too, as MS MARCO's are, and answers no test query.
    assert [query.id for query in clear.queries()] == ["1"]
    assert clear.left_out["queries whose relevant passage answers a test query"] == 1


def test_a_passage_that_is_judged_not_relevant_answers_no_test_query(collection):
    with open(collection / "qrels.txt", "a", encoding="utf-8") as file:
        file.write("q0 0 p1 0\nq0 0 gone -1\n")
    data = trained(["How hot is steam?", "Is iron hard?"], [ANSWER, OTHER], [(0, 0), (1, 1)])
    clear = without_tests(data, [collection], "en")
    assert [query.id for query in clear.queries()] == ["1"]


def test_a_passage_is_the_same_text_when_half_of_its_runs_are():
    known = np.unique(ngrams([ANSWER], "en"))
    assert is_known(f"Note. {ANSWER.upper()}", "en", known)
    assert not is_known(f"{ANSWER} {OTHER} {OTHER}", "en", known)
    assert not is_known("...", "en", known)


def test_squad_shares_one_question_with_xquad_and_no_paragraph(mirror, local_data, tmp_path):
    from optical.corpora import msmarco, xquad
    from optical.runtime.downloads import mirrored
    from test_datasets_yaml import DATASETS

    url = DATASETS["xquad"]["files"]["en.json"]["url"]
    (tmp_path / "en.json").symlink_to(mirrored(url, mirror))
    folder = write_collection(
        tmp_path / "xquad",
        [query.text for query in xquad.queries(tmp_path, "en")],
        [passage.text for passage in xquad.passages(tmp_path)],
        [("q", f"p{i}") for i in range(240)],
    )
    clear = without_tests(msmarco.training_set(local_data / "squad"), [folder], "en")
    # "What was the average family size?" is asked of two towns.
    assert clear.left_out["queries that a test collection has"] == 1
    assert clear.left_out["queries whose relevant passage answers a test query"] == 0


@pytest.mark.parametrize(
    ("source", "language", "found"),
    [("tico19", "es", 1), ("tico19", "sw", 0), ("lafand", "sw", 2), ("tatoeba", "vi", 1)],
)
def test_few_real_pairs_leak_from_xnli_and_none_is_kept(mirror, tmp_path, source, language, found):
    from optical.corpora import registry, xnli
    from optical.corpora.cleaning import Cleaner
    from optical.runtime.downloads import mirrored
    from test_datasets_yaml import DATASETS

    for name in {source, "xnli"}:
        for file, entry in DATASETS[name]["files"].items():
            if entry.get("language", "en") in (language, "en"):
                (tmp_path / name).mkdir(exist_ok=True)
                (tmp_path / name / file).symlink_to(mirrored(entry["url"], mirror))
    tests = {}
    for side in (language, "en"):
        rows = xnli.sentences(tmp_path / "xnli", side, "test")
        write_ngrams(tmp_path / side, (text for row in rows for text in row), side)
        tests[side] = [tmp_path / side]
    cleaner = Cleaner(language, "en", Guard(tests))
    kept = list(cleaner.clean(source, registry.bitext(source, tmp_path / source, language)))
    leaks = cleaner.counts[source]["leak"]
    assert leaks == found
    plain = {
        " ".join(units(text, side))
        for side in tests
        for row in xnli.sentences(tmp_path / "xnli", side, "test")
        for text in row
    }
    assert not any(" ".join(units(pair.target, "en")) in plain for pair in kept)
    assert not any(" ".join(units(pair.source, language)) in plain for pair in kept)
