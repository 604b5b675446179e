"""Translators: trained here on a bitext, and used as any of the hub."""

import json
import random
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from sentencepiece import SentencePieceProcessor
from transformers import get_linear_schedule_with_warmup

import fetch_encoder
import imitate_translator
import optical.training.trainer
import score_translations
import train_translator
from optical.corpora.lines import read_queries
from optical.corpora.rows import write_parquet
from optical.models.tokenizer import sentencepiece_model, train_tokenizer
from optical.report.translations import read_translation_scores
from optical.runtime.errors import InputError
from optical.settings.translation import Translator as TranslatorSettings
from optical.settings.translation import TranslatorShape
from optical.training import translation
from optical.training.checkpoints import training_folder
from optical.training.translation import (
    PairCollator,
    ShuffledPairs,
    Translator,
    new_translator,
    translate_file,
    translate_queries,
)

WORDS = {"mbwa": "dog", "paka": "cat", "mkeka": "mat", "nyumba": "house", "maji": "water"}

STEPS = 400


@pytest.fixture(scope="module")
def bitext(tmp_path_factory):
    """Sentences of three words, word for word, in the other order."""
    rng = random.Random(0)
    rows = []
    for number in range(110):
        words = rng.choices(list(WORDS), k=3)
        rows.append((str(number), " ".join(words), " ".join(WORDS[word] for word in words[::-1])))
    path = tmp_path_factory.mktemp("bitext") / "sw.parquet"
    write_parquet(path, ["id", "source", "target"], rows)
    return path


@pytest.fixture(scope="module")
def folder(bitext, tmp_path_factory):
    """A translator that has learnt the bitext."""
    torch.manual_seed(0)
    pairs = ShuffledPairs(bitext, reverse=False, draws=16 * STEPS, seed=1)
    tokenizer = train_tokenizer(pairs.sentences(110), 60)
    model = new_translator(tokenizer, layers=1, width=64, heads=2, length=24)
    collator = PairCollator(tokenizer, 24)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    schedule = get_linear_schedule_with_warmup(optimizer, STEPS // 10, STEPS)
    for step in range(STEPS):
        model(**collator([pairs[16 * step + row] for row in range(16)])).loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    folder = tmp_path_factory.mktemp("translators") / "sw-en"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("beams", [1, 3])
def test_a_translator_learns_words_and_their_order(folder, beams):
    texts = ["mbwa paka mkeka", "maji maji nyumba", "nyumba mbwa maji", "paka mkeka mbwa"]
    expected = ["mat cat dog", "house water water", "water dog house", "dog mat cat"]
    found = list(Translator(folder).translate(texts, length=24, beams=beams))
    assert sum(map(str.__eq__, found, expected)) >= 3, found


def test_a_translation_is_the_same_whatever_its_neighbours(folder):
    texts = ["mbwa", "paka mkeka mbwa paka mkeka mbwa", "maji maji nyumba", "nyumba"]
    translator = Translator(folder)
    together = list(translator.translate(texts, length=24, beams=2))
    alone = [next(translator.translate([text], length=24, beams=2)) for text in texts]
    assert together == alone


def test_a_long_text_is_cut_and_a_strange_one_answered(folder):
    texts = ["mbwa " * 500, "ωωω", "?"]
    assert len(list(Translator(folder).translate(texts, length=24, beams=1))) == 3


class Upper:
    """Translates into capitals, and mbwa into nothing; `asked` is what it was asked for."""

    def __init__(self):
        self.asked = []

    def translate(self, texts, **_):
        for text in texts:
            self.asked.append(text)
            yield "" if text == "mbwa" else text.upper()


def test_a_query_without_a_translation_stays_as_it_is(tmp_path, capsys):
    queries = {"q1": "mbwa", "q2": "paka"}
    found = list(translate_queries(Upper(), queries, tmp_path, length=24, beams=1))
    assert found == [("q1", "mbwa"), ("q2", "PAKA")]
    assert "1 queries have no translation" in capsys.readouterr().out


def test_a_killed_translation_goes_on_with_the_first_block_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(translation, "BLOCK", 2)
    queries = {f"q{number}": f"maji {number}" for number in range(5)}
    first, second = Upper(), Upper()
    coming = translate_queries(first, queries, tmp_path, length=24, beams=1)
    for _ in range(3):
        next(coming)
    coming.close()
    assert first.asked == ["maji 0", "maji 1", "maji 2", "maji 3"]
    found = list(translate_queries(second, queries, tmp_path, length=24, beams=1))
    assert second.asked == ["maji 4"]
    assert found == [(query, text.upper()) for query, text in queries.items()]


def test_a_file_is_translated_and_nothing_is_left_beside_it(folder, tmp_path):
    queries, output = tmp_path / "sw.tsv", tmp_path / "en.tsv"
    queries.write_text("q1\tmbwa paka mkeka\nq2\tmaji\n")
    # What another model or file has left is not used.
    (tmp_path / "en.tsv.blocks/0123").mkdir(parents=True)
    (tmp_path / "en.tsv.blocks/0123/0.tsv").write_text("q1\twrong\nq2\twrong\n")
    assert translate_file(folder, queries, output, length=24, beams=1) == 2
    texts = list(read_queries(queries).values())
    expected = list(Translator(folder).translate(texts, length=24, beams=1))
    assert list(read_queries(output).items()) == list(zip(("q1", "q2"), expected, strict=True))
    assert {path.name for path in tmp_path.iterdir()} == {"sw.tsv", "en.tsv"}


def test_translations_are_scored_against_what_people_wrote(tmp_path):
    (tmp_path / "people.tsv").write_text("q1\ta cat on the mat\nq2\tno water here\nq3\tmore\n")
    scores = {}
    for name, text in {
        "same": "q1\ta cat on the mat\nq2\tno water here\n",
        "half": "q2\tno water there\nq1\tthe cats of a mat\n",
        "more": "q1\ta cat on the mat\nq2\tno water here\nq9\tnobody wrote this\n",
        "other": "q1\tzzz\nq2\tyyy\n",
    }.items():
        (tmp_path / f"{name}.tsv").write_text(text)
        score_translations.main(
            translations=tmp_path / f"{name}.tsv",
            references=tmp_path / "people.tsv",
            **{"collection": "xquad", "source": "sw", "target": "en"},
            output=tmp_path / f"{name}.chrf.csv",
        )
        table = read_translation_scores([tmp_path / f"{name}.chrf.csv"])
        assert table.drop(columns="chrf").to_numpy().tolist() == [["xquad", "sw", "en", 2]]
        scores[name] = table["chrf"].item()
    assert scores["same"] == scores["more"] == pytest.approx(100)
    assert scores["other"] == 0
    assert 30 < scores["half"] < 90


def test_a_translation_of_another_query_is_refused(tmp_path):
    (tmp_path / "people.tsv").write_text("q1\ta cat\n")
    (tmp_path / "en.tsv").write_text("q9\ta cat\n")
    with pytest.raises(InputError, match=r"people\.tsv: no query q9, which .*en\.tsv has"):
        score_translations.main(
            translations=tmp_path / "en.tsv",
            references=tmp_path / "people.tsv",
            **{"collection": "xquad", "source": "sw", "target": "en"},
            output=tmp_path / "en.chrf.csv",
        )


def test_the_first_queries_are_translated_if_no_more_are_asked_for(folder, tmp_path):
    (tmp_path / "sw.tsv").write_text("q1\tmbwa\nq2\tmaji\nq3\tpaka\n")
    output = tmp_path / "en.tsv"
    assert translate_file(folder, tmp_path / "sw.tsv", output, length=24, beams=1, most=2) == 2
    assert list(read_queries(output)) == ["q1", "q2"]


def test_blocks_of_fewer_queries_are_not_used(folder, tmp_path, monkeypatch):
    (tmp_path / "sw.tsv").write_text("q1\tmbwa\nq2\tmaji\nq3\tpaka\n")
    output = tmp_path / "en.tsv"
    monkeypatch.setattr(translation, "remove", lambda path: None)  # as if it had been killed
    translate_file(folder, tmp_path / "sw.tsv", output, length=24, beams=1, most=2)
    assert translate_file(folder, tmp_path / "sw.tsv", output, length=24, beams=1) == 3


# --- models of the hub ---------------------------------------------------------------------------


SHAPE = TranslatorShape(**{"layers": 1, "width": 16, "heads": 2, "vocabulary": 60, "length": 64})
SENTENCES = [" ".join(WORDS), " ".join(WORDS.values())] * 50
PAIRS = list(zip(SENTENCES, SENTENCES[::-1], strict=True))


def marian(hub):
    """A Marian model, which has one direction."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    written = sentencepiece_model(SENTENCES, 56)
    (hub / "source.spm").write_bytes(written)
    pieces = SentencePieceProcessor(model_proto=written)
    names = ["</s>", "<pad>", "<unk>", *map(pieces.id_to_piece, range(1, len(pieces)))]
    (hub / "vocab.json").write_text(json.dumps({name: id for id, name in enumerate(names)}))
    files = [str(hub / name) for name in ("source.spm", "source.spm", "vocab.json")]
    sides = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 32))
    }
    ids = {"eos_token_id": 0, "pad_token_id": 1, "decoder_start_token_id": 1}
    model = MarianMTModel(MarianConfig(d_model=16, vocab_size=len(names), **ids, **sides))
    for part in (MarianTokenizer(*files), model):
        part.save_pretrained(hub)


@pytest.fixture(params=["m2m100", "nllb", "marian", "madlad", "other"])
def fetched(request, tmp_path):
    """(kind, folder) of a translator as the hub has it, of random weights, fetched."""
    hub = tmp_path / "hub"
    if request.param == "marian":
        hub.mkdir()
        torch.manual_seed(0)
        marian(hub)
    else:
        write_parquet(tmp_path / "sw.parquet", ["source", "target"], PAIRS)
        imitate_translator.main(
            text=[tmp_path / "sw.parquet"],
            kind=request.param,
            codes=[code for code in CODES[request.param] if code],
            **{"shape": SHAPE, "seed": 1, "output": hub},
        )
    fetch_encoder.main(folder=hub, output=tmp_path / "fetched")
    return request.param, tmp_path / "fetched"


CODES = {
    **{"m2m100": ("sw", "en"), "nllb": ("swh_Latn", "eng_Latn")},
    **{"marian": (None, None), "madlad": (None, "en"), "other": ("sw_KE", "en_XX")},
}
"""Of Swahili and English. A Marian model has one direction; MADLAD-400 is told what to write."""

CLASSES = {
    **{"m2m100": "M2M100Tokenizer", "nllb": "NllbTokenizer", "marian": "MarianTokenizer"},
    **{"madlad": "T5Tokenizer", "other": "TokenizersBackend"},
}


def test_translators_of_the_hub_read_and_write_the_languages_asked_for(fetched):
    kind, folder = fetched
    translator = Translator(folder, *CODES[kind])
    tokenizer, (source, target) = translator.tokenizer, CODES[kind]
    assert len(list(translator.translate(["mbwa paka", "maji"], length=16, beams=2))) == 2
    if kind == "madlad":
        ids = tokenizer(f"{translator.prefix}mbwa")["input_ids"]
        assert tokenizer.convert_ids_to_tokens(ids)[0] == "<2en>"
    if source:
        first = {"m2m100": "__sw__", "nllb": source, "other": "<s>"}[kind]
        assert tokenizer.convert_ids_to_tokens(tokenizer("mbwa")["input_ids"])[0] == first
        written = translator.model.generate(
            **tokenizer("mbwa", return_tensors="pt"), max_length=8, **translator.first
        )
        language = tokenizer.convert_ids_to_tokens(int(written[0, 1]))
        assert language == ("__en__" if kind == "m2m100" else target)
    # All words are read, and the classes are those that the files of the hub name.
    assert tokenizer.unk_token_id not in tokenizer(SENTENCES[0])["input_ids"]
    assert type(tokenizer).__name__ == CLASSES[kind]
    names = {"marian": "marian", "madlad": "t5"}
    assert translator.model.config.model_type == names.get(kind, "m2m_100")


def test_a_translator_of_random_weights_is_the_same_twice(tmp_path):
    write_parquet(tmp_path / "sw.parquet", ["source", "target"], PAIRS)
    for name, seed in {"one": 1, "again": 1, "other": 2}.items():
        imitate_translator.main(
            text=[tmp_path / "sw.parquet"],
            **{"kind": "nllb", "shape": SHAPE, "seed": seed, "output": tmp_path / name},
        )
    files = {file.name for file in (tmp_path / "one").iterdir()}
    assert "model.safetensors" in files
    for file in files:
        contents = [(tmp_path / name / file).read_bytes() for name in ("one", "again", "other")]
        assert contents[0] == contents[1]
        assert (contents[0] == contents[2]) == (file != "model.safetensors")


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_language_that_a_translator_of_the_hub_does_not_have_is_refused(fetched, wrong):
    kind, folder = fetched
    codes = list(CODES[kind])
    if kind == "madlad" and wrong == 0:
        assert Translator(folder, "xx_Latn", "en").prefix == "<2en> "
        return
    codes[wrong] = "xx_Latn"
    with pytest.raises(InputError, match="knows no language 'xx_Latn'"):
        Translator(folder, *codes)


# --- training ------------------------------------------------------------------------------------


TINY = TranslatorSettings(
    **{"layers": 1, "width": 16, "heads": 2, "vocabulary": 60, "length": 24},
    **{"steps": 12, "batch_size": 8, "learning_rate": 0.003, "seed": 1},
)


def train(bitext, output, **changes):
    train_translator.main(bitext=bitext, settings=replace(TINY, **changes), output=output)
    return load_file(output / "model.safetensors")


def test_a_translator_is_the_same_twice_and_after_it_was_killed(bitext, tmp_path, monkeypatch):
    once, again = (train(bitext, tmp_path / name) for name in ("once", "again"))

    class KilledError(Exception):
        pass

    class Every(optical.training.trainer.Checkpoints):
        def on_step_end(self, args, state, control, **_):
            control.should_save = state.global_step % 4 == 0
            if state.global_step == 10:
                raise KilledError

    output = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(optical.training.trainer, "Checkpoints", Every)
        with pytest.raises(KilledError):
            train(bitext, output)
    kept = [path.name for path in training_folder(output).glob("checkpoint-*")]
    assert kept == ["checkpoint-8"]
    assert not output.exists()
    resumed = train(bitext, output)
    assert once.keys() == again.keys() == resumed.keys()
    for name, weights in once.items():
        assert torch.equal(again[name], weights)
        assert torch.equal(resumed[name], weights)
    # It went on from there, and did not begin anew: the log is one of all steps.
    log = [json.loads(line) for line in (output / "training.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "loss" in line] == list(range(1, 13))
    assert any(line.get("checkpoint") for line in log)


def test_another_seed_is_another_translator(bitext, tmp_path):
    one, other = (train(bitext, tmp_path / str(seed), steps=2, seed=seed) for seed in (1, 2))
    assert any(not torch.equal(other[name], weights) for name, weights in one.items())


def test_every_pair_comes_once_a_pass_and_any_item_is_known_at_once(bitext):
    pairs = ShuffledPairs(bitext, reverse=False, draws=330, seed=3)
    passes = [[pairs[at] for at in range(first, first + 110)] for first in (0, 110, 220)]
    assert sorted(passes[0]) == sorted(passes[1]) == sorted(passes[2])
    assert passes[0] != passes[1]
    assert ShuffledPairs(bitext, reverse=False, draws=330, seed=3)[147] == passes[1][37]


def test_the_reverse_direction_has_the_sides_exchanged(bitext):
    there = ShuffledPairs(bitext, reverse=False, draws=10, seed=3)
    back = ShuffledPairs(bitext, reverse=True, draws=10, seed=3)
    assert [back[at] for at in range(10)] == [there[at][::-1] for at in range(10)]


def test_a_bitext_without_pairs_is_refused(tmp_path):
    write_parquet(tmp_path / "sw.parquet", ["id", "source", "target"], [])
    with pytest.raises(InputError, match=r"sw\.parquet: no sentence pair"):
        ShuffledPairs(tmp_path / "sw.parquet", reverse=False, draws=1, seed=1)


def test_labels_begin_after_the_first_token_and_end_with_the_text(bitext, folder):
    tokenizer = Translator(folder).tokenizer
    batch = PairCollator(tokenizer, 24)([("mbwa", "dog"), ("mbwa paka maji", "water cat dog")])
    ids = tokenizer("dog")["input_ids"]
    assert batch["labels"][0][: len(ids) - 1].tolist() == ids[1:]
    assert set(batch["labels"][0][len(ids) - 1 :].tolist()) == {-100}
    assert (batch["labels"] != tokenizer.pad_token_id).all()
