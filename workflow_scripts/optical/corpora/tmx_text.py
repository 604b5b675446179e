"""The characters of an XML file, whichever encoding it is in.

The encoding is told by a byte order mark, else by the declaration, as XML 1.0 says in appendix F.
Any of Python's is read, also those of several bytes a character, which its XML parser does not
know. Characters that XML does not allow become `MARK` or `AMPERSAND`, so that a parser reads on.
"""

import codecs
import re
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import IO

from optical.runtime.errors import InputError

BLOCK = 1 << 16

MARK = "\ufdd0"
"""Stands for what XML does not allow. No text has it: Unicode keeps it for uses such as this."""

AMPERSAND = "\ufdd1"
"""Stands for an ampersand that begins no reference of XML, as in `AT&T` or `&nbsp;`. It is not
allowed either, but in CDATA, comments and instructions."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
OTHERS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
"""Python's text encodings that are none of files."""

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
REFERENCE = re.compile(r"&#(x[0-9A-Fa-f]{1,8}|[0-9]{1,8});")
BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#x[0-9A-Fa-f]{1,8}|#[0-9]{1,8});)")
LONGEST_REFERENCE = 12

BEYOND_ASCII = re.compile(rb"[\xc2-\xf4]")
LEAST_SIGNS = 4
"""So many characters beyond ASCII that are right in UTF-8, and none that is not, are in UTF-8:
of four characters of Chinese in GB18030 that happens 4 times in 10,000."""


def xml_text(file: IO[bytes] | BufferedIOBase, path: Path) -> Iterator[str]:
    """The text of a file a block at a time.

    Raises:
        InputError: for an encoding that is not known or not that of the file, with the line.
    """
    block = file.read(BLOCK)
    encoding, begin = encoding_of(block, path)
    block = block[begin:] or file.read(BLOCK)
    decoder = codecs.getincrementaldecoder(encoding)()
    doubt = None if encoding.startswith("utf-") else Doubt(path, encoding)
    lines, held = 1, ""
    while True:
        if doubt:
            doubt.see(block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "replace")
            raise InputError(
                f"{path}:{lines + before.count(chr(10))}: not {encoding}: {error.reason}; expected "
                "the encoding that the file declares, or UTF-8 where it declares none"
            ) from error
        lines += text.count("\n")
        text = held + text
        # A reference may go on in the next block.
        cut = text.rfind("&", -LONGEST_REFERENCE) if block else -1
        held = text[cut:] if cut >= 0 and ";" not in text[cut:] else ""
        yield marked(text[: len(text) - len(held)])
        if not block:
            return
        block = file.read(BLOCK)


def encoding_of(begin: bytes, path: Path) -> tuple[str, int]:
    """The name of a file's encoding by its first bytes, and the length of its byte order mark."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if begin.startswith(mark):
            return encoding, len(mark)
    if begin.startswith((b"<\0", b"\0<")):
        return ("utf-16-le" if begin.startswith(b"<\0") else "utf-16-be"), 0
    found = DECLARED.match(begin)
    declared = found[1].decode("ascii") if found else "utf-8"
    try:
        info = codecs.lookup(declared)
    except LookupError:
        info = None
    if info is None or info.name in OTHERS or not getattr(info, "_is_text_encoding", True):
        raise InputError(f"{path}: not a TMX file: declares the unknown encoding {declared!r}")
    if info.name.startswith(("utf-16", "utf-32")):
        raise InputError(
            f"{path}: declares {declared}, but its first line is in another encoding; expected the "
            "one that it declares"
        )
    return info.name, 0


class Doubt:
    """Whether a file that declares another encoding is in UTF-8."""

    def __init__(self, path: Path, encoding: str):
        self.path, self.encoding = path, encoding
        self.decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self.signs = 0

    def see(self, block: bytes) -> None:
        """Look at the next bytes. Raises InputError once it is in UTF-8."""
        if self.decoder is None or block.isascii():
            return
        try:
            self.decoder.decode(block)
        except UnicodeDecodeError:
            self.decoder = None
            return
        self.signs += len(BEYOND_ASCII.findall(block))
        if self.signs >= LEAST_SIGNS:
            raise InputError(
                f"{self.path}: declares {self.encoding}, but is in UTF-8; expected the encoding "
                "that it declares"
            )


def marked(text: str) -> str:
    """A text with `MARK` for each character, and reference to one, that XML does not allow, and
    with `AMPERSAND`.
    """
    text = ILLEGAL.sub(MARK, text)
    if "&" not in text:
        return text
    text = BARE.sub(AMPERSAND, text)
    return REFERENCE.sub(legal_reference, text) if "&#" in text else text


def legal_reference(found: re.Match) -> str:
    """A reference to a character as it is, or the mark (XML 1.0, production 2)."""
    code = int(found[1][1:], 16) if found[1].startswith("x") else int(found[1])
    legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD
    return found[0] if legal or 0x10000 <= code <= 0x10FFFF else MARK
