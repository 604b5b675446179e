"""Tatoeba Challenge test sets: short everyday sentences, in two line-aligned files."""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import parallel_lines
from optical.corpora.records import Pair


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """Pairs of `{language}.source.txt` and `{language}.target.txt` (English)."""
    source = Path(folder) / f"{language}.source.txt"
    target = Path(folder) / f"{language}.target.txt"
    for number, sentence, translation in parallel_lines(source, target):
        yield Pair(f"tatoeba-{language}-{number}", sentence, translation)
