"""Translation memories as other tools write them: what is read, and what is left out."""

import codecs
import gzip
import io

import pytest

from optical.corpora import registry, tmx_text
from optical.corpora.cleaning import Cleaner
from optical.corpora.tmx import segments
from optical.corpora.tmx_text import xml_text
from optical.runtime.errors import InputError

HEAD = '<?xml version="1.0" encoding="{}"?>\n<tmx version="1.4"><header/><body>\n'


def unit(*texts, **codes):
    """A unit in Swahili and English, or in languages by name."""
    codes = codes or dict(zip(("sw", "en"), texts, strict=True))
    variants = (f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in codes.items())
    return f"<tu>{''.join(variants)}</tu>\n"


GOOD = unit("Korongo amesimama.", "A heron stands.")


def memory(*units, encoding="UTF-8", doctype=""):
    return (
        HEAD.format(encoding).replace("<tmx", f"{doctype}<tmx") + "".join(units) + "</body></tmx>"
    )


def read(folder, text, encoding="utf-8"):
    (folder / "sw.tmx").write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return [pair[1:] for pair in registry.bitext("mine:tmx", folder, "sw")]


def counted(folder, text):
    read(folder, text)
    cleaner = Cleaner("sw", "en")
    kept = list(cleaner.clean("mine", registry.bitext("mine:tmx", folder, "sw")))
    return [pair[1:3] for pair in kept], dict(cleaner.counts["mine"])


def text_of(folder, segment):
    return read(folder, memory(unit("x", segment)))[0][1]


# --- gaps ----------------------------------------------------------------------------------------

PAIR = ("Korongo amesimama.", "A heron stands.")


@pytest.mark.parametrize(
    "gap",
    [
        unit(fr="Un h\u00e9ron.", en="A heron."),
        unit(sw="Korongo."),
        unit(en="A heron."),
        unit(fr="Un h\u00e9ron.", de="Ein Reiher."),
        "<tu></tu>\n",
        '<tu><note>draft</note><tuv xml:lang="en"/></tu>\n',
        "<tu><tuv><seg>a</seg></tuv><tuv><seg>b</seg></tuv></tu>\n",  # in no language
    ],
)
def test_a_unit_without_the_language_is_left_out_and_counted(tmp_path, gap):
    kept, counts = counted(tmp_path, memory(GOOD, gap, unit("Mkate huokwa.", "Bread is baked.")))
    assert kept == [PAIR, ("Mkate huokwa.", "Bread is baked.")]
    assert counts == {"read": 3, "left_out:without_language": 1, "kept": 2}


def test_a_unit_in_many_languages_is_read_in_two(tmp_path):
    many = unit(fr="Un h\u00e9ron.", sw="Korongo.", de="Reiher.", en="A heron.", ja="\u9dfa")
    assert read(tmp_path, memory(many)) == [("Korongo.", "A heron.", "")]


def test_units_of_other_languages_do_not_change_how_pairs_are_judged(tmp_path):
    """Their lengths are none of a translation: the usual ratio is of those that are."""
    gaps = [unit(fr="Un h\u00e9ron.", en="A heron.")] * 2000
    words = [f"{first}{second}{first}" for first in "bdfgk" for second in "aeiou"]
    long = [unit(f"Neno {word} " * 9, f"Word {word}") for word in words]
    kept, counts = counted(tmp_path, memory(*gaps, *long))
    assert counts["left_out:without_language"] == 2000
    assert kept == counted(tmp_path, memory(*long))[0]
    assert len(kept) > 20


@pytest.mark.parametrize(
    ("units", "told"),
    [
        (
            [unit(fr="Un h\u00e9ron.", en="A heron.")],
            r"its units are in 2 \(en, fr\), expected some",
        ),
        (
            [unit(sw="Korongo."), unit(en="A heron.")],
            r"its units are in 2 \(en, sw\), expected some",
        ),
        ([], "it has no unit with text, expected some in both sw and en"),
    ],
)
def test_a_memory_without_a_pair_is_told_with_what_it_has(tmp_path, units, told):
    with pytest.raises(InputError, match=rf"sw\.tmx: {told}"):
        read(tmp_path, memory(*units))


# --- characters that XML does not allow ----------------------------------------------------------


@pytest.mark.parametrize(
    "mark",
    [
        *("&#x1f;", "&#31;", "&#0;", "&#x0000B;", "&#xFFFE;", "&#xD83D;&#xDE00;", "&#x110000;"),
        *("\x1f", "\x00", "\x0b", "\uffff", "\ufdd0"),
    ],
)
def test_a_unit_with_a_control_character_is_left_out_and_counted(tmp_path, mark):
    kept, counts = counted(tmp_path, memory(GOOD, unit(f"Mkate{mark} huokwa.", "Bread.")))
    assert kept == [PAIR]
    assert counts == {"read": 2, "left_out:control_characters": 1, "kept": 1}


@pytest.mark.parametrize(
    "unit_",
    [
        GOOD.replace("<tu>", '<tu><prop type="x">a&#x1f;b\x02</prop>'),
        GOOD.replace("<tu>", '<tu note="\x02">'),
        GOOD.replace("Korongo", "<ph>&#x1f;</ph>Korongo"),
    ],
)
def test_a_control_character_outside_the_text_does_no_harm(tmp_path, unit_):
    assert counted(tmp_path, memory(unit_)) == ([PAIR], {"read": 1, "kept": 1})


def test_references_to_allowed_characters_stay(tmp_path):
    assert text_of(tmp_path, "a&#233;b&#x6587;c&#9;d&#x1F600;") == "a\u00e9b\u6587c d\U0001f600"


@pytest.mark.parametrize("doctype", ["", '<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'])
def test_an_entity_of_another_file_leaves_its_unit_out(tmp_path, doctype):
    """A parser that loads no other file knows no such entity, and would read two words as one."""
    units = GOOD, unit("Mkate&nbsp;huokwa.", "Bread.")
    kept, counts = counted(tmp_path, memory(*units, doctype=doctype))
    assert (kept, counts["left_out:control_characters"]) == ([PAIR], 1)


def test_a_control_character_in_a_tag_is_told(tmp_path):
    with pytest.raises(InputError, match=r"sw\.tmx:3: not a TMX file: .*, at column \d+$"):
        read(tmp_path, memory("<tu\x02/>"))


# --- what stands within a text -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        ('A heron<ph x="1">&lt;br/&gt;</ph>stands', "A heron stands"),
        ("A heron<ph/>stands", "A heron stands"),
        ("in<bpt i='1'>&lt;b&gt;</bpt> the <ept i='1'>&lt;/b&gt;</ept>reeds", "in the reeds"),
        ("a<it pos='begin'>x</it>b<ut>y</ut>c", "a b c"),
        ("the <hi>reeds</hi>.", "the reeds."),
        ("un<hi>want</hi>ed", "unwanted"),
        ("a<ph>x<sub>a title</sub>y</ph>b", "a b"),
        ("a<br/>b", "a b"),
        ("a<seg>b</seg>c", "a b c"),
        ("a<!-- no -->b<?no?>c", "abc"),
        ("a<![CDATA[<b> & c]]>", "a<b> & c"),
        ("a\n   b\tc", "a b c"),
    ],
)
def test_an_inline_code_is_a_space(tmp_path, segment, text):
    assert text_of(tmp_path, segment) == text


@pytest.mark.parametrize(
    "unit_",
    [
        f"<tu>{GOOD}</tu>",
        '<tu><tuv xml:lang="sw"><seg>a<tuv xml:lang="en"><seg>b</seg></tuv></seg></tuv></tu>',
        f'<tu><tuv xml:lang="sw"><seg>{GOOD}</seg></tuv></tu>',
    ],
)
def test_a_unit_within_another_is_told_with_its_line(tmp_path, unit_):
    with pytest.raises(InputError, match=r"sw\.tmx:4: <tuv?> within another unit or its text"):
        read(tmp_path, memory(GOOD, unit_))


def test_a_text_outside_a_unit_is_no_part_of_the_next(tmp_path):
    assert read(tmp_path, memory("<seg>lost</seg>", GOOD)) == [(*PAIR, "")]


# --- encodings -----------------------------------------------------------------------------------

CHINESE, RUSSIAN = "黎明时分烤面包。", "Хлеб пекут на рассвете."
JAPANESE, KOREAN = "夜明けにパン", "새벽에 빵을"
LATIN = "Caf\u00e9 \u2013 \u00fcber \u00e7a"


@pytest.mark.parametrize(
    ("declared", "written", "text"),
    [
        *(("utf8", "utf-8", CHINESE), ("UTF_8", "utf-8", LATIN), ("utf-8", "utf-8-sig", CHINESE)),
        *(("GB18030", "gb18030", CHINESE), ("gb2312", "gb2312", CHINESE), ("GBK", "gbk", CHINESE)),
        *(("Big5", "big5", "\u9ece\u660e"), ("Shift_JIS", "shift_jis", JAPANESE)),
        *(("EUC-JP", "euc-jp", JAPANESE), ("EUC-KR", "euc-kr", KOREAN), ("cp949", "cp949", KOREAN)),
        *(("windows-1252", "cp1252", LATIN), ("ISO-8859-1", "latin-1", "Caf\u00e9")),
        *(("windows-1251", "cp1251", RUSSIAN), ("KOI8-R", "koi8-r", RUSSIAN)),
        *(("UTF-16", "utf-16", CHINESE), ("UTF-16", "utf-16-le", LATIN)),
        *(("utf-16", "utf-16-be", RUSSIAN), ("UTF-32", "utf-32", CHINESE)),
        # The mark tells, whatever the declaration says.
        *(("UTF-8", "utf-16", CHINESE), ("windows-1252", "utf-8-sig", LATIN)),
        *(("UTF-16", "utf-8-sig", CHINESE), ("us-ascii", "ascii", "plain")),
    ],
)
def test_a_memory_is_read_in_its_encoding(tmp_path, declared, written, text):
    found = memory(unit("Mkate.", text), encoding=declared)
    assert read(tmp_path, found, written) == [("Mkate.", text, "")]
    (tmp_path / "sw.tmx").unlink()
    (tmp_path / "sw.tmx.gz").write_bytes(gzip.compress(found.encode(written)))
    assert [pair.target for pair in registry.bitext("mine:tmx", tmp_path, "sw")] == [text]


@pytest.mark.parametrize(
    ("declared", "written", "text", "told"),
    [
        ("UTF-16", "utf-8", CHINESE, r"sw\.tmx: declares UTF-16, but its first line is in another"),
        (
            "ucs-4",
            "utf-8",
            LATIN,
            r"sw\.tmx: not a TMX file: declares the unknown encoding 'ucs-4'",
        ),
        ("UTF-32", "utf-8", LATIN, r"sw\.tmx: declares UTF-32, but"),
        ("UTF-8", "cp1252", LATIN, r"sw\.tmx:4: not utf-8: "),
        ("UTF-8", "gb18030", CHINESE, r"sw\.tmx:4: not utf-8: "),
        ("GB18030", "cp1252", "\u00e9\u00ff", r"sw\.tmx:4: not gb18030: "),
        ("us-ascii", "latin-1", "\u00e9", r"sw\.tmx:4: not ascii: "),
        ("windows-1252", "utf-8", RUSSIAN, r"sw\.tmx: declares cp1252, but is in UTF-8"),
        ("ISO-8859-1", "utf-8", LATIN, r"sw\.tmx: declares iso8859-1, but is in UTF-8"),
        ("GBK", "utf-8", CHINESE, r"sw\.tmx: declares gbk, but is in UTF-8"),
        ("x-none", "utf-8", LATIN, "declares the unknown encoding 'x-none'"),
        ("rot13", "utf-8", LATIN, "declares the unknown encoding 'rot13'"),
        ("hex", "utf-8", LATIN, "declares the unknown encoding 'hex'"),
        ("unicode_escape", "utf-8", LATIN, "declares the unknown encoding 'unicode_escape'"),
        ("punycode", "utf-8", LATIN, "declares the unknown encoding 'punycode'"),
    ],
)
def test_a_wrong_declaration_is_told(tmp_path, declared, written, text, told):
    found = memory(GOOD, unit("Mkate.", text), encoding=declared).encode(written)
    with pytest.raises(InputError, match=told) as error:
        read(tmp_path, found)
    assert str(error.value).isprintable()


def test_a_cut_character_is_told(tmp_path):
    text = memory(GOOD, unit("Mkate.", CHINESE))
    with pytest.raises(InputError, match=r"sw\.tmx:4: not utf-8: "):
        read(tmp_path, text[: text.index(CHINESE) + 1].encode()[:-1])


@pytest.mark.parametrize("size", range(1, 40))
def test_blocks_may_end_anywhere(tmp_path, monkeypatch, size):
    text = memory(unit(f"a&#x1f;b {CHINESE} &amp; &#x6587;&#233;", "c & d".replace("&", "&#38;")))
    whole = "".join(xml_text(io.BytesIO(text.encode()), tmp_path))
    assert whole.count(tmx_text.MARK) == 1
    monkeypatch.setattr(tmx_text, "BLOCK", size)
    data = codecs.BOM_UTF8 + text.encode()
    # The first block tells the encoding: it has the whole mark.
    if size >= 3:
        assert "".join(xml_text(io.BytesIO(data), tmp_path)) == whole
    assert "".join(xml_text(io.BytesIO(text.encode()), tmp_path)) == whole


def test_a_segment_says_whether_it_is_broken(tmp_path):
    read(tmp_path, memory(GOOD, unit("a\x02", "b")))
    assert [one.broken for one in segments(tmp_path / "sw.tmx")] == [False, True]


# --- ampersands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Fish & chips.", "A&nbsp;heron.", "AT&T; &copy 2020", "a &#12 b", "&", "a &&amp; b"]
)
def test_an_ampersand_that_is_no_reference_costs_its_unit_alone(tmp_path, text):
    kept, counts = counted(tmp_path, memory(GOOD, unit("Samaki na viazi.", text)))
    assert kept == [PAIR]
    assert counts == {"read": 2, "left_out:control_characters": 1, "kept": 1}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Fish &amp; chips &lt;3 &#38; &#x26; &quot;&apos;&gt;", "Fish & chips <3 & & \"'>"),
        ("<![CDATA[Fish & chips &nbsp; &amp;]]>", "Fish & chips &nbsp; &amp;"),
        ("Fish <ph>& &nbsp;</ph> chips<!-- & &nbsp; -->.", "Fish chips."),
    ],
)
def test_other_ampersands_are_read_as_they_are(tmp_path, written, text):
    assert read(tmp_path, memory(unit("Samaki.", written))) == [("Samaki.", text, "")]


@pytest.mark.parametrize("shift", range(14))
def test_a_reference_is_whole_over_two_blocks(tmp_path, monkeypatch, shift):
    monkeypatch.setattr(tmx_text, "BLOCK", 64 + shift)
    many = [unit(f"Samaki {n}.", f"Fish &amp; &#x1F41F; chips {n}.") for n in range(20)]
    found = read(tmp_path, memory(*many, unit("Bure.", "Gone & lost.")))
    assert found[:-1] == [(f"Samaki {n}.", f"Fish & \U0001f41f chips {n}.", "") for n in range(20)]
    assert found[-1][2] == "left_out:control_characters"
