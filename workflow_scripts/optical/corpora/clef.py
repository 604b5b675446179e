"""CLEF 2000-2003: the campaign's topics in many languages against two years of English newspapers.

The folder is the user's own, for the documents are licensed (ELRA-E0008). It holds

    documents/     SGML files, in any folders: <DOC> with <DOCNO> or <DOCID>, as in the Los Angeles
                   Times of 1994 and the Glasgow Herald of 1995; .gz too
    {lang}.topics.xml  <top> with <num>, {XX}-title and {XX}-desc elements, all years in one file
    qrels.txt      TREC judgements of all years

A query is a topic's title and description. Documents are long: a study sets `windows`.
"""

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import intact, numbered_lines
from optical.corpora.records import Passage, Query
from optical.runtime.errors import InputError

DOCUMENT = re.compile(r"<DOC>(.*?)</DOC>", re.DOTALL | re.IGNORECASE)
NUMBER = re.compile(r"<(DOCNO|DOCID)>\s*(.*?)\s*</\1>", re.DOTALL | re.IGNORECASE)
# What a reader of the paper would read; the rest is bookkeeping.
TEXT = re.compile(r"<(HEADLINE|TEXT|LEADPARA|GRAPHIC)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")
TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
ENCODING = "iso-8859-1"


def passages(folder: Path) -> Iterator[Passage]:
    """The documents, each with its headline and text; those without any text are left out.

    Raises:
        InputError: names the file of a document without a number, and a folder without documents.
    """
    found = False
    for path in sorted(Path(folder, "documents").rglob("*")):
        if not path.is_file():
            continue
        for document in documents(path):
            number = NUMBER.search(document)
            if number is None:
                raise InputError(f"{path}: a document without <DOCNO> or <DOCID>")
            text = " ".join(plain(match[2]) for match in TEXT.finditer(document)).strip()
            if text:
                found = True
                yield Passage(number[2], number[2], text)
    if not found:
        raise InputError(f"{folder}/documents: no SGML document in it")


def documents(path: Path) -> Iterator[str]:
    """What stands in each <DOC> of a file, a newspaper's day or month."""
    opened = gzip.open if path.suffix == ".gz" else open
    with intact(path), opened(path, "rt", encoding=ENCODING) as file:
        yield from (match[1] for match in DOCUMENT.finditer(file.read()))


def queries(folder: Path, language: str) -> Iterator[Query]:
    """Title and description of each topic that has a relevant document.

    Raises:
        InputError: names the file of a topic without a number or a title.
    """
    asked = {query for query, _ in judgements(folder)}
    path = Path(folder) / f"{language}.topics.xml"
    with intact(path):
        text = path.read_text(encoding="utf-8-sig")
    for topic in TOPIC.findall(text):
        number = re.search(r"C?0*(\d+)", element(topic, "num") or "")
        title = element(topic, "title")
        if number is None or not title:
            raise InputError(f"{path}: a topic without a number or a title: {topic[:60]!r}")
        name = topic_name(number[1])
        if name in asked:
            yield Query(name, f"{title} {element(topic, 'desc') or ''}".strip())


def element(topic: str, name: str) -> str | None:
    """The text of an element of a topic, which may have the language before its name: EN-title.

    In the files of the first years an element ends where the next one begins.
    """
    found = re.search(rf"<(?:\w\w-)?{name}>(.*?)(?=<|\Z)", topic, re.DOTALL | re.IGNORECASE)
    return plain(found[1]) if found else None


def judgements(folder: Path) -> Iterator[tuple[str, str]]:
    """Each topic with its relevant documents."""
    path = Path(folder) / "qrels.txt"
    for number, line in numbered_lines(path):
        fields = line.split()
        if len(fields) != 4 or not fields[3].isdecimal():
            raise InputError(f"{path}:{number}: expected topic, 0, document, judgement")
        if int(fields[3]) > 0:
            yield topic_name(fields[0]), fields[2]


def topic_name(number: str) -> str:
    """A topic's id as the campaign writes it, whatever zeros it has in a file: C041."""
    return f"C{int(number.lstrip('Cc')):03}"


def plain(text: str) -> str:
    """Text without tags, with characters for entities, and single spaces."""
    return " ".join(html.unescape(TAG.sub(" ", text)).split())
