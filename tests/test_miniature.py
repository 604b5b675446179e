"""A study in miniature has the steps of the whole one, with next to no work in each."""

import pytest

from optical.study.miniature import SUFFIX
from test_study import CONSTRUCTED, REAL, load

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


def test_sizes_stay_apart_and_smaller_settings_stay():
    small = load(CONSTRUCTED, edits=TINY | {"bitext.pairs": 20, "distillation.batch_size": 3})
    widths = [encoder["width"] for encoder in small["encoders"].values()]
    assert len(set(widths)) == len(widths) == 2
    assert list(small["students"]) == ["small"]
    assert (small["bitext"]["pairs"], small["distillation"]["batch_size"]) == (20, 3)
