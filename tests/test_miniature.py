"""A study in miniature has the steps of the whole one, with next to no work in each."""

import pytest

from optical.runtime.errors import InputError
from optical.study.files import hub_models
from optical.study.miniature import SUFFIX
from optical.study.rehearsal import models_of
from optical.study.translators import kind_of
from test_study import CONSTRUCTED, REAL, STUDIES, load

TINY = {"scale": "tiny"}


def test_a_miniature_has_the_parts_of_its_study():
    study = load(REAL, edits={"seeds": [1, 2], "collections": ["xnli-premise", "xquad"]})
    small = load(REAL, edits={"seeds": [1, 2], "collections": ["xnli-premise", "xquad"]} | TINY)
    assert small["study"] == study["study"] + SUFFIX
    for key in ("languages", "methods", "collections", "students", "pivot", "metric", "metrics"):
        assert small[key] == study[key]
    assert small["bitext"]["sources"] == study["bitext"]["sources"]
    assert small["encoders"].keys() == study["encoders"].keys()
    assert small["seeds"] == [1]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_every_study_that_ships_has_a_miniature(path):
    small = load(path.read_text(), edits=TINY | {"local": "data"})
    assert len(small["seeds"]) == 1
    assert len(small["teacher"]["seeds"]) <= 1


def test_a_miniature_reads_no_encoder_and_little_text():
    small = load(REAL, edits=TINY)
    assert all(encoder["layers"] == 1 for encoder in small["encoders"].values())
    assert set(small["pretraining"]["text"]) == {"en", "fr", "sw"}
    assert small["bitext"]["pairs"] < 1000
    assert small["training_set"]["queries"] < 1000
    assert small["distillation"]["steps"] < 10


@pytest.mark.parametrize(
    ("hub", "architecture"),
    [
        ("FacebookAI/xlm-roberta-large", "xlm-roberta"),
        ("jhu-clsp/mmBERT-small", "modernbert"),
        ("microsoft/mdeberta-v3-base", "deberta-v2"),
        ("EuroBERT/EuroBERT-210m", "eurobert"),
    ],
)
def test_an_encoder_keeps_its_architecture_in_miniature(hub, architecture):
    edits = {"encoders.base": {"hub": hub, "revision": "e" * 40}}
    assert "architecture" not in load(REAL, edits=edits)["encoders"]["base"]
    small = load(REAL, edits=edits | TINY)["encoders"]["base"]
    assert small["architecture"] == architecture


@pytest.mark.parametrize(
    ("hub", "kind"),
    [
        ("facebook/m2m100_418M", "m2m100"),
        ("facebook/m2m100_1.2B", "m2m100"),
        ("facebook/nllb-200-distilled-600M", "nllb"),
        ("google/madlad400-3b-mt", "madlad"),
        ("facebook/mbart-large-50-many-to-many-mmt", "other"),
    ],
)
def test_a_translator_of_the_hub_stays_one_with_random_weights(hub, kind):
    codes = {"en": "en_XX", "fr": "fr_XX", "sw": "sw_KE"} if kind == "other" else {}
    translation = {"hub": hub, "revision": "e" * 40, "codes": codes}
    edits = {"methods": ["zero_shot", "translate_query"], "translation": translation}
    study = load(REAL, edits=edits)
    small = load(REAL, edits=edits | TINY)
    assert kind_of(hub) == kind
    for key in ("hub", "revision", "codes"):
        assert small["translation"][key] == study["translation"][key]
    assert (study["translation"]["weights"], small["translation"]["weights"]) == ("hub", "random")
    assert (study["translation"]["width"], small["translation"]["width"]) == (256, 32)
    # Of the large one all is fetched, of the small one nothing.
    assert [*hub_models(study).values()] == ["FacebookAI/xlm-roberta-base", hub]
    assert hub_models(small) == {}
    assert [what for what, *_ in models_of(study)] == ["encoder base", "translator"]
    assert list(models_of(small)) == []


def test_a_translator_that_is_trained_stays_one_in_miniature():
    edits = {"methods": ["zero_shot", "translate_query"], "bitext.sources": ["tatoeba"]}
    small = load(REAL, edits=edits | TINY)
    assert (small["translation"]["hub"], small["translation"]["weights"]) == (None, "hub")


@pytest.mark.parametrize(
    ("translation", "message"),
    [
        ({}, "translation.weights: random, but translation.hub is null; expected a model of the"),
        ({"hub": "facebook/m2m100_418M"}, "translation.weights: random, but pretraining.text has"),
    ],
)
def test_random_weights_need_a_model_of_the_hub_and_text(translation, message):
    edits = {"methods": ["zero_shot", "translate_query"]}
    with pytest.raises(InputError, match=message):
        load(REAL, edits=edits | {"translation": translation | {"weights": "random"}})


def test_a_miniature_keeps_metrics_that_are_deeper_than_its_runs():
    small = load(REAL, edits=TINY | {"metrics": ["map", "recall_1000"]})
    assert small["search"]["depth"] < 1000
    assert small["metrics"] == ["map", "recall_1000"]


def test_sizes_stay_apart_and_smaller_settings_stay():
    small = load(CONSTRUCTED, edits=TINY | {"bitext.pairs": 20, "distillation.batch_size": 3})
    widths = [encoder["width"] for encoder in small["encoders"].values()]
    assert len(set(widths)) == len(widths) == 2
    assert list(small["students"]) == ["small"]
    assert (small["bitext"]["pairs"], small["distillation"]["batch_size"]) == (20, 3)
