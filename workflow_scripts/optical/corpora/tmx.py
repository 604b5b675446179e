"""Translation memories (TMX), plain, gzipped or zipped, read as they stream.

A file declares no entities and loads none: one that does is refused, since entities can make a
small file fill the memory or read another.
"""

import gzip
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedIOBase
from pathlib import Path
from typing import IO, NamedTuple
from xml.parsers import expat

from optical.corpora.language_tags import variants
from optical.corpora.lines import COMPRESSED, ZIPPED
from optical.runtime.errors import InputError

BLOCK = 1 << 16

CODES = {"bpt", "ept", "it", "ph", "ut"}
"""Elements within a segment that hold a format's own codes, and no text."""


class Segment(NamedTuple):
    """A unit of a translation memory: its line in the file, its id, its text by language code."""

    line: int
    name: str
    texts: dict[str, str]


def segments(path: Path) -> Iterator[Segment]:
    """The units of a `.tmx`, `.tmx.gz` or `.zip` file, in their order; white space is normalised.

    Raises:
        InputError: names the file, and the line where it is no TMX.
    """
    reader = Reader(path)
    try:
        with open_tmx(path) as file:
            while block := file.read(BLOCK):
                reader.parser.Parse(block)
                yield from reader.taken()
            reader.parser.Parse(b"", True)
            yield from reader.taken()
    except InputError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter of its encoding
        raise InputError(f"{path}: not a TMX file: {error}") from error
    except (*ZIPPED, *COMPRESSED) as error:
        raise InputError(f"{path}: not a whole compressed TMX file: {error}") from error


@contextmanager
def open_tmx(path: Path) -> Iterator[IO[bytes] | BufferedIOBase]:
    """The bytes of a TMX file, uncompressed as they are read."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".tmx")]
            if len(names) != 1:
                raise InputError(f"{path}: {len(names)} TMX files in it, expected one")
            with archive.open(names[0]) as file:
                yield file
    else:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            yield file


class Reader:
    """Collects the units of a TMX file while expat reads it."""

    def __init__(self, path: Path):
        self.path = path
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.EntityDeclHandler = self.refuse
        self.found: list[Segment] = []
        self.unit: Segment | None = None
        self.language = ""
        self.open: list[str] = []  # the elements within the segment, itself first
        self.parts: list[str] = []

    def taken(self) -> list[Segment]:
        """The units that were completed since the last call."""
        found, self.found = self.found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name == "tu":
            self.unit = Segment(self.parser.CurrentLineNumber, attributes.get("tuid", ""), {})
        elif name == "tuv":
            self.language = attributes.get("xml:lang", attributes.get("lang", ""))
        elif name == "seg" or self.open:
            self.open.append(name)

    def text(self, text: str) -> None:
        """Text stands in an element."""
        if self.open and not CODES.intersection(self.open):
            self.parts.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        if self.open:
            self.open.pop()
            if not self.open and self.unit:
                self.unit.texts[self.language] = " ".join("".join(self.parts).split())
                self.parts.clear()
        elif name == "tu" and self.unit:
            self.found.append(self.unit)
            self.unit = None

    def refuse(self, name: str, *_) -> None:
        """An entity is declared."""
        raise InputError(
            f"{self.path}:{self.parser.CurrentLineNumber}: declares the entity {name!r}, "
            "expected none"
        )


class Variants:
    """Takes the text in a language from units, and counts the variants of it that they have.

    Of several, such as sr-Cyrl and sr-Latn in one unit, the nearest to the language's code is
    taken (`language_tags.variants`).
    """

    def __init__(self, language: str):
        self.language = language
        self.seen: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()

    def text_in(self, segment: Segment) -> str | None:
        """The text in the language, None without one."""
        codes = variants_among(self.language, tuple(segment.texts))
        if not codes:
            return None
        self.seen.update(codes)
        self.taken[codes[0]] += 1
        return segment.texts[codes[0]]

    def remark(self) -> str:
        """Which variants there are and which were taken; empty where there is one alone."""
        if len(self.seen) < 2:
            return ""
        counts = (f"{code} ({self.taken[code]} of {self.seen[code]})" for code in sorted(self.seen))
        return f"{self.language} is in variants; taken of each: {', '.join(counts)}"


@lru_cache(maxsize=1 << 10)
def variants_among(language: str, codes: tuple[str, ...]) -> list[str]:
    """`language_tags.variants`, which is asked the same of every unit."""
    return variants(language, codes)
