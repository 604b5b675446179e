"""How much text of each language the encoders of a study have read."""

from optical.study.read_text import amounts_read
from test_study import CONSTRUCTED, OWN_STUDY, REAL, load

OTHER = {"hub": "google-bert/bert-base-multilingual-cased", "revision": "0" * 40}


def test_an_encoder_from_scratch_has_read_the_text_of_its_pretraining():
    text = {"alba": 300, "bero": 300, "fusa": 30}
    assert amounts_read(load(CONSTRUCTED)) == (text, "texts that the encoders have read")


def test_what_a_family_of_the_hub_has_read_is_told_of_the_languages_of_the_study():
    amounts, unit = amounts_read(load(REAL))
    assert amounts == {"fr": 56.8, "sw": 1.6}
    assert unit == "GiB of CC-100 that XLM-R has read"


def test_a_language_that_a_family_has_not_read_is_left_out():
    amounts, _ = amounts_read(load(REAL, edits=OWN_STUDY))  # in which Hausa is tested
    assert amounts == {"fr": 56.8}


def test_nothing_is_told_of_a_family_that_is_not_known():
    assert amounts_read(load(REAL, edits={"encoders.base": OTHER})) == ({}, "")
