"""CLEF 2000-2003: the campaign's topics in many languages against two years of English newspapers.

The folder is the user's own, for the documents are licensed (ELRA-E0008). It holds, as they came,

    documents/  SGML files, in any folders: <DOC> with <DOCNO> or <DOCID>, as in the Los Angeles
                Times of 1994 and the Glasgow Herald of 1995; gzipped too
    topics      files of a year and a language each, see `clef_topics`, and those of the University
                of Massachusetts in Swahili and Somali
    qrels       TREC judgements, a file a year or one for all

Their names and subfolders are free, see `clef_files`. There are no public topics in Tagalog and
Marathi. Those of one's own are a file such as tl.topics.txt, in either layout of topics.

Documents are long: a study sets `windows`.
"""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from optical.corpora.clef_files import DOCUMENTS, judgement_files, topic_files, utf8_or_latin
from optical.corpora.clef_topics import NUMBER as TOPIC_NUMBER
from optical.corpora.clef_topics import plain, read_topics, topic_name
from optical.corpora.language_tags import find
from optical.corpora.lines import intact
from optical.corpora.qrels import blank_lines, read_judgements
from optical.corpora.records import Judgement, Passage, Query
from optical.corpora.rows import some
from optical.corpora.text import Place, as_text
from optical.runtime.errors import InputError
from optical.settings.clef import NEWSPAPERS, Clef, ClefDocuments

MARK = re.compile(rb"(</?DOC>)", re.IGNORECASE)
NUMBER = re.compile(r"<(DOCNO|DOCID)>\s*(.*?)\s*</\1>", re.DOTALL | re.IGNORECASE)
# What a reader of the paper would read; the rest is bookkeeping.
TEXT = re.compile(r"<(HEADLINE|TEXT|LEADPARA|GRAPHIC)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)

GZIP = b"\x1f\x8b"
PACKED = {b"\x1f\x9d": "compress", b"PK": "zip", b"BZ": "bzip2", b"\xfd7": "xz"}
"""First two bytes of what is not read."""


def passages(folder: Path, *, settings: ClefDocuments | None = None) -> Iterator[Passage]:
    """The documents of the newspapers, each with its headline and text.

    Those without either have an empty text.

    Raises:
        InputError: names the line of a document without a number or an end, of one given twice and
            of one of neither newspaper, and a folder without documents.
    """
    settings = settings or ClefDocuments()
    given: dict[str, str] = {}
    found = False
    for path in sorted(Path(folder, DOCUMENTS).rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        for line, document in documents(path):
            number = NUMBER.search(document)
            if number is None:
                raise InputError(f"{path}:{line}: a document without a number; expected <DOCNO>")
            name, place = number[2], Place(path, line)
            if name in given:
                raise InputError(
                    f"{place}: document {name} was given before, at {given[name]}; "
                    "expected each document once"
                )
            given[name] = str(place)
            if (newspaper := newspaper_of(name)) is None:
                expected = " or ".join(NEWSPAPERS.values())
                raise InputError(f"{place}: document {name}, expected a number in {expected}")
            text = " ".join(plain(match[2]) for match in TEXT.finditer(document)).strip()
            text = as_text(text, place)
            if newspaper in settings.newspapers:
                found = found or bool(text)
                yield Passage(name, name, text)
    if not found:
        wanted = " or ".join(settings.newspapers)
        raise InputError(f"{folder}/{DOCUMENTS}: no SGML document of {wanted} in it")


def documents(path: Path) -> Iterator[tuple[int, str]]:
    """(line, content) of each <DOC> of a file, which may be large: a day, a month or a year.

    A document is in UTF-8 where it can be, and otherwise in ISO-8859-1, as the campaign's are.
    """
    with open(path, "rb") as file:
        kind = file.read(2)
    if kind in PACKED:
        raise InputError(f"{path}: packed by {PACKED[kind]}; expected SGML, plain or gzipped")
    begun, parts = 0, []
    with intact(path), gzip.open(path) if kind == GZIP else open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            for part in MARK.split(line):
                opens = part.lower() == b"<doc>"
                closes = part.lower() == b"</doc>"
                if (opens and begun) or (closes and not begun):
                    what = f"<DOC> without </DOC>, from line {begun}" if opens else "only </DOC>"
                    raise InputError(f"{path}:{number}: {what}; expected both around each document")
                if opens:
                    begun, parts = number, []
                elif closes:
                    yield begun, utf8_or_latin(b"".join(parts))
                    begun = 0
                elif begun:
                    parts.append(part)
    if begun:
        raise InputError(
            f"{path}:{begun}: <DOC> without </DOC>; expected both around each document"
        )


def newspaper_of(document: str) -> str | None:
    """The newspaper of a document by its number, None for one of another language."""
    for newspaper, begin in NEWSPAPERS.items():
        if document.startswith(begin):
            return newspaper
    return None


def queries(folder: Path, language: str, *, settings: Clef | None = None) -> Iterator[Query]:
    """The title, or title and description, of each topic that has a relevant document.

    One that the language lacks, as where a year was not translated, has an empty text.

    Raises:
        InputError: names the line of a topic given twice or without what is asked for, and a folder
            without topics in the language.
    """
    settings = settings or Clef()
    found = judgements(folder, settings=settings)
    asked = dict.fromkeys(one.query for one in found if one.grade > 0)
    given: dict[str, str] = {}
    for path in files_in(folder, language):
        for topic in read_topics(path, language)[1]:
            place = f"{path}:{topic.line}"
            if topic.id in given:
                raise InputError(
                    f"{place}: topic {topic.id} was given before, at {given[topic.id]}; "
                    "expected each topic once"
                )
            given[topic.id] = place
            if topic.id not in asked:
                continue
            if settings.query == "title":
                yield Query(topic.id, as_text(topic.title, place))
            elif topic.description:
                yield Query(topic.id, as_text(f"{topic.title} {topic.description}", place))
            else:
                raise InputError(
                    f"{place}: topic {topic.id} without a description; expected one, or "
                    "clef.query: title"
                )
    if not asked.keys() & given:
        raise InputError(f"{folder}: none of the topics in {language} is judged; expected others")
    yield from (Query(name, "") for name in asked if name not in given)


def files_in(folder: Path, language: str) -> list[Path]:
    """The files of topics in a language, which another code of it may name: tl for fil."""
    found = topic_files(Path(folder))
    code = find(language, found)
    if code is None:
        others = f"topics are in {', '.join(sorted(found))}" if found else "no topics in it"
        raise InputError(f"{folder}: {others}; expected {language}.topics.txt, or the campaign's")
    return found[code]


def judgements(folder: Path, *, settings: ClefDocuments | None = None) -> Iterator[Judgement]:
    """The judgements of documents of the newspapers, of all years."""
    settings = settings or ClefDocuments()
    for judgement in merged_judgements(Path(folder)):
        if newspaper_of(judgement.passage) in settings.newspapers:
            yield judgement


def merged_judgements(folder: Path) -> Iterator[Judgement]:
    """The judgements of all files, once where two files agree.

    Raises:
        InputError: names the line of anything that is no judgement, and of one that differs from
            an earlier one.
    """
    paths = judgement_files(folder)
    if not paths:
        raise InputError(f"{folder}: no judgements; expected files such as qrels.txt or qrels_EN")
    given: dict[tuple[str, str], tuple[int, str]] = {}
    for path in paths:
        for number, (topic, document, grade) in read_judgements(path, 4):
            place = f"{path}:{number}"
            if not TOPIC_NUMBER.fullmatch(topic):
                raise InputError(f"{place}: {topic!r}, expected the number of a topic")
            pair = topic_name(topic), document
            known, where = given.setdefault(pair, (grade, place))
            if known != grade:
                raise InputError(
                    f"{place}: topic {pair[0]}, document {pair[1]} was judged otherwise at {where}"
                )
            if where == place:
                yield Judgement(*pair, grade)


def remarks(
    folder: Path, language: str | None = None, *, settings: ClefDocuments | None = None
) -> Iterator[str]:
    """What to say of how the files were read: those of the topics, or without a language others."""
    settings = settings or ClefDocuments()
    if language is None:
        judged = [judgement.passage for judgement in merged_judgements(Path(folder))]
        other = sum(newspaper_of(document) not in settings.newspapers for document in judged)
        yield (
            f"judgements of {some(path.name for path in judgement_files(Path(folder)))}: "
            f"{len(judged)}, without {other} of documents that are not searched"
        )
        for path in judgement_files(Path(folder)):
            yield from blank_lines(path)
        return
    for path in files_in(folder, language):
        encoding, topics = read_topics(path, language)
        yield f"{path}: {len(topics)} topics in {language}, {encoding}"
