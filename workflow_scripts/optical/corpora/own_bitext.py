"""Bitext of your own, or as OPUS packs it, in one of the usual layouts.

tsv     {lang}.tsv                               foreign sentence, tab, English sentence
moses   {lang}.source.txt and {lang}.target.txt  line-aligned, foreign and English
tmx     {lang}.tmx, .tmx.gz or .tmx.zip          units in both languages; others are ignored
opus    {lang}.zip                               line-aligned *.{lang} and *.en within the archive
"""

import sys
import zipfile
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

from optical.corpora.language_tags import variants
from optical.corpora.layouts import bitext_files, named, other_files
from optical.corpora.lines import aligned_lines, intact, lines_of, numbered_rows, parallel_lines
from optical.corpora.records import Pair
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
    rows: Iterator[tuple[int, str, str]]
    if layout == "tsv":
        rows = ((line, source, target) for line, (source, target) in numbered_rows(files[0], 2))
    elif layout == "moses":
        rows = parallel_lines(*files)
    elif layout == "tmx":
        rows = units(files[0], language)
    else:
        rows = zipped_lines(files[0], language)
    if others := other_files(Path(folder), language, layout):
        print(
            f"{folder}: {language} is in variants; {files[0].name} is read, "
            f"{', '.join(others)} not",
            file=sys.stderr,
        )
    for line, source, target in rows:
        yield Pair(f"{origin}-{language}-{line}", source, target)


def units(path: Path, language: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, foreign, English) of a translation memory."""
    sides = Variants(language), Variants(PIVOT)
    for segment in segments(path):
        source, target = (side.text_in(segment) for side in sides)
        if source is None or target is None:
            raise InputError(
                f"{path}:{segment.line}: a unit in {sorted(segment.texts)}, "
                f"expected {language} and {PIVOT}"
            )
        yield segment.line, source, target
    for remark in filter(None, (side.remark() for side in sides)):
        print(f"{path}: {remark}", file=sys.stderr)


def zipped_lines(path: Path, language: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, foreign, English) of two aligned files in an archive, which is not unpacked."""
    with intact(path), zipfile.ZipFile(path) as archive:
        names = [member(archive, path, end) for end in (language, PIVOT)]
        with archive.open(names[0]) as source, archive.open(names[1]) as target:
            sides = [
                lines_of(TextIOWrapper(file, "utf-8-sig", newline="\n"), f"{path}/{name}")
                for file, name in zip((source, target), names, strict=True)
            ]
            yield from aligned_lines(sides[0], sides[1], *(f"{path}/{name}" for name in names))


def member(archive: zipfile.ZipFile, path: Path, language: str) -> str:
    """The one member of an archive whose name ends in a language's code.

    OPUS writes some as zh_cn or pt_br: without the code itself the nearest one of the language
    counts, and is told.
    """
    ends: dict[str, list[str]] = {}
    for name in archive.namelist():
        ends.setdefault(name.rpartition(".")[2], []).append(name)
    codes = variants(language, ends)
    names = ends[codes[0]] if codes else []
    if len(names) != 1:
        raise InputError(f"{path}: {len(names)} files *.{language} in it, expected one")
    if others := codes[1:]:
        print(
            f"{path}: {language} is in variants; {codes[0]} is read, {', '.join(others)} not",
            file=sys.stderr,
        )
    return names[0]
