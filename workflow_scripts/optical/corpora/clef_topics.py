"""Topics of CLEF, as the campaign gives them and as the University of Massachusetts does.

    <top>                             query_id: C001
    <num> C001 </num>                 title: Madaraja juu ya mito
    <E-title> Bridges </E-title>      description: Tafuta habari kuhusu madaraja.
    <E-desc> Find ... </E-desc>
    <E-narr> ... </E-narr>            query_id: C002
    </top>                            ...

The language stands before an element's name in one to three letters, or not at all. In the files
of the first years an element ends where the next one begins. The files of ELRA-E0008 are in
ISO-8859-1; newer copies are in UTF-8.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from optical.corpora.language_tags import script
from optical.runtime.errors import InputError

UTF8, LATIN = "UTF-8", "ISO-8859-1"

TAG = re.compile(r"<[^>]*>")
TOP = re.compile(r"<(/?)top\b[^>]*>", re.IGNORECASE)
NUMBER = re.compile(r"C?(\d{1,3})", re.IGNORECASE)
# Where an element ends: at its end or the next one's beginning, not at a tag amid its text.
NEXT = r"</?(?:[a-z]{1,3}-)?(?:num|title|desc|narr)\b|\n\s*<"
# What the topics of TREC begin the text of an element with.
LABELS = {"number": "Number:", "title": "Topic:", "description": "Description:"}
KEY = re.compile(r"([a-z_]+):(.*)")
KEYS = ("query_id", "title", "description", "narrative")

# In ISO-8859-1 these bytes are control characters, which no topic has.
CONTROLS = re.compile(rb"[\x00\x80-\x9f]")
# An accented letter in UTF-8, which in ISO-8859-1 would be two signs that never meet.
ACCENTED = re.compile(rb"[\xc2\xc3][\x80-\xbf]")


class Topic(NamedTuple):
    """A topic: its id as the campaign writes it (C041), its texts, and the line it begins in.

    description: empty where the file has none.
    """

    id: str
    title: str
    description: str
    line: int


def read_topics(path: Path, language: str) -> tuple[str, list[Topic]]:
    """The encoding of a file of topics, and the topics.

    Raises:
        InputError: names the line of a topic without a number, a title or an end, and of a byte
            that is in neither encoding.
    """
    encoding, text = decoded(path, language)
    given = tagged(text, path) if TOP.search(text) else plain_blocks(text, path)
    topics = []
    for line, parts in given:
        number = NUMBER.fullmatch(parts.get("number", ""))
        if number is None:
            raise InputError(f"{path}:{line}: a topic without a number; expected one such as C041")
        if not parts.get("title"):
            name = topic_name(number[1])
            raise InputError(f"{path}:{line}: topic {name} without a title; expected one")
        description = parts.get("description", "")
        topics.append(Topic(topic_name(number[1]), parts["title"], description, line))
    return encoding, topics


def decoded(path: Path, language: str) -> tuple[str, str]:
    """The encoding of a file of topics, UTF-8 or ISO-8859-1, and its text.

    Raises:
        InputError: names the line of a byte that is in neither.
    """
    data = path.read_bytes()

    def told(position: int, what: str) -> InputError:
        line = data.count(b"\n", 0, position) + 1
        return InputError(f"{path}:{line}: {what}; expected {UTF8} or {LATIN}")

    try:
        text, encoding, odd = data.decode("utf-8-sig"), UTF8, re.search(rb"\x00", data)
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x}"
        if script(language) not in ("Latn", None):
            raise told(
                error.start, f"{byte} is not {UTF8}, and {LATIN} has no {language}"
            ) from None
        if ACCENTED.search(data):
            raise told(error.start, f"{byte} is not {UTF8}, as other lines are") from None
        text, encoding, odd = data.decode(LATIN), LATIN, CONTROLS.search(data)
    if odd:
        byte = f"byte 0x{data[odd.start()]:02x}"
        raise told(odd.start(), f"{byte} is a letter of another encoding")
    return encoding, text


def tagged(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, parts) of each <top>."""
    begun: re.Match | None = None
    for mark in TOP.finditer(text):
        if bool(mark[1]) != bool(begun):
            line = text.count("\n", 0, (begun or mark).start()) + 1
            what = "<top> without </top>" if begun else "</top> without <top>"
            raise InputError(f"{path}:{line}: {what}; expected both around each topic")
        if begun:
            topic = text[begun.end() : mark.start()]
            names = {"number": "num", "title": "title", "description": "desc"}
            parts = {
                key: element(topic, name).removeprefix(LABELS[key]).strip()
                for key, name in names.items()
            }
            yield text.count("\n", 0, begun.start()) + 1, parts
        begun = None if mark[1] else mark
    if begun:
        line = text.count("\n", 0, begun.start()) + 1
        raise InputError(f"{path}:{line}: <top> without </top>; expected both around each topic")


def element(topic: str, name: str) -> str:
    """The text of an element, which may have the language before its name; empty for none.

    An element of TREC's style has no end of its own: it ends where the next one begins.
    """
    found = re.search(
        rf"<(?:[a-z]{{1,3}}-)?{name}>(.*?)(?={NEXT}|\Z)", topic, re.DOTALL | re.IGNORECASE
    )
    return plain(found[1]) if found else ""


def plain_blocks(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, parts) of each block that begins with query_id; a text may go on in the next line."""
    begun, parts, last = 0, {}, ""
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        key = KEY.fullmatch(line)
        if key and key[1] not in KEYS:
            raise InputError(f"{path}:{number}: {key[1]!r}; expected one of {', '.join(KEYS)}")
        if key and key[1] == "query_id":
            if begun:
                yield begun, parts
            begun, parts, last = number, {"number": plain(key[2])}, ""
        elif line and not begun:
            raise InputError(f"{path}:{number}: {line[:40]!r}; expected query_id: C041 first")
        elif key:
            last = key[1]
            if last in parts:
                raise InputError(f"{path}:{number}: a second {last}; expected query_id before it")
            parts[last] = plain(key[2])
        elif line and last:
            parts[last] = f"{parts[last]} {plain(line)}".strip()
        elif line:
            raise InputError(f"{path}:{number}: {line[:40]!r}; expected title: after query_id")
    if begun:
        yield begun, parts


def topic_name(number: str) -> str:
    """A topic's id as the campaign writes it, whatever zeros it has in a file: C041."""
    return f"C{int(number.lstrip('Cc')):03}"


def plain(text: str) -> str:
    """Text without tags, with characters for entities, and single spaces."""
    return " ".join(html.unescape(TAG.sub(" ", text)).split())
