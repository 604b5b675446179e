"""Translation memories (TMX), plain, gzipped or zipped, read as they stream.

A file declares no entities and loads none: one that does is refused, since entities can make a
small file fill the memory or read another.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BufferedIOBase
from pathlib import Path
from typing import IO, NamedTuple
from xml.parsers import expat

from optical.corpora.archives import one_member, open_archive, open_member
from optical.corpora.language_tags import variants
from optical.corpora.lines import intact
from optical.corpora.text import as_text
from optical.corpora.tmx_text import AMPERSAND, MARK, xml_text
from optical.runtime.errors import InputError

CODES = {"bpt", "ept", "it", "ph", "ut"}
"""Elements within a segment that hold a format's own codes, and no text."""


class Segment(NamedTuple):
    """A unit of a translation memory: its line in the file, its id, its text by language code.

    broken: whether a text has a character that XML does not allow, such as a control character, an
    ampersand alone, or an entity that only another file declares.
    """

    line: int
    name: str
    texts: dict[str, str]
    broken: bool = False


def segments(path: Path) -> Iterator[Segment]:
    """The units of a `.tmx`, `.tmx.gz` or `.zip` file, in their order; white space is normalised.

    An inline code is a space, for it often stands for a line break; `<hi>` holds text alone. Of two
    texts of one language the last counts.

    Raises:
        InputError: names the file, and the line where it is no TMX.
    """
    reader = Reader(path)
    try:
        with open_tmx(path) as file:
            for text in xml_text(file, path):
                reader.parser.Parse(text)
                yield from reader.taken()
            reader.parser.Parse("", True)
            yield from reader.taken()
    except expat.ExpatError as error:
        fault = f"{expat.ErrorString(error.code)}, at column {error.offset + 1}"
        raise InputError(f"{path}:{error.lineno}: not a TMX file: {fault}") from error


@contextmanager
def open_tmx(path: Path) -> Iterator[IO[bytes] | BufferedIOBase]:
    """The bytes of a TMX file, uncompressed as they are read."""
    if path.suffix == ".zip":
        with open_archive(path) as archive:
            name = one_member(archive, path, is_tmx, "TMX files")
            with open_member(archive, path, name) as file:
                yield file
    else:
        with (
            intact(path, "TMX file"),
            gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file,
        ):
            yield file


def is_tmx(name: str) -> bool:
    """Whether a member of an archive is a translation memory."""
    return name.lower().endswith(".tmx")


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
        self.parser.StartCdataSectionHandler = self.start_verbatim
        self.parser.EndCdataSectionHandler = self.end_verbatim
        self.found: list[Segment] = []
        self.unit: Segment | None = None
        self.language = ""
        self.open: list[str] = []  # the elements within the segment, itself first
        self.parts: list[str] = []
        self.verbatim = False  # whether the text is CDATA

    def taken(self) -> list[Segment]:
        """The units that were completed since the last call."""
        found, self.found = self.found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if name in ("tu", "tuv") and (self.open or (name == "tu" and self.unit)):
            raise InputError(
                f"{self.path}:{self.parser.CurrentLineNumber}: <{name}> within another unit or its "
                "text, expected it behind"
            )
        if name == "tu":
            self.unit = Segment(self.parser.CurrentLineNumber, attributes.get("tuid", ""), {})
        elif name == "tuv":
            self.language = attributes.get("xml:lang", attributes.get("lang", ""))
        elif self.unit and (name == "seg" or self.open):
            self.open.append(name)
            if name != "hi":
                self.parts.append(" ")

    def text(self, text: str) -> None:
        """Text stands in an element."""
        if self.open and not CODES.intersection(self.open):
            self.parts.append(text.replace(AMPERSAND, "&" if self.verbatim else MARK))

    def start_verbatim(self) -> None:
        """CDATA begin, in which an ampersand is itself."""
        self.verbatim = True

    def end_verbatim(self) -> None:
        """CDATA end."""
        self.verbatim = False

    def end(self, name: str) -> None:
        """An element ends."""
        if self.open:
            if self.open.pop() != "hi":
                self.parts.append(" ")
            if not self.open and self.unit:
                text = " ".join("".join(self.parts).split())
                self.parts.clear()
                place = f"{self.path}:{self.unit.line}"
                self.unit.texts[self.language] = as_text(text, place)
                if MARK in text:
                    self.unit = self.unit._replace(broken=True)
        elif name == "tuv":
            self.language = ""
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
