"""The files of a set of the user's own, by its layout. Needs nothing but Python."""

from collections.abc import Iterator
from pathlib import Path

BITEXT = {
    "tsv": [["{lang}.tsv"]],
    "moses": [["{lang}.source.txt", "{lang}.target.txt"]],
    "tmx": [["{lang}.tmx"], ["{lang}.tmx.gz"], ["{lang}.tmx.zip"]],
    "opus": [["{lang}.zip"]],
}
"""The files of a language; of several sets the first that is there is read."""

COLLECTION = {
    "beir": (["corpus.jsonl", "qrels.tsv"], "queries.{lang}.jsonl"),
    "msmarco": (["collection.tsv", "qrels.tsv"], "queries.{lang}.tsv"),
    "ir_datasets": (["corpus.jsonl", "qrels.tsv"], "queries.{lang}.jsonl"),
}
"""The files of the whole, and that of each language's queries."""


IR_DATASETS_CODES = {("mmarco", "nl"): "dt"}
"""What ir_datasets calls a language in place of its code, by the set that its ids begin with."""


def ir_datasets_id(pattern: str, language: str) -> str:
    """The id there of queries in a language, which stands in the pattern as {lang}."""
    code = IR_DATASETS_CODES.get((pattern.split("/")[0], language), language)
    return pattern.replace("{lang}", code)


def bitext_files(folder: Path | None, language: str, layout: str) -> list[str]:
    """The names of a language's files: those that a folder has, or else those it would have."""
    sets = list(named(language, layout))
    for names in sets:
        if folder and all((folder / name).exists() for name in names):
            return names
    return sets[0]


def named(language: str, layout: str) -> Iterator[list[str]]:
    """Each set of names that the files of a language may have."""
    for names in BITEXT[layout]:
        yield [name.format(lang=language) for name in names]
