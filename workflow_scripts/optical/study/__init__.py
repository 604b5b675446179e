"""A study: what it says, once it was loaded and checked."""

from collections.abc import Iterator, Mapping

from optical.corpora.constructed_languages import LANGUAGES

GROUPS = ("high", "mid", "low")
LEXICAL = ("bm25", "bm25_translated")
"""Methods without a student."""

DISTILLED = ("sentence", "greedy", "optical")
FINETUNED = ("translate_train", "wikiclir")
TRANSLATED = ("bm25_translated", "translate_query", "translate_train")
"""Methods that need a translator."""


def is_constructed(study: Mapping) -> bool:
    """Whether the study's data is constructed."""
    return study["training_set"]["source"] == "constructed"


def grouped_languages(study: Mapping) -> Iterator[tuple[str, str]]:
    """(group, language) of every foreign language, in the study's order."""
    for group in GROUPS:
        for language in study["languages"].get(group, []):
            yield group, language


def trained_methods(study: Mapping) -> list[str]:
    """The study's methods that train a student for each language and seed, in its order."""
    untrained = {*LEXICAL, "zero_shot", "translate_query"}
    return [method for method in study["methods"] if method not in untrained]


def tested_methods(study: Mapping, language: str) -> list[str]:
    """The study's methods that have a run in a language: in the pivot there is nothing to learn."""
    if language == study["pivot"]:
        return [method for method in study["methods"] if method in ("bm25", "zero_shot")]
    return list(study["methods"])


def students_with(study: Mapping, method: str) -> list[str]:
    """The students that have a method, in the study's order."""
    return [
        name
        for name, student in study["students"].items()
        if student["methods"] is None or method in student["methods"]
    ]


def source_languages(source: str, datasets: Mapping) -> set[str]:
    """Languages that a source of bitext or a test collection has."""
    if source == "constructed":
        return set(LANGUAGES)
    files = datasets[source]["files"].values()
    # A data set with all languages in one file says which they are.
    spoken = datasets[source].get("languages", ())
    return {*spoken, *(file["language"] for file in files if "language" in file)}


def bitext_languages(study: Mapping, datasets: Mapping) -> set[str]:
    """Languages with bitext in any of the study's sources."""
    sources = (source_languages(source, datasets) for source in study["bitext"]["sources"])
    return set.union(*sources) - {study["pivot"]}


def collection_languages(collection: str, datasets: Mapping) -> set[str]:
    """Languages that a test collection has queries in, the pivot among them."""
    return source_languages(dataset_of(collection), datasets)


def known_languages(study: Mapping, datasets: Mapping) -> list[str]:
    """Every language that a file of the study may be named after, in order."""
    names = {study["pivot"], *study["pretraining"]["text"], *bitext_languages(study, datasets)}
    names.update(*(collection_languages(name, datasets) for name in study["collections"]))
    return sorted(names)


def dataset_of(collection: str) -> str:
    """The dataset whose files a collection is made of: the part before the variant."""
    return collection.split("-")[0]
