"""LAFAND-MT: news sentences of African languages, in three line-aligned splits."""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora.lines import parallel_lines
from optical.corpora.records import Pair

SPLITS = ("train", "dev", "test")


def bitext(folder: Path, language: str) -> Iterator[Pair]:
    """Pairs of `{language}.{split}.source.txt` and `.target.txt` (English), all splits.

    Retrieval is never tested on LAFAND, so its test split is bitext like the others.
    """
    for split in SPLITS:
        source = Path(folder) / f"{language}.{split}.source.txt"
        target = Path(folder) / f"{language}.{split}.target.txt"
        for number, sentence, translation in parallel_lines(source, target):
            yield Pair(f"lafand-{language}-{split}-{number}", sentence, translation)
