"""What languages write beside digits: words of scale, calendars, numbers in words.

The tables hold what the sources of this project have and their neighbours. A language that is not
in them keeps its plain digits, and what they cannot explain is left alone by `numbers`.
"""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

# Letters that keyboards of Arabic, Persian and Urdu give different code points.
LETTERS = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ہ": "ه", "أ": "ا", "إ": "ا", "آ": "ا"})

# Beginnings of words that mean a scale in any language that has them. Words of the Arabic script
# have no other endings than those here.
STEMS = {
    10**2: "hundred hundert শত ร้อย 百 백 ရာ",
    10**3: """thousand tausend tuhat tuhan tusen duizend тысяч тисяч хиляд χιλιάδ χίλι हजार हज़ार
        พัน 千 천 ထောင် হাজার ஆயிரம் వేల હજાર ਹਜ਼ਾਰ ພັນ ពាន់""",
    10**4: "万 萬 만 หมื่น သောင်း ໝື່ນ ម៉ឺន",
    10**5: "lakh लाख แสน သိန်း লাখ লক্ষ லட்சம் లక్ష લાખ ਲੱਖ ແສນ សែន",
    10**6: """million milion millon millón milhão milhões milyon miljoon miljoen miljon milyan milyo
        millyan malyan millió milió миллион милион мільйон εκατομμύρι मिलियन मिलीयन दशलक्ष ล้าน
        သန်း মিলিয়ন மில்லியன் మిలియన్ ລ້ານ លាន""",
    10**7: "crore करोड़ करोड कोटी ကုဋေ কোটি கோடி కోట్ల કરોડ ਕਰੋੜ",
    10**8: "亿 億 억",
    10**9: """milliard miliard milyar miljard miljaard миллиард милиард мільярд δισεκατομμύρι अब्ज
        बिलियन bilhão bilhões bilyan বিলিয়ন""",
    10**12: "trillion trilion trilyon trilhão трилл трил τρισ ट्रिलियन 兆 조",
}

# Billion is a thousand millions or a million millions, by language and by translator.
BILLIONS = "billion bilion bilyon billón billones biljoen биллион билион"

# Whole words: of any language, and of those that mean something else in another.
WHOLE = {
    10**3: "k тыс хил ألف الف ألفا آلاف ہزار هزار",
    10**5: "lac لاکھ",
    10**6: "m mn mio mln млн εκατ مليون مليونا ملايين ملین میلیون",
    10**7: "کروڑ",
    10**9: "b bn mrd mld млрд δισ مليار مليارا مليارات ملیارد میلیارد بليون بلین",
    10**12: "tn تريليون ٹریلین تریلیون",
}
WORDS = {
    "de": {"Tsd": 10**3},
    "es": {"mil": 10**3},
    "fi": {"milj": 10**6},
    "fr": {"cent": 10**2, "cents": 10**2, "mille": 10**3, "milliers": 10**3},
    "hi": {"अरब": 10**9, "खरब": 10**11},
    "id": {"ratus": 10**2, "ribu": 10**3, "juta": 10**6},
    "it": {"cento": 10**2, "mila": 10**3, "mille": 10**3},
    "ms": {"ratus": 10**2, "ribu": 10**3, "juta": 10**6},
    "pt": {"mil": 10**3},
    "ro": {"mii": 10**3, "mie": 10**3},
    "so": {"boqol": 10**2, "kun": 10**3},
    "sw": {"mia": 10**2, "elfu": 10**3, "laki": 10**5},
    "tl": {"daan": 10**2, "libo": 10**3, "libong": 10**3},
    "tr": {"yüz": 10**2, "bin": 10**3},
    "ur": {"سو": 10**2, "ارب": 10**9, "کھرب": 10**11},
    "vi": {
        **{"trăm": 10**2, "nghìn": 10**3, "ngàn": 10**3, "vạn": 10**4, "triệu": 10**6},
        **{"tỷ": 10**9, "tỉ": 10**9},
    },
}

THOUSANDTHS = ("kilo", "кило")
"""Beginnings of units a thousand times as large, which may be converted: 32 kilobases, 32,000."""

SCALE_FIRST = {"my", "sw"}
"""Languages that may say the scale before the number: milioni 12."""

CALENDARS: dict[str, list[tuple[int, int, tuple[int, ...]]]] = {
    **dict.fromkeys(["km", "lo", "si", "th"], [(2300, 2700, (-543,))]),
    "my": [(2300, 2700, (-543, -544)), (1150, 1450, (638, 639))],
    **dict.fromkeys(["am", "ti"], [(1800, 2100, (7, 8))]),
    "bn": [(1100, 1500, (593, 594))],
    **dict.fromkeys(["hi", "mr", "ne"], [(1850, 2100, (-56, -57)), (1700, 2000, (78, 79))]),
    **dict.fromkeys(["he", "yi"], [(5000, 6000, (-3760, -3761))]),
    "zh": [(1, 120, (1911,))],
    "ja": [(1, 64, (1867, 1911, 1925, 1988, 2018))],
    **dict.fromkeys(["ckb", "fa", "prs", "ps"], [(1200, 1450, (621, 622))]),
}
"""Years of other calendars: first and last of them, and what is added to have the common era's.
Buddhist, Burmese, Ethiopian, Bengali, Vikram and Saka, Hebrew, of the Republic of China, Japanese
eras (Meiji to Reiwa), Persian."""

ISLAMIC = {"ar", "az", "ckb", "fa", "id", "ms", "prs", "ps", "so", "sw", "tr", "ug", "ur", "uz"}
"""Languages that write years of the Hijra, of 354.37 days: year h is about .97022 h + 621.6."""

EAST_AFRICAN = {"am", "lg", "om", "rw", "so", "sw", "ti"}
"""Languages that count the hours from six in the morning: saa moja is 7."""

ONES = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen
"""
ORDINALS = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth
"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
MONTHS = """
    january february march april may june july august september october november december
"""
ENGLISH = {
    **{word: value for value, word in enumerate(ONES.split())},
    **{word: value for value, word in enumerate(ORDINALS.split(), start=1)},
    **{word: 10 * value for value, word in enumerate(TENS.split(), start=2)},
    **{word[:-1] + "ieth": 10 * value for value, word in enumerate(TENS.split(), start=2)},
}
ENGLISH_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "lakh": 10**5, "million": 10**6}
ENGLISH_SCALES |= {"crore": 10**7, "billion": 10**9, "trillion": 10**12}
ENGLISH_SCALES |= {f"{word}s": value for word, value in ENGLISH_SCALES.items()}
ENGLISH_VALUES = {
    **{word: (Fraction(value),) for value, word in enumerate(MONTHS.split(), start=1)},
    **dict.fromkeys(["half", "halves"], (Fraction(1, 2), Fraction(50), Fraction(30))),
    **dict.fromkeys(["quarter", "quarters"], (Fraction(1, 4), Fraction(25), Fraction(15))),
    **dict.fromkeys(["noon", "midday"], (Fraction(12),)),
    "midnight": (Fraction(0), Fraction(12), Fraction(24)),
    **dict.fromkeys(["decade", "decades"], (Fraction(10),)),
    **dict.fromkeys(["century", "centuries"], (Fraction(100),)),
    "fortnight": (Fraction(14), Fraction(15)),
}
"""Words whose number others write in digits."""

CHINESE = {character: value for value, character in enumerate("零一二三四五六七八九")}
CHINESE |= {"〇": 0, "○": 0, "两": 2, "兩": 2}
CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "萬": 10**4}
CHINESE_SCALES |= {"亿": 10**8, "億": 10**8}
CHINESE_RUN = re.compile(f"[{''.join(CHINESE)}{''.join(CHINESE_SCALES)}]{{2,}}")

LONGEST = 1000
"""Characters of a number at most. What is longer, such as the digits of pi, is not compared. Of
4,300 digits and more Python reads none."""

ROMAN = re.compile(
    r"(?<!\w)(?=[IVXLC])(C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})(?:e|er|ème|th|st|nd|rd)?(?!\w)"
)
ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
CYRILLIC_ROMAN = str.maketrans("ХІС", "XIC")


def folded(text: str) -> str:
    """A text in NFC, with one code point for each letter of the Arabic script."""
    return unicodedata.normalize("NFC", text).translate(LETTERS)


@cache
def scales(language: str) -> tuple[re.Pattern[str], dict[str, tuple[int, ...]]]:
    """A pattern of one word of scale in a base language, and what each beginning of one means.

    The pattern's group `stem` or `word` is a key of the mapping; a stem may have an ending.
    """
    stems: dict[str, tuple[int, ...]] = {
        stem: (value,) for value, words in STEMS.items() for stem in words.split()
    }
    stems |= dict.fromkeys(BILLIONS.split(), (10**9, 10**12))
    stems |= dict.fromkeys(THOUSANDTHS, (1000,))
    words: dict[str, tuple[int, ...]] = {
        word: (value,) for value, some in WHOLE.items() for word in some.split()
    }
    words |= {word: (value,) for word, value in WORDS.get(language, {}).items()}
    stems, words = (
        {folded(word).casefold(): means for word, means in of.items()} for of in (stems, words)
    )
    stem, word = ("|".join(sorted(of, key=len, reverse=True)) for of in (stems, words))
    # Scripts without spaces have no end of a word to look for.
    pattern = rf"(?P<stem>{stem})[a-zà-ÿа-яα-ωά-ώ]*|(?P<word>{word})(?!\w)"
    return re.compile(pattern, re.IGNORECASE), stems | words


def common_years(year: int, language: str) -> set[int]:
    """The years of the common era that a year may be in the calendars of a base language."""
    years = {
        year + shift
        for first, last, shifts in CALENDARS.get(language, ())
        if first <= year <= last
        for shift in shifts
    }
    if language in ISLAMIC and 1000 <= year <= 1500:
        middle = int(0.970224 * year + 621.5774)
        years |= {middle - 1, middle, middle + 1}
    return years


def values_in_words(text: str, language: str) -> frozenset[Fraction]:
    """Values that stand in words: English ones, Chinese ones, Roman numerals of any language."""
    found = {Fraction(value) for value in roman_values(text)}
    if language in ("ja", "yue", "zh"):
        runs = (run for run in CHINESE_RUN.findall(text) if len(run) <= LONGEST)
        found |= {Fraction(chinese_value(run)) for run in runs}
    if language == "en":
        found |= set(english_values(text))
    return frozenset(found)


def roman_values(text: str) -> Iterator[int]:
    """Values of Roman numerals below 400, whose X, I and C may be Cyrillic."""
    for match in ROMAN.finditer(text.translate(CYRILLIC_ROMAN)):
        digits = [ROMAN_DIGITS[letter] for letter in "".join(match.groups())]
        following = [*digits[1:], 0]
        yield sum(-a if a < b else a for a, b in zip(digits, following, strict=True))


def chinese_value(run: str) -> int:
    """The value of Chinese characters: by place (三百二十) or digit by digit (二〇二〇)."""
    if not any(character in CHINESE_SCALES for character in run):
        return int("".join(str(CHINESE[character]) for character in run))
    total = section = digit = 0
    for character in run:
        if character in CHINESE:
            digit = CHINESE[character]
        elif (scale := CHINESE_SCALES[character]) < 10**4:
            section += (digit or 1) * scale
            digit = 0
        else:
            total += ((section + digit) or 1) * scale
            section = digit = 0
    return total + section + digit


def english_values(text: str) -> Iterator[Fraction]:
    """Values of English words: twenty-five, two hundred thousand, nineteen forty-five, a dozen."""
    value: Fraction | None = None
    before: Fraction | None = None
    words = re.findall(r"[a-z]+", text.casefold())
    for word in [*words, ""]:
        if word == "and" and value is not None:
            continue
        if word in ENGLISH_SCALES:
            value = english_scaled(value, ENGLISH_SCALES[word])
            yield Fraction(ENGLISH_SCALES[word])
        elif word in ENGLISH and value is not None and fits_after(value, ENGLISH[word]):
            value += ENGLISH[word]
        else:
            if value is not None:
                yield value
                if before is not None and 10 <= before <= 99 and 10 <= value <= 99:
                    yield 100 * before + value
            before = value
            value = Fraction(ENGLISH[word]) if word in ENGLISH else None
            yield from ENGLISH_VALUES.get(word, ())


def english_scaled(value: Fraction | None, scale: int) -> Fraction:
    """A value before a word of scale: in two thousand three hundred the three alone is scaled."""
    rest = (value or 0) % (1000 * scale if scale >= 1000 else 1000)
    return (value or 0) - rest + (rest or 1) * Fraction(scale)


def fits_after(value: Fraction, small: int) -> bool:
    """Whether a small number continues a greater one: twenty-five, two hundred thirty."""
    if value % 100 == 0 and value >= 100:
        return True
    return value % 100 >= 20 and value % 10 == 0 and 0 < small < 10
