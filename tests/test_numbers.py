"""Numbers of two sentences beside each other, in the conventions of many languages."""

import random

import pytest

from optical.corpora.cleaning import Cleaner
from optical.corpora.number_readings import numbers
from optical.corpora.number_words import chinese_value, english_values, roman_values
from optical.corpora.numbers import contradict, unexplained
from optical.corpora.records import Pair

# (language, its text, the English text), by what it stands for.
SAME = {
    "marks": [
        ("fr", "1.279 cas", "1,279 cases"),
        ("fr", "1 279 cas", "1279 cases"),
        ("fr", "1 234,5 km", "1,234.5 km"),
        ("fr", "3,75 %", "3.75%"),
        ("de", "1.234.567,89 Euro", "1,234,567.89 euros"),
        ("de", "12,50 Euro", "12.5 euros"),
        ("fi", "1 200 000 ihmistä", "1.2 million people"),
        ("hi", "1,18,381 मामले", "118,381 cases"),
        ("hi", "12,34,567 लोग", "1,234,567 people"),
        ("fa", "۱۲/۵ درصد", "12.5 percent"),
        ("ar", "١٬٢٣٤٫٥", "1,234.5"),
        ("ur", "4،700 ٹویٹس", "4,700 tweets"),
        ("it", "1'234 franchi", "1,234 francs"),
        ("ru", "телефон 9-876-54-32", "telephone 9876-5432"),
        ("fr", "de 2010-2015", "from 2010 to 2015"),
    ],
    "digits": [
        ("mr", "१२३४ मामले", "1,234 cases"),
        ("ar", "٢٠٢٠ سنة", "the year 2020"),
        ("fa", "او ۱۲ کتاب خرید.", "He bought 12 books."),
        ("th", "รถไฟออกเวลา ๑๔:๓๐ น.", "The train leaves at 14:30."),
        ("my", "၁၉၄၅ ခုနှစ်", "in 1945"),
        ("bn", "২৫টি বই", "25 books"),
        ("zh", "１２３人", "123 people"),
        ("zh", "三百二十人，25岁", "320 people, 25 years old"),
        ("zh", "二〇二〇年，25岁", "25 years old in 2020"),
    ],
    "scales": [
        ("zh", "该市有1200万居民。", "The city has 12 million inhabitants."),
        ("zh", "这本书卖出了30万册。", "The book sold 300,000 copies."),
        ("zh", "1亿2000万", "120 million"),
        ("zh", "已有550多万人", "more than 5.5 million people"),
        ("zh", "影响将达 3,000 多亿美元", "a $300 billion impact"),
        ("mr", "UK च्या £2.8bn सौंदर्य बाजारपेठेत", "the UK's £2.8bn beauty market"),
        ("zh", "每 10 万人 0.31", "0.31 per 100,000 people"),
        ("ja", "3億5000万円", "350 million yen"),
        ("ko", "3만 5천 명", "35,000 people"),
        ("hi", "शहर में 5 लाख लोग रहते हैं।", "500,000 people live in the city."),
        ("hi", "3 करोड़ 20 लाख", "32 million"),
        ("mr", "1100 कोटी डॉलर्स", "$11 billion"),
        ("hi", "५ लाख करोड़ रुपये", "5 trillion rupees"),
        ("ur", "۵ لاکھ", "500,000"),
        ("bn", "৫ কোটি", "50 million"),
        ("my", "လူ ၅ သိန်း", "500,000 people"),
        ("my", "သန်း ၂၀", "20 million"),
        ("th", "2.8 พันล้าน", "2.8 billion"),
        ("vi", "25 triệu USD", "$25 million"),
        ("tr", "18 bin 500 kişi", "18,500 people"),
        ("sw", "watu milioni 12", "12 million people"),
        ("sw", "dola bilioni $50", "$50 billion"),
        ("sw", "milioni 14 hadi 22", "14 to 22 million"),
        ("so", "$50 bilyan oo doolar", "US$50 billion"),
        ("so", "244 oo kun kiisas", "244 thousand cases"),
        ("tl", "16.5 na milyon", "16.5 million"),
        ("es", "3 mil millones en 2020", "3 billion in 2020"),
        ("es", "más de $300 000 millones", "$300+ billion"),
        ("de", "12,5 Mio. Euro", "12.5 million euros"),
        ("de", "5 Billionen", "5 trillion"),
        ("fr", "648 milliards", "648 billion"),
        ("ru", "с 26 до 32 тысяч", "26 to 32 kilobases"),
        ("ru", "153,8 млн", "153.8m"),
        ("el", "9 δισεκατομμύρια", "9 billion"),
        ("ar", "300 مليار دولار", "$300 billion"),
        ("fi", "2,94 miljoonaa", "2.94 million"),
        # A scale that nobody wrote down here is not known to be another one.
        ("xx", "20 wanzamilo", "20 million"),
        ("so", "25 axmaq", "25 thousand"),
    ],
    "calendars": [
        ("th", "สงครามสิ้นสุดลงในปี พ.ศ. 2488", "The war ended in 1945."),
        ("km", "ឆ្នាំ ២៥៦៣", "in 2020"),
        ("fa", "جنگ در سال ۱۳۲۴ پایان یافت.", "The war ended in 1945."),
        ("fa-IR", "سال ۱۳۹۹", "in 2020"),
        ("ps", "په ۱۳۵۷ کال", "in 1978"),
        ("ar", "سنة 1441", "in 2020"),
        ("ur", "۱۴۴۱ ہجری", "in 2019"),
        ("ja", "令和2年5月, 昭和20年", "in May 2020, in 1945"),
        ("zh_TW", "民國109年", "in 2020"),
        ("ne", "२०७७ साल", "in 2020"),
        ("am", "በ2012 ዓ.ም.", "in 2020"),
        ("he", "5780", "2020"),
    ],
    "dates": [
        ("sw", "Mkutano ni tarehe 06.05.2020 mjini Dodoma.", "The meeting is on 6 May 2020."),
        ("de", "am 16.05.2020", "2020-05-16"),
        ("de", "am 06.05.20", "on 6 May 2020"),
        ("de", "am 24.12. um 20 Uhr", "at 20:00 on December 24"),
        ("fr", "le 25/12/2019", "on 12/25/2019"),
        ("hu", "2020.05.16.", "May 16, 2020"),
        ("zh", "12月25日", "December 25"),
        ("ja", "2020年11月3日", "3 November 2020"),
        ("vi", "ngày 25 tháng 12 năm 2020", "December 25, 2020"),
        ("vi", "31/12", "December 31"),
        ("zh", "18 世纪 90 年代", "in the 1790s"),
        ("fr", "les années 90", "the 1990s"),
        ("es", "siglo XIX", "the 1800s"),
    ],
    "clocks": [
        ("fr", "à 15h00 avec 20 amis", "at 3 pm with 20 friends"),
        ("de", "um 15:30 Uhr", "at 3:30 p.m."),
        ("de", "um 23.45 Uhr", "at 11:45 pm"),
        ("zh", "下午3点，12月25日", "3 pm on December 25"),
        ("sw", "Tukutane saa moja na dakika 15 asubuhi.", "Let us meet at 7:15."),
        ("sw", "saa 10:30 jioni", "at 4:30 pm"),
        ("sw", "saa 10 jioni, watu 25", "25 people at 16:00"),
        ("it", "alle 14:30 del 12", "at half past two on the 12th"),
        ("fr", "à 00:15", "at 12:15 am"),
    ],
    "words": [
        ("ru", "в XIX веке, 25 раз", "in the 19th century, 25 times"),
        ("ru", "в ХХ веке", "in the 20th century"),
        ("fr", "Louis XIV, 1715", "Louis 14, 1715"),
        ("fr", "25 ans", "twenty-five years"),
        ("fr", "en 1945", "in nineteen forty-five"),
        ("sw", "watu 2300", "two thousand three hundred people"),
        ("hi", "50 साल", "half a century"),
        ("de", "24 Eier, 12 Hühner", "two dozen eggs, a dozen hens"),
        ("fr", "trois", "3"),
        ("fr", "douze pommes", "12 apples"),
        ("fr", "vingt-cinq en 1999", "25 in 1999"),
    ],
    "left alone": [
        ("es", "el coronavirus de 2019", "COVID-19 in 2019"),
        ("fr", "le 12 août", "the 12th, in the year 2015"),
        ("de", "620 km entfernt", "385 miles away"),
        ("fi", "38 metriä sekunnissa", "85 mph"),
        ("it", "26 gradi", "in the 80s"),
        ("zh", "26°C", "80 degrees"),
        ("en", "", "12 of 25"),
        ("", "12", ""),
    ],
}

OTHER = {
    "plain": [
        ("fr", "14 mars", "15 March"),
        ("fr", "en 2019", "in 2020"),
        ("fr", "en 1991", "in 1919"),
        ("fr", "1.234,5", "1,235.5"),
        ("de", "3,5 km", "2.5 km"),
        ("sw", "asilimia 15", "8,000%"),
        ("hi", "2,000 सैनिक", "1,000 troops"),
        ("hi", "12,34,567", "1,234,568"),
        ("mr", "४०००३३५", "400,335"),
        ("my", "၁၉၄၅", "1946"),
        ("bn", "২৫টি বই", "26 books"),
        ("sw", "watu 25 mwaka 1999", "25 people in 1998, 1997 and 12"),
        ("zh", "25人死亡", "26 people died"),
        ("fr", "12 et 25", "12 and 26"),
        ("so", "78% oo ah qufac, 98%", "98% fever, 76% cough"),
        ("en-GB", "twenty-five in 1999", "25 in 1998"),
    ],
    "scales": [
        ("zh", "1200万", "12 thousand"),
        ("zh", "30万册", "30 million copies"),
        ("zh", "30万册", "400,000 copies"),
        ("hi", "5 लाख", "700,000"),
        ("hi", "3 करोड़ 20 लाख", "35 million"),
        ("ar", "300 ألف", "30,000"),
        ("fr", "648 milliards", "648 million"),
        ("sw", "milioni 12", "13 million"),
        ("sw", "dola milioni 45", "$45 billion"),
        ("de", "12 Mio.", "13 million"),
        ("vi", "10 triệu", "19 million"),
        ("tl", "1.3 milyon", "3.1 million"),
        ("ko", "3만 5천", "36,000"),
    ],
    "calendars": [
        ("fa", "سال ۱۳۲۴", "in 1944"),
        ("th", "ปี 2488", "in 1946"),
        ("zh", "民國109年", "in 2019"),
        ("fr", "en 2488", "in 1945"),
        ("ar", "سنة 1441", "in 1985"),
    ],
    "dates": [
        ("sw", "06.05.2020", "6 May 2019"),
        ("sw", "16.05.2020", "17 May 2020"),
        ("de", "am 24.12.", "on December 25"),
        ("zh", "12月25日", "December 26"),
        ("hu", "2020.05.16.", "May 16, 2021"),
    ],
    "clocks": [
        ("de", "um 14:30 Uhr", "at 16:30"),
        ("de", "um 14:30 Uhr", "at 14:45"),
        ("so", "3:55", "3:35"),
        ("fr", "à 15:00", "at 11 pm"),
    ],
}


PARTS = """
    0 00 7 12 99 ٣ ৪ 万 million m k lakh 1900 2020 年 月 pm saa XIV half and to ½ ² elfu 十 ten 123
"""


def table(kinds):
    return [
        pytest.param(*row, id=f"{kind} {row[0]} {i}")
        for kind, rows in kinds.items()
        for i, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("language", "source", "target"), table(SAME))
def test_what_a_convention_explains_is_left_alone(language, source, target):
    assert not contradict(source, target, language, "en"), unexplained(
        source, target, language, "en"
    )


@pytest.mark.parametrize(("language", "source", "target"), table(OTHER))
def test_a_number_that_contradicts_another_is_found(language, source, target):
    assert contradict(source, target, language, "en")


@pytest.mark.parametrize(
    ("language", "source", "target"),
    table({**SAME, **{f"other {kind}": rows for kind, rows in OTHER.items()}}),
)
def test_the_sides_may_change_places(language, source, target):
    assert contradict(source, target, language, "en") == contradict(target, source, "en", language)


@pytest.mark.parametrize(("source", "target"), [("2020", "the year"), ("en 2019 et 19", "2019")])
def test_a_number_of_one_side_alone_is_no_contradiction(source, target):
    assert not contradict(source, target, "fr", "en")
    assert any(unexplained(source, "the year", "fr", "en"))


def test_numbers_that_are_not_explained_are_told_as_they_are_written():
    sides = unexplained("25 de 1 279 000", "26 of 1.279 million", "fr", "en")
    assert [[number.text for number in side] for side in sides] == [["25"], ["26"]]


def test_a_number_in_a_name_may_lack_but_is_told():
    text = "In 2020 it was called COVID-19."
    sides = unexplained("Mnamo 2021 uliitwa hivyo.", text, "sw", "en")
    assert [number.spare for number in sides[1]] == [False, True]
    assert not contradict("Ugonjwa 25", "COVID-19", "sw", "en")


def test_the_rule_numbers_goes_by_the_language_of_the_pair():
    pair = Pair("1", "2488", "the year 1945")
    assert Cleaner("th", "en").broken_rule(pair, 0.5) is None
    assert Cleaner("vi", "en").broken_rule(pair, 0.5) == "numbers"


def test_a_text_never_contradicts_itself_whatever_stands_in_it():
    chance = random.Random(1)
    parts = [*PARTS.split(), *".,:/-–' "]
    for _ in range(2000):
        text, other = (
            "".join(chance.choice(parts) for _ in range(chance.randint(1, 14))) for _ in range(2)
        )
        for language in ("sw", "zh", "fa"):
            assert not contradict(text, text, language, language), text
            found = contradict(text, other, language, "en")
            assert found == contradict(other, text, "en", language)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-five", 25),
        ("five hundred thousand", 500_000),
        ("one million two hundred thousand and three", 1_200_003),
        ("two thousand three hundred", 2300),
        ("nineteen forty-five", 1945),
        ("the twenty-first", 21),
        ("two dozen", 24),
        ("three thousand million", 3 * 10**9),
        ("in March", 3),
    ],
)
def test_english_words_have_their_value(text, value):
    assert value in set(english_values(text))


@pytest.mark.parametrize(
    ("run", "value"),
    [
        ("三百二十", 320),
        ("二〇二〇", 2020),
        ("十五", 15),
        ("三万五千", 35_000),
        ("两千万", 2 * 10**7),
    ],
)
def test_chinese_characters_have_their_value(run, value):
    assert chinese_value(run) == value


def test_roman_numerals_have_their_value():
    assert list(roman_values("XIX, XXe, IV, ХХ, Mix, I am, XIL")) == [19, 20, 4, 20, 1]


@pytest.mark.parametrize("digits", ["1" * 5000, "٣" * 5000, "一" * 5000, "12" + ",345" * 2000])
def test_thousands_of_digits_are_no_number(digits):
    assert not contradict(digits, "13", "zh", "en")
    assert contradict(f"{digits} na 17", f"{digits} and 13", "zh", "en")


def test_long_sentences_of_numbers_take_little_time():
    """So that a million pairs take minutes."""
    text = " ".join(str(1000 + i) for i in range(300))
    assert len(list(numbers(text, "sw"))) == 300
    assert not contradict(text, text, "sw", "en")
