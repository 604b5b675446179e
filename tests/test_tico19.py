import re
import zipfile

import pytest

from optical.corpora import tico19
from optical.corpora.cleaning import Cleaner
from optical.corpora.numbers import unexplained
from optical.runtime.downloads import mirrored
from optical.runtime.errors import InputError

HEAD = '<?xml version="1.0" encoding="UTF-8"?><tmx version="1.4"><header/><body>'
SEGMENTS = 3071


def segment(number, translation, language="xx"):
    return (
        f'<tu tuid="doc:{number}"><prop type="note">n</prop>'
        f'<tuv xml:lang="en"><seg>English {number}</seg></tuv>'
        f'<tuv xml:lang="{language}"><seg>{translation}</seg></tuv></tu>'
    )


def write_tmx(folder, language, segments):
    with zipfile.ZipFile(folder / f"{language}.tmx.zip", "w") as archive:
        archive.writestr(f"all.en-{language}.tmx", HEAD + "".join(segments) + "</body></tmx>")


@pytest.fixture
def real(mirror, tmp_path):
    """Function from a language to the pairs of its mirrored file."""

    def pairs(language):
        from test_datasets_yaml import DATASETS

        name = f"{language}.tmx.zip"
        (tmp_path / name).symlink_to(mirrored(DATASETS["tico19"]["files"][name]["url"], mirror))
        return list(tico19.bitext(tmp_path, language))

    return pairs


def test_segments_are_pairs(tmp_path):
    write_tmx(tmp_path, "sw", [segment(1, "moja", "sw"), segment(2, "mbili &amp; tatu", "sw-KE")])
    pairs = list(tico19.bitext(tmp_path, "sw"))
    assert [pair[:3] for pair in pairs] == [
        ("tico19-sw-doc:1", "moja", "English 1"),
        ("tico19-sw-doc:2", "mbili & tatu", "English 2"),
    ]


def test_a_file_that_is_no_translation_memory_is_told(tmp_path):
    (tmp_path / "sw.tmx.zip").write_text("not a zip file")
    with pytest.raises(InputError, match=r"sw\.tmx\.zip: not a zip archive"):
        list(tico19.bitext(tmp_path, "sw"))


def test_a_segment_in_one_language_is_told(tmp_path):
    write_tmx(tmp_path, "sw", [segment(1, "one", "en")])
    with pytest.raises(InputError, match="segment doc:1"):
        list(tico19.bitext(tmp_path, "sw"))


def test_the_repair_is_not_made_on_another_version(tmp_path):
    write_tmx(tmp_path, "so", [segment(1, "kow")])
    with pytest.raises(InputError, match="1 segments, but its repair is for 3071"):
        list(tico19.bitext(tmp_path, "so"))


def test_a_shifted_segment_is_repaired(tmp_path):
    # Each translation names the segment it stands in.
    write_tmx(tmp_path, "so", [segment(i, i) for i in range(SEGMENTS)])
    pairs = list(tico19.bitext(tmp_path, "so"))
    for number, taken in ((0, 0), (1157, 1157), (1160, 1159), (1699, 1698), (1700, 1700)):
        assert pairs[number].source == str(taken)
    for number, taken in ((1858, 1858), (1860, 1859), (3070, 3069)):
        assert pairs[number].source == str(taken)
    lost = [i for i, pair in enumerate(pairs) if pair.note == "known_misaligned"]
    assert lost == [1158, 1159, 1859]


@pytest.mark.parametrize("language", ["fr", "so"])
def test_a_translation_is_given_to_one_segment_only(language):
    moved = tico19.moved_translations(language)
    taken = [moved.get(i, i) for i in range(SEGMENTS)]
    found = [i for i in taken if i is not None]
    assert len(found) == len(set(found))


def test_ranges_are_read_as_numbers():
    assert tico19.segment_numbers("3-5 9\n 11-11") == [3, 4, 5, 9, 11]


def agreement(pairs):
    """Share of the pairs with numbers on the English side that have the same on the other."""
    numbered = [pair for pair in pairs if re.search(r"\d\d", pair.target)]
    agreeing = [not any(unexplained(*pair[1:3], "und", "en")) for pair in numbered]
    return sum(agreeing) / len(agreeing)


def test_repaired_somali_agrees_on_the_numbers(real):
    pairs = real("so")
    repaired = [pair for pair in pairs if pair.note == "repaired:moved"]
    assert len(repaired) == 540 + 1211
    assert agreement(repaired) > 0.95
    shifted = [
        pair._replace(source=following.source)
        for pair, following in zip(repaired, repaired[1:], strict=False)
    ]
    assert agreement(shifted) < 0.1


def test_repaired_french_agrees_on_numbers_and_names(real):
    pairs = real("fr")
    repaired = [pair for pair in pairs if pair.note == "repaired:moved"]
    assert len(repaired) == 143
    assert sum(pair.note == "known_misaligned" for pair in pairs) == 156
    assert agreement(repaired) > 0.95
    # Names of viruses and proteins are written alike in both languages.
    names = re.compile(r"SARS-CoV-2|229E|NL63|OC43|HKU1|ACE2|ORF8|RaTG13|Guangdong|nsp\d+")
    named = [pair for pair in repaired if names.search(pair.target)]
    assert len(named) > 40
    agreeing = [
        set(names.findall(pair.target)) == set(names.findall(pair.source)) for pair in named
    ]
    assert sum(agreeing) > 0.95 * len(named)


@pytest.mark.parametrize("language", ["ar", "es", "hi", "mr", "ru", "sw", "tl", "ur", "zh"])
def test_the_other_languages_need_no_repair(real, language):
    pairs = real(language)
    assert len(pairs) == SEGMENTS
    assert not any(pair.note for pair in pairs)
    for first in range(0, SEGMENTS, 300):
        assert agreement(pairs[first : first + 300]) > 0.8


@pytest.mark.parametrize(("language", "least"), [("so", 0.93), ("fr", 0.94)])
def test_the_general_rules_find_most_of_what_the_repair_knows(
    mirror, tmp_path, language, least, monkeypatch
):
    from test_datasets_yaml import DATASETS

    name = f"{language}.tmx.zip"
    (tmp_path / name).symlink_to(mirrored(DATASETS["tico19"]["files"][name]["url"], mirror))
    wrong = set(tico19.moved_translations(language))
    monkeypatch.setattr(tico19, "moved_translations", lambda language: {})
    pairs = list(tico19.bitext(tmp_path, language))
    names = [pair.id for pair in pairs]
    kept = {names.index(pair.id) for pair in Cleaner(language, "en").clean("tico19", pairs)}
    good = set(range(SEGMENTS)) - wrong
    assert len(wrong - kept) / len(wrong) > least
    assert len(good - kept) / len(good) < 0.015
