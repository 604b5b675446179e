"""The files in a folder of CLEF by what they hold, whatever the campaign called them.

Names and languages differ from year to year. Topics of 2000 are TOP-E.txt with <E-title>, those of
2002 Top-en02.txt with <EN-title>, or Top-fi50-02.txt. Judgements are biling_qrels, then
qrels_bilingual, then qrels_EN. A file may lie in any subfolder, except `documents`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from optical.runtime.errors import InputError

DOCUMENTS = "documents"

HEAD = 16_384
"""Bytes of a file that tell what it is: some topics."""

TOPICS = re.compile(rb"<top\b|^query_id:", re.IGNORECASE | re.MULTILINE)
TITLE = re.compile(r"<([a-z]{1,3})-title>", re.IGNORECASE)
NAMED = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z]+)?)\.topics(?:\.\w+)*")
"""A name that says the language, for files of one's own: tl.topics.txt."""

CAMPAIGN = re.compile(r"top-([a-z]{1,3})(?![a-z])", re.IGNORECASE)

# What the campaign calls languages. In 2000, D is Dutch and G German, and SW is Swedish; others
# use D for German, and SW is the code of Swahili. The text decides between those.
CODES: dict[str, tuple[str, ...]] = {
    **{"D": ("de", "nl"), "E": ("en",), "F": ("fr",), "G": ("de",), "I": ("it",), "N": ("nl",)},
    **{"S": ("es", "sv"), "SP": ("es",), "SW": ("sv", "sw"), "DUT": ("nl",), "DEU": ("de",)},
    **{"ENG": ("en",), "FIN": ("fi",), "FRA": ("fr",), "FRE": ("fr",), "GER": ("de",)},
    **{"ITA": ("it",), "MAR": ("mr",), "NLD": ("nl",), "POR": ("pt",), "RUS": ("ru",)},
    **{"SOM": ("so",), "SPA": ("es",), "SWA": ("sw",), "SWE": ("sv",), "TGL": ("tl",)},
}
NAMES = {
    **{"dutch": "nl", "english": "en", "finnish": "fi", "french": "fr", "german": "de"},
    **{"italian": "it", "marathi": "mr", "portuguese": "pt", "russian": "ru", "somali": "so"},
    **{"spanish": "es", "swahili": "sw", "swedish": "sv", "tagalog": "tl"},
}


def topic_files(folder: Path) -> dict[str, list[Path]]:
    """The files of topics by language, in the order of their names.

    Raises:
        InputError: names a file of topics whose language nothing tells.
    """
    found: dict[str, list[Path]] = {}
    for path in files(folder):
        with open(path, "rb") as file:
            # So that topics in UTF-16 are seen too: the reader then says what is wrong with them.
            head = file.read(HEAD).replace(b"\0", b"")
        named = NAMED.fullmatch(path.name)
        if named or TOPICS.search(head):
            language = named[1] if named else language_of(path, head)
            found.setdefault(language, []).append(path)
    return found


def judgement_files(folder: Path) -> list[Path]:
    """The files of judgements, of all years: those with qrels in their name."""
    return [path for path in files(folder) if "qrels" in path.name.lower()]


def files(folder: Path) -> Iterator[Path]:
    """All files but the documents and the hidden ones, by name."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder, followlinks=True):
        top = Path(place) == folder
        folders[:] = [
            name for name in folders if not is_hidden(name) and not (top and name == DOCUMENTS)
        ]
        found += [Path(place, name) for name in names if not is_hidden(name)]
    yield from sorted(found)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is an operating system's own."""
    return name.startswith((".", "__MACOSX"))


def language_of(path: Path, head: bytes) -> str:
    """The language of a file of topics: by its elements, or by its name.

    head: its beginning.
    """
    text = head.decode("iso-8859-1")
    title, campaign = TITLE.search(text), CAMPAIGN.match(path.name)
    if title or campaign:
        code = (title or campaign)[1].upper()
        choices = CODES.get(code, (code.lower(),))
        if len(choices) == 1:
            return choices[0]
        from optical.corpora.languages import identify

        words = re.sub("<[^>]*>", " ", utf8_or_latin(head))
        probable = {name: p for name, p in identify(words).items() if name in choices}
        if probable:
            return max(probable, key=probable.get)
        expected = " or ".join(f"{choice}.topics.txt" for choice in choices)
        raise InputError(f"{path}: topics in {code}, which may be either; expected {expected}")
    for word in re.findall("[a-z]+", path.name.lower()):
        if word in NAMES:
            return NAMES[word]
    raise InputError(
        f"{path}: topics in an unknown language; expected a name such as tl.topics.txt, or the "
        "language's English name in it"
    )


def utf8_or_latin(data: bytes) -> str:
    """Bytes as UTF-8 where they are that, otherwise as ISO-8859-1."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")
