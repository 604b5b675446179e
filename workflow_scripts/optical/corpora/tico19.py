"""TICO-19: translations of 3,071 English sentences on COVID-19, one zipped TMX file a language.

Two of the files are damaged, always in the same places, and are put right by segment number
(counted from 0), found by reading both sides beside the Spanish file:

Somali. Segment 1158 swallowed its own record and the translation of 1159, so that every later
translation stands one segment early; an extra translation at 1699 and a missing one at 1859 end
and begin the shift anew.

French. In 461-734, 1085-1094 and 1106-1120 the translations were replaced by others of the same
file, in one sequence that runs on from range to range: first 143 that belong to these very
segments, then copies of translations that are in their place elsewhere. The other 156
translations are lost.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from optical.corpora.records import Pair
from optical.corpora.tmx import segments
from optical.runtime.errors import InputError

MISALIGNED = "known_misaligned"
"""Note of a segment whose translation is known to be another one's, and was not found."""

# English segments, in the order in which their translations fill the damaged French ranges.
FRENCH_FOUND = """
    1091-1092 1094 1107 1114-1115 1117 461 464 467-470 482-483 485-487 500-501 506 508 510-511 514
    515 517 519 521-526 528-533 535-536 538 540 543-547 553 556-561 563 567 570-571 573 575-582
    584-589 594-595 601 604 606 608 612 618-619 622 635 637 642-645 647 650-652 655-658 660-664
    667-668 671-672 674-679 681-682 685 689-694 697 700-703 710-716 719 723-725 728 730 732-733
"""
FRENCH_DAMAGED = [*range(1085, 1095), *range(1106, 1121), *range(461, 735)]


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """Pairs of `{language}.tmx.zip`, misplaced translations brought to their segments.

    Raises:
        InputError: for a file that is not a TMX of two languages; for one of another length than
            the repair was made for.
    """
    path = Path(folder) / f"{language}.tmx.zip"
    moved = moved_translations(language)
    # 3,071 sentences; a moved translation may stand behind its segment.
    read = list(read_tmx(path))
    if moved and len(read) != 3071:
        raise InputError(f"{path}: {len(read)} segments, but its repair is for 3071")
    for number, (name, english, translation) in enumerate(read):
        origin = moved.get(number, number)
        if origin is None:
            yield Pair(f"tico19-{language}-{name}", translation, english, MISALIGNED)
        elif origin != number:
            translation = read[origin][2]
            yield Pair(f"tico19-{language}-{name}", translation, english, "repaired:moved")
        else:
            yield Pair(f"tico19-{language}-{name}", translation, english)


def moved_translations(language: str) -> dict[int, int | None]:
    """For each damaged English segment, where its translation stands; None if nowhere."""
    if language == "so":
        shifted = [*range(1160, 1700), *range(1860, 3071)]
        return {1158: None, 1159: None, 1859: None} | {i: i - 1 for i in shifted}
    if language == "fr":
        found = dict(zip(segment_numbers(FRENCH_FOUND), FRENCH_DAMAGED, strict=False))
        return {segment: found.get(segment) for segment in FRENCH_DAMAGED}
    return {}


def segment_numbers(ranges: str) -> list[int]:
    """Numbers written as single ones and inclusive ranges: "3-5 9" is 3, 4, 5, 9."""
    numbers = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", ranges):
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def read_tmx(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (segment's id, English, the other language) of a zip file with one TMX file."""
    for segment in segments(path):
        name, texts = segment.name, segment.texts
        if segment.broken:
            raise InputError(f"{path}:{segment.line}: a control character, expected text alone")
        if len(texts) != 2 or "en" not in texts:
            raise InputError(
                f"{path}: segment {name} is in {sorted(texts)}, expected en and one other language"
            )
        (other,) = texts.keys() - {"en"}
        yield name.replace(" ", "_"), texts["en"], texts[other]
