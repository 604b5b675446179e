import re

import pytest
import yaml
from langcodes import standardize_tag
from langcodes.data_dicts import (
    LANGUAGE_REPLACEMENTS,
    LIKELY_SUBTAGS,
    NORMALIZED_MACROLANGUAGES,
)

from optical.corpora.constructed_languages import LANGUAGES
from optical.corpora.language_tags import (
    ALIASES,
    REGION_SCRIPT,
    base,
    canonical,
    find,
    names_script,
    script,
    variants,
)
from optical.study.loading import RESOURCES, read_datasets
from optical.study.translators import known_codes, read_translators

OTHER_WAY_ROUND = {"fil", "tgl", "nb", "nob"}


@pytest.mark.parametrize(
    ("code", "language", "written"),
    [
        ("zh", "zh", "Hans"),
        ("zh-Hans", "zh", "Hans"),
        ("zh_cn", "zh", "Hans"),
        ("ZH-hant", "zh", "Hant"),
        ("zh_TW", "zh", "Hant"),
        ("zho_Hans", "zh", "Hans"),
        ("cmn", "zh", "Hans"),
        ("yue", "yue", None),
        ("zh-yue", "yue", None),
        ("pt-BR", "pt", "Latn"),
        ("pt_br", "pt", "Latn"),
        ("sr-Latn", "sr", "Latn"),
        ("sr", "sr", "Cyrl"),
        ("sr-ME", "sr", "Latn"),
        ("sh", "sr", "Latn"),
        ("ur-PK", "ur", "Arab"),
        ("fa-IR", "fa", "Arab"),
        ("pes_Arab", "fa", "Arab"),
        ("iw", "he", "Hebr"),
        ("he", "he", "Hebr"),
        ("es-419", "es", "Latn"),
        ("nb", "no", "Latn"),
        ("fil", "tl", "Latn"),
        ("swh_Latn", "sw", "Latn"),
        ("en-u-ca-buddhist", "en", "Latn"),
        ("de-1996", "de", "Latn"),
        ("ekti", "ekti", None),
    ],
)
def test_a_code_has_a_language_and_a_script(code, language, written):
    assert (base(code), script(code)) == (language, written)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("zh_cn", "zh-CN"), ("iw", "he"), ("SR-latn-rs", "sr-Latn-RS"), ("sh", "sr-Latn")],
)
def test_a_code_is_written_as_bcp_47_does(code, expected):
    assert canonical(code) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    ("code", "known", "expected"),
    [
        ("zh", ["zh-Hans", "zh", "en"], ["zh", "zh-Hans"]),
        ("zh-Hans", ["zh", "zh-Hant", "en"], ["zh"]),
        ("zh-Hans", ["zh_cn", "zh_tw"], ["zh_cn"]),
        ("zh-Hant", ["zh", "zh-Hans"], []),
        ("zh-Hant", ["zh_cn", "zh_tw"], ["zh_tw"]),
        ("zh", ["zh_tw", "zh_cn"], ["zh_cn", "zh_tw"]),
        ("zh_tw", ["zh"], []),
        ("sr", ["sr-Latn", "sr-Cyrl"], ["sr-Cyrl", "sr-Latn"]),
        ("sr-Latn", ["sr-Cyrl", "sr-Latn"], ["sr-Latn"]),
        ("sr-Latn", ["sr"], []),
        ("pt-BR", ["pt-PT", "pt"], ["pt", "pt-PT"]),
        ("pt-BR", ["pt_br", "pt"], ["pt_br", "pt"]),
        ("pt", ["pt_br"], ["pt_br"]),
        ("iw", ["he", "hi"], ["he"]),
        ("he", ["iw"], ["iw"]),
        ("ur-PK", ["ur", "hi"], ["ur"]),
        ("ur-Latn", ["ur"], []),
        ("zh", ["yue"], []),
        ("sw", ["swh_Latn", "sv"], ["swh_Latn"]),
        ("ekti", ["ekti", "en"], ["ekti"]),
    ],
)
def test_the_exact_code_is_found_first_then_language_and_script(code, known, expected):
    assert variants(code, known) == expected
    assert find(code, reversed(known)) == (expected[0] if expected else None)


def test_aliases_are_those_of_langcodes():
    known = {*LANGUAGE_REPLACEMENTS, *NORMALIZED_MACROLANGUAGES}
    codes = {code for code in known if re.fullmatch("[a-z]{2,3}", code)}
    theirs = {code: standardize_tag(code, macro=True) for code in codes}
    expected = {code: tag for code, tag in theirs.items() if len(tag.split("-")[0]) == 2}
    unlike = {code for code in ALIASES | expected if ALIASES.get(code) != expected.get(code)}
    assert unlike == OTHER_WAY_ROUND


def test_usual_scripts_are_those_of_langcodes():
    for code, likely in LIKELY_SUBTAGS.items():
        language, *rest = code.split("-")
        if len(language) == 2 and language in LIKELY_SUBTAGS and len("".join(rest)) in (0, 2):
            assert script(code) == likely.split("-")[1], code
    assert all(names_script(code) for code in REGION_SCRIPT)


def test_codes_of_the_data_sets_are_languages_of_their_own():
    """So that a lookup of one never finds another's."""
    datasets = read_datasets().values()
    codes = {*LANGUAGES}
    for dataset in datasets:
        codes |= {*dataset.get("languages", ())}
        codes |= {file["language"] for file in dataset["files"].values() if "language" in file}
    for hub in read_translators():
        # The two names of Hebrew and of Norwegian are one language.
        codes |= known_codes(hub).keys() - {"iw", "nb"}
    text = yaml.safe_load((RESOURCES / "pretraining_text.yaml").read_text(encoding="utf-8"))
    codes |= {code for family in text for code in family["languages"]}
    assert {code: find(code, codes) for code in codes} == {code: code for code in codes}
    assert {code: base(code) for code in codes if "-" not in code} == {
        code: code for code in codes if "-" not in code
    }
