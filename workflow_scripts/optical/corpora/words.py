"""Cutting texts into words as their languages do: for BM25, for the leak guard and for windows.

Words end where Unicode says (UAX 29, word boundaries), which is what Lucene's tokenizer follows:
marks stay with their letters, as the vowels of Hindi; a full stop or an apostrophe stays between
letters (o'clock, ng'ombe), a comma or a full stop between digits (1,000.5). Not followed are the
colon, which is a letter in Swedish alone, and the apostrophe in languages where a word ends there.

Scripts without spaces have words that only a dictionary knows. They are cut into letters, each
with its marks, and BM25 reads overlapping pairs of these, as Lucene's CJKAnalyzer does for Han and
kana. Thai, Lao, Khmer and Burmese are cut likewise, and Tibetan into its syllables. Korean has
spaces.

Texts are compared in NFKC and case-folded, as by Lucene's ICUNormalizer2 (nfkc_cf): also letters of
another width or form, which CJK and Arabic texts mix, are then the same.
"""

import re
import sys
import unicodedata
from functools import cache
from itertools import pairwise

from optical.corpora.language_tags import base, script

# Letters and vowel signs of the scripts without spaces, but not their digits and punctuation.
HAN_AND_KANA = (
    "\u3005\u3007\u3021-\u3029\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
THAI = "\u0e01-\u0e3a\u0e40-\u0e4e"
LAO = "\u0e81-\u0eba\u0ec0-\u0ece\u0edc-\u0edf"
BURMESE = "\u1000-\u103f\u104c-\u108f\u109a-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"
KHMER = "\u1780-\u17d3\u17d7\u17dc\u17dd"
TIBETAN = "\u0f40-\u0fbc"
UNSPACED_SCRIPTS = {
    "Hans": HAN_AND_KANA,
    "Thai": THAI,
    "Laoo": LAO,
    "Mymr": BURMESE,
    "Khmr": KHMER,
    "Tibt": TIBETAN,
}
UNSPACED = "".join(UNSPACED_SCRIPTS.values())

WITHOUT_SPACES = re.compile(f"[{UNSPACED}]")

STACKERS = "\u1039\u17d2"
"""Signs of Burmese and Khmer that put the next letter below."""

TSHEG = "\u0f0b"
"""What stands between the syllables of Tibetan."""

APOSTROPHES = "\u2019\u02bc"
"""Other forms of the apostrophe."""

ENDS_AT_APOSTROPHE = frozenset("az ca fr fur it lij mul oc pms scn tr vec".split())  # noqa: SIM905
"""Languages in which an apostrophe parts an article (l'eau) or, in Turkish, a name's endings.
mul (ISO 639) is several languages in one text."""

DOTLESS = frozenset(["az", "tr"])
"""Languages in which I is the capital of dotless i (Unicode's SpecialCasing)."""


LETTERS_OF_EIGHT_WORDS = {
    "Hans": 12,
    "Hant": 12,
    "Jpan": 18,
    "Khmr": 26,
    "Laoo": 29,
    "Mymr": 23,
    "Thai": 29,
    "Tibt": 12,
}
"""Letters with their marks, in Tibetan syllables, that say as much as eight English words: by the
median of XNLI's sentences in Burmese, Chinese and Thai. The others are not measured."""


def ranges(codes: list[int]) -> str:
    """Ascending codes of characters as the ranges of a regular expression."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)


@cache
def of_category(*categories: str) -> str:
    """The characters of some of Unicode's categories, as ranges."""
    codes = range(sys.maxunicode + 1)
    return ranges([code for code in codes if unicodedata.category(chr(code)) in categories])


@cache
def invisible() -> re.Pattern:
    """Characters without width within a word, such as joiners and the soft hyphen."""
    return re.compile(f"[{of_category('Cf')}]+")


@cache
def marks() -> str:
    """Marks, which belong to the letter before them, as ranges."""
    return of_category("Mn", "Mc", "Me")


def folded(text: str, language: str) -> str:
    """A text in the form in which texts are compared: NFKC, without case and invisible characters.

    language: a code; its rules of case are followed.
    """
    if language_folds_i(language):
        text = unicodedata.normalize("NFC", text).replace("\u0130", "i").replace("I", "\u0131")
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text)
    text = unicodedata.normalize("NFKC", text.casefold())
    if "\u200b" in text:  # a space without width parts words, but not what has no spaces
        text = zero_width_space().sub(" ", text)
    if not text.isprintable():
        text = invisible().sub("", text)
    # Outside Turkish, folding leaves of a dotted capital I an i and a second dot.
    return text.replace("i\u0307", "i")


@cache
def zero_width_space() -> re.Pattern:
    """A zero width space that does not stand between two letters of a script without spaces."""
    return re.compile(f"(?<![{UNSPACED}])\u200b|\u200b(?![{UNSPACED}])")


class Blanks(dict):
    """What `str.translate` puts for a character: a space for punctuation and white space."""

    def __missing__(self, code: int) -> str:
        kind = unicodedata.category(chr(code))
        self[code] = " " if kind[0] in "PSZC" else chr(code)
        return self[code]


BLANKS = Blanks()


@cache
def language_folds_i(language: str) -> bool:
    """Whether a language has a dotless i."""
    return base(language) in DOTLESS


@cache
def patterns(language: str) -> tuple[re.Pattern, re.Pattern]:
    """What finds the words of a folded text in a language: of ASCII alone, and of any letters."""
    language = base(language)
    apostrophe = "" if language in ENDS_AT_APOSTROPHE else "'"
    # Of dog's, dog is the word.
    no_ending = r"(?<!'(?=s(?!\w)))" if language == "en" else ""
    # What stands between is read first: few words are followed by it, so that is fast.
    digits = r"(?<=\d[{0}])(?=\d)"
    letters = rf"(?<![\d_][{{0}}]){no_ending}(?=[^\W\d_])"
    found = []
    for word, inner, outer in (
        (r"\w+", f".{apostrophe}", ".,;'"),
        (
            rf"[^\W{UNSPACED}]+(?:[{marks()}]+[^\W{UNSPACED}]*)*",
            f".\u00b7\u05f4{apostrophe}",
            ".,;'\u066b\u066c",
        ),
    ):
        either = f"(?:(?<=[{inner}]){letters.format(inner)}|{digits.format(outer)})"
        found.append(rf"{word}(?:[{inner}{outer}]{either}{word})*")
    return re.compile(found[0], re.ASCII), re.compile(found[1])


@cache
def runs() -> re.Pattern:
    """What finds the parts of a text in a script without spaces, as groups by its name."""
    each = (
        f"(?P<{name}>[{letter}][{letter}{TSHEG if name == 'Tibt' else ''}{marks()}]*)"
        for name, letter in UNSPACED_SCRIPTS.items()
    )
    return re.compile("|".join(each))


@cache
def clusters() -> re.Pattern:
    """What finds the letters of such a part, each with its marks; in Tibetan its syllables."""
    return re.compile(rf"[{TIBETAN}]+|[^{TSHEG}](?:[{STACKERS}][{UNSPACED}]|[{marks()}])*")


def letters(run: str) -> list[str]:
    """The letters of a part without spaces, each with its marks."""
    return clusters().findall(run)


def tokens(text: str, language: str, *, pairs: bool = False) -> list[str]:
    """The words of a text, and the single letters of scripts without spaces, in their order.

    pairs: overlapping pairs of letters instead of single ones; a letter alone is left as it is.
    """
    text = folded(text, language)
    ascii_only, word = patterns(language)
    if text.isascii():
        return ascii_only.findall(text)
    for other in APOSTROPHES:
        text = text.replace(other, "'")
    if not WITHOUT_SPACES.search(text):
        return word.findall(text)
    found: list[str] = []
    begin = 0
    for run in runs().finditer(text):
        found += word.findall(text, begin, run.start())
        one = letters(run[0])
        found += map("".join, pairwise(one)) if pairs and len(one) > 1 else one
        begin = run.end()
    return found + word.findall(text, begin)


def plain_tokens(text: str, language: str) -> list[str]:
    """The same without pairs and without any punctuation: what is between two marks is a word."""
    text = folded(text, language).translate(BLANKS)
    if text.isascii() or not has_no_spaces(language):
        return text.split()
    found: list[str] = []
    begin = 0
    for run in runs().finditer(text):
        found += text[begin : run.start()].split()
        found += letters(run[0])
        begin = run.end()
    return found + text[begin:].split()


def has_no_spaces(language: str) -> bool:
    """Whether a language is written without spaces between its words."""
    return script(language) in LETTERS_OF_EIGHT_WORDS


def search_terms(text: str, language: str) -> list[str]:
    """What BM25 reads of a text: its words, and pairs of letters of scripts without spaces.

    Turkish names are written without dotless i elsewhere, so i with and without dot are the same.
    """
    terms = tokens(text, language, pairs=True)
    return [term.replace("\u0131", "i") for term in terms] if "\u0131" in "".join(terms) else terms


def countable(text: str) -> list[str]:
    """A text in parts of a word, or of as many letters as a word has where there are no spaces.

    Together they are the text with single spaces for white space; a part begins with the space
    before it.
    """
    if not WITHOUT_SPACES.search(text):
        first, *others = text.split() or [""]
        return [first, *(f" {word}" for word in others)]
    parts: list[str] = []
    for token in text.split():
        pieces, begin = [], 0
        for run in runs().finditer(token):
            pieces += [token[begin : run.start()], *groups_of_letters(run)]
            begin = run.end()
        before = " " if parts else ""  # what stands before the next word
        for piece in filter(None, [*pieces, token[begin:]]):
            if any(map(str.isalnum, piece)):
                parts.append(before + piece)
                before = ""
            elif parts and not before:
                parts[-1] += piece
            else:
                before += piece
        if before.strip():
            parts.append(before)
    return parts


def groups_of_letters(run: re.Match) -> list[str]:
    """A part without spaces in pieces about as long as a word; Tibetan keeps its marks."""
    words_a_letter = 8 / LETTERS_OF_EIGHT_WORDS[run.lastgroup or ""]
    groups: list[str] = []
    ends = [letter.end() for letter in clusters().finditer(run[0])]
    last = 0
    for number, end in enumerate(ends, start=1):
        if int(number * words_a_letter) > len(groups) or end == ends[-1]:
            # What stands between syllables belongs to the one before.
            until = len(run[0]) if end == ends[-1] else end
            groups.append(run[0][last:until])
            last = until
    return groups
