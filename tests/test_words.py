import unicodedata

import pytest
import regex

from optical.corpora.words import countable, folded, plain_tokens, search_terms, tokens


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        # Marks stay with their letters.
        ("hi", "हिन्दी में, “कि”", ["हिन्दी", "में", "कि"]),
        ("mr", "मुलांनी खेळ केला", ["मुलांनी", "खेळ", "केला"]),
        ("ta", "தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("ar", "كَتَبَ الولد", ["كَتَبَ", "الولد"]),
        ("he", "בְּרֵאשִׁית ברא", ["בְּרֵאשִׁית", "ברא"]),
        # Apostrophes and full stops between letters, commas and full stops between digits.
        ("sw", "Ng'ombe wa ng’ambo.", ["ng'ombe", "wa", "ng'ambo"]),
        ("uk", "п'ять пʼять п’ять", ["п'ять"] * 3),
        ("en", "Don't, o’clock U.S.A. the 'end'", ["don't", "o'clock", "u.s.a", "the", "end"]),
        ("en", "the dog's bone", ["the", "dog", "s", "bone"]),
        ("fr", "l’eau d'Israël", ["l", "eau", "d", "israël"]),
        ("tr", "Ankara'da", ["ankara", "da"]),
        ("ca", "col·legi", ["col·legi"]),
        ("de", "1.000,5 Euro, 3,14; und 7.", ["1.000,5", "euro", "3,14", "und", "7"]),
        ("en", "foo_bar, a.1 1.a", ["foo_bar", "a", "1", "1", "a"]),
        # Case as the language has it.
        ("tr", "IŞIK İstanbul DIŞ", ["ışık", "istanbul", "dış"]),
        ("az", "QIZIL", ["qızıl"]),
        ("en", "ISTANBUL İstanbul", ["istanbul", "istanbul"]),
        ("de", "STRASSE Straße", ["strasse", "strasse"]),
        ("el", "ΟΔΥΣΣΕΥΣ Οδυσσεύς", ["οδυσσευσ", "οδυσσεύσ"]),
        # Invisible characters part no word, but for the space without width.
        ("fa", "می\u200cخواهم", ["میخواهم"]),
        ("en", "co\u00adoperate a\u200bb", ["cooperate", "a", "b"]),
        # Forms of a letter.
        ("ar", "\ufedf\ufee0\ufeea", ["لله"]),
        ("en", "Ｌｏｎｄｏｎ １２", ["london", "12"]),  # noqa: RUF001
        ("ko", "한국어 공부", ["한국어", "공부"]),
        ("en", "", []),
    ],
)
def test_words_are_cut_as_their_language_does(language, text, expected):
    assert tokens(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("zh", "苍鹭站在。芦", ["苍鹭", "鹭站", "站在", "芦"]),
        ("zh-Hant", "COVID-19疫苗", ["covid", "19", "疫苗"]),
        ("ja", "ﾃﾚﾋﾞを見た", ["テレ", "レビ", "ビを", "を見", "見た"]),
        ("th", "น้ำใจ ๑๒ วัน", ["น้ํา", "าใ", "ใจ", "๑๒", "วัน"]),
        ("my", "မြန်မာ", ["မြန်", "န်မာ"]),
        ("km", "ភាសាខ្មែរ", ["ភាសា", "សាខ្មែ", "ខ្មែរ"]),
        ("km", "ភាសា\u200bខ្មែរ", ["ភាសា", "សាខ្មែ", "ខ្មែរ"]),
        ("lo", "ຂ້ອຍ", ["ຂ້ອ", "ອຍ"]),
        ("bo", "བོད་སྐད་ཡིན།", ["བོདསྐད", "སྐདཡིན"]),
        ("en", "the word 苍鹭站 here", ["the", "word", "苍鹭", "鹭站", "here"]),
    ],
)
def test_scripts_without_spaces_are_read_by_pairs_of_letters(language, text, expected):
    assert search_terms(text, language) == expected


def test_letters_keep_their_marks_also_where_some_stand_below():
    assert tokens("ခန္ဓာ", "my") == ["ခ", "န္ဓာ"]
    assert tokens("ខ្មែរ", "km") == ["ខ្មែ", "រ"]


@pytest.mark.parametrize("text", ["Một con diệc đứng", "Café Zürich", "ありがとうがぎ", "क़लम"])
@pytest.mark.parametrize("language", ["vi", "ja", "hi"])
def test_composed_and_decomposed_letters_are_the_same(text, language):
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    assert forms[0] != forms[1] or text == "क़लम"
    assert search_terms(forms[0], language) == search_terms(forms[1], language)
    assert plain_tokens(forms[0], language) == plain_tokens(forms[1], language)


def test_names_are_found_whichever_i_they_have():
    assert search_terms("IBM'in İzmir ofisi", "tr") == ["ibm", "in", "izmir", "ofisi"]
    assert search_terms("IBM in Izmir", "en") == ["ibm", "in", "izmir"]


def test_without_punctuation_words_end_at_every_mark():
    assert plain_tokens("Don't 1,000 e.g. l'eau", "en") == [
        "don",
        "t",
        "1",
        "000",
        "e",
        "g",
        "l",
        "eau",
    ]
    assert plain_tokens("苍鹭。 站, COVID", "zh_cn") == ["苍", "鹭", "站", "covid"]
    assert plain_tokens("苍鹭。 站", "en") == ["苍鹭", "站"]


@pytest.mark.parametrize(
    "text",
    [
        "The quick (brown) fox can't jump 32.3 feet, right? I'd say 1,000.50 U.S. dollars.",
        "Les élèves n'étudient pas aujourd'hui à l’école.",
        "हमने उनकी बात सुनी और फिर घर चले गए।",
        "Наприклад, п'ять років тому — у 2019-му.",
        "وقال إنّه سيعود غدًا، إن شاء الله.",
        "Người ta nói: “không có gì quý hơn độc lập, tự do”.",
        "תל־אביב היא עיר; צה״ל הוא צבא.",
        "ka'bah na ng'ombe 3.5 kwa 2,000 foo_bar a.b 1.a",
    ],
)
def test_words_end_where_unicode_says(text):
    """UAX 29 as the package regex has it (flag w)."""
    parts = regex.split(r"(?wV1)\b", folded(text, "sw").replace("’", "'"))  # noqa: RUF001
    assert tokens(text, "sw") == [part for part in parts if regex.search(r"\w", part)]


@pytest.mark.parametrize(
    "text",
    [
        "the cat  sat on\tthe mat",
        "苍鹭站在河边的芦苇丛中。 等待 IBM-PC小鱼游过!",
        "นกกระสายืนอยู่ในกก รอ 12 ตัว",
        "བོད་སྐད་ཡིན། ང་",
        "“苍鹭”",
        "",
    ],
)
def test_counted_words_are_the_whole_text(text):
    assert "".join(countable(text)) == " ".join(text.split())


def test_words_are_counted_where_there_are_no_spaces():
    assert countable("the cat sat.") == ["the", " cat", " sat."]
    assert countable("“苍鹭站”,在 (IBM。 …") == ["“苍鹭", "站”,", "在", " (IBM。", " …"]
    assert len(countable("苍" * 120)) == 80
    assert len(countable("กิ" * 290)) == 80
    assert len(countable("こ" * 12)) == 8
