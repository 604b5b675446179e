"""The files of a set of the user's own, by its layout. Needs nothing but Python."""

import re
from collections.abc import Iterator
from pathlib import Path

from optical.corpora.language_tags import variants

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
    """The names of a language's files: those that a folder has, or else those it would have.

    They may be named after another code of the language, such as zh_cn for zh: the nearest counts.
    """
    return next(found_files(folder, language, layout), next(named(language, layout)))


def other_files(folder: Path, language: str, layout: str) -> list[str]:
    """The first file of each variant of a language that `bitext_files` leaves aside."""
    return [names[0] for names in list(found_files(folder, language, layout))[1:]]


def found_files(folder: Path | None, language: str, layout: str) -> Iterator[list[str]]:
    """The names of the files that a folder has of each code of a language, the nearest first."""
    templates = [name for names in BITEXT[layout] for name in names]
    for code in dict.fromkeys([language, *codes_in(folder, templates, language)]):
        for names in named(code, layout):
            if folder and all((folder / name).exists() for name in names):
                yield names
                break


def query_file(folder: Path | None, language: str, layout: str) -> str:
    """The name of a collection's file of queries in a language, in the same way."""
    template = COLLECTION[layout][1]
    for code in [language, *codes_in(folder, [template], language)]:
        if folder and (folder / template.format(lang=code)).exists():
            return template.format(lang=code)
    return template.format(lang=language)


def codes_in(folder: Path | None, templates: list[str], language: str) -> list[str]:
    """The codes of a language that files of a folder are named after, the nearest first."""
    if not folder or not folder.is_dir():
        return []
    patterns = [re.escape(name).replace(r"\{lang\}", "([A-Za-z0-9_-]+)") for name in templates]
    names = [path.name for path in folder.iterdir()]
    found = (re.fullmatch(pattern, name) for pattern in patterns for name in names)
    return variants(language, [match[1] for match in found if match])


def named(language: str, layout: str) -> Iterator[list[str]]:
    """Each set of names that the files of a language may have."""
    for names in BITEXT[layout]:
        yield [name.format(lang=language) for name in names]
