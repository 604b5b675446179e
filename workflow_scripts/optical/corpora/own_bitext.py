"""Bitext of your own, or as OPUS packs it, in one of the usual layouts.

tsv     {lang}.tsv                               foreign sentence, tab, English sentence
moses   {lang}.source.txt and {lang}.target.txt  line-aligned, foreign and English
tmx     {lang}.tmx, .tmx.gz or .tmx.zip          units in both languages; others are counted
opus    {lang}.zip                               line-aligned *.{lang} and *.en within the archive
"""

import sys
import zipfile
from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path

from optical.corpora.archives import one_member, open_archive, open_member, shown_name
from optical.corpora.headings import are_sides
from optical.corpora.language_tags import variants
from optical.corpora.layouts import bitext_files, named, other_files
from optical.corpora.lines import aligned_lines, lines_of, numbered_rows, parallel_lines
from optical.corpora.records import Pair
from optical.corpora.rows import some
from optical.corpora.text import Place, as_text
from optical.corpora.tmx import Variants, segments
from optical.runtime.errors import InputError

PIVOT = "en"


def bitext(folder: Path, language: str, *, layout: str, origin: str = "own") -> Iterator[Pair]:
    """Pairs of a language; an id is `{origin}-{language}-{line}`, in tmx that of the unit's line.

    Raises:
        InputError: for a file that is not in the layout, with its line, and for none, with the
            names that were looked for.
    """
    files = [Path(folder, name) for name in bitext_files(Path(folder), language, layout)]
    if not all(file.exists() for file in files):
        names = " or ".join(" and ".join(names) for names in named(language, layout))
        raise InputError(f"{folder}: no {names}")
    rows: Iterator[tuple]
    if layout == "tsv":
        rows = two_columns(files[0], language)
    elif layout == "moses":
        rows = parallel_lines(*files)
    elif layout == "tmx":
        rows = units(files[0], language)
    else:
        rows = zipped_lines(files[0], language)
    if others := other_files(Path(folder), language, layout):
        say_variants(folder, language, files[0].name, others)
    for line, *texts in rows:
        yield Pair(f"{origin}-{language}-{line}", *texts)


def say_variants(place: Path, language: str, taken: str, others: list[str]) -> None:
    """Say which of a language's variants is read and which are not."""
    print(
        f"{place}: {language} is in variants; {taken} is read, {', '.join(others)} not",
        file=sys.stderr,
    )


def two_columns(path: Path, language: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, foreign, English) of two columns; a blank line is two empty texts.

    Raises:
        InputError: as `numbered_rows`, and for a first line that names the languages.
    """
    for line, texts in numbered_rows(path, 2, blank=True):
        if line == 1 and are_sides(texts, language, PIVOT):
            named = "\t".join(texts)
            raise InputError(
                f"{path}:1: {named!r} names the columns; expected the first row of data"
            )
        source, target = (as_text(text, Place(path, line)) for text in texts)
        yield line, source, target


def units(path: Path, language: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield (line, foreign, English, note) of each unit of a translation memory.

    Units without both languages, and those with characters that XML does not allow, are left out.

    Raises:
        InputError: at the end of a file without a unit in both languages.
    """
    sides = Variants(language), Variants(PIVOT)
    found, others = False, set()
    for segment in segments(path):
        texts = [side.text_in(segment) for side in sides]
        if None in texts:
            others.update(segment.texts)
            note = "left_out:without_language"
        else:
            found = True
            note = "left_out:control_characters" if segment.broken else ""
        yield segment.line, texts[0] or "", texts[1] or "", note
    if not found:
        there = f"its units are in {some(others)}" if others else "it has no unit with text"
        raise InputError(f"{path}: {there}, expected some in both {language} and {PIVOT}")
    for remark in filter(None, (side.remark() for side in sides)):
        print(f"{path}: {remark}", file=sys.stderr)


def zipped_lines(path: Path, language: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, foreign, English) of two aligned files in an archive, which is not unpacked."""
    with open_archive(path) as archive:
        names = [
            one_member(archive, path, partial(is_in, code=code), f"files *.{code}")
            for code in (code_of(archive, path, side) for side in (language, PIVOT))
        ]
        with (
            open_member(archive, path, names[0]) as source,
            open_member(archive, path, names[1]) as target,
        ):
            places = [f"{path}/{shown_name(name)}" for name in names]
            sides = [
                lines_of(TextIOWrapper(file, "utf-8", newline="\n"), place)
                for file, place in zip((source, target), places, strict=True)
            ]
            yield from aligned_lines(sides[0], sides[1], places[0], places[1])


def is_in(name: str, code: str) -> bool:
    """Whether a member's name ends in a language's code, as OPUS ends its names."""
    return name.endswith(f".{code}")


def code_of(archive: zipfile.ZipFile, path: Path, language: str) -> str:
    """The code that a language has in the names of an archive's members.

    OPUS writes some as zh_cn or pt_br: without the code itself the nearest one of the language
    counts, and is told.
    """
    codes = variants(language, {name.rpartition(".")[2] for name in archive.namelist()})
    if codes[1:]:
        say_variants(path, language, codes[0], codes[1:])
    return codes[0] if codes else language
