"""The files that a study needs, and where they lie."""

from collections.abc import Mapping
from pathlib import Path

from optical.corpora import registry
from optical.study import (
    TRANSLATED,
    collection_languages,
    dataset_of,
    grouped_languages,
    source_languages,
)

# Files of a set of the user's own, by its layout: those of the whole set, those of each language.
OWN_BITEXT_FILES = {
    "tsv": ([], ["{lang}.tsv"]),
    "tmx": ([], ["{lang}.tmx"]),
    "moses": ([], ["{lang}.source.txt", "{lang}.target.txt"]),
    "opus": ([], ["{lang}.zip"]),
}
OWN_COLLECTION_FILES = {
    "beir": (["corpus.jsonl", "qrels.tsv"], ["queries.{lang}.jsonl"]),
    "msmarco": (["collection.tsv", "qrels.tsv"], ["queries.{lang}.tsv"]),
    "ir_datasets": (["corpus.jsonl", "qrels.tsv"], ["queries.{lang}.jsonl"]),
}


def with_own(study: Mapping, datasets: Mapping) -> dict:
    """The datasets, and the study's own sets as if they were among them."""
    return {**datasets, **{name: own_dataset(study, name) for name in study["own"]}}


def own_dataset(study: Mapping, name: str) -> dict:
    """A set of the user's own in the form of resources/datasets.yaml."""
    about = study["own"][name]
    collection = about["layout"] in OWN_COLLECTION_FILES
    whole, each = (OWN_COLLECTION_FILES if collection else OWN_BITEXT_FILES)[about["layout"]]
    # Bitext is of the pivot anyway; a collection is always asked in the pivot too.
    spoken = [language for language in about["languages"] if language != study["pivot"]]
    if collection:
        spoken.insert(0, study["pivot"])
    files: dict[str, dict] = {file: {} for file in whole}
    for language in spoken:
        files |= {file.format(lang=language): {"language": language} for file in each}
    dataset = {
        "title": f"{name}, a set of the user's own",
        "licence": "not stated",
        "homepage": "",
        "citation": "",
        "layout": about["layout"],
        "files": files,
    }
    if about["layout"] != "ir_datasets":
        return dataset | {"folder": about["folder"]}
    for file in files.values():
        foreign = file.get("language", study["pivot"]) != study["pivot"]
        file["id"] = (
            about["queries"].replace("{lang}", file["language"]) if foreign else about["passages"]
        )
    return dataset | {"title": f"{about['passages']} of ir_datasets, queries {about['queries']}"}


def is_users(source: str, datasets: Mapping) -> bool:
    """Whether the files of a source are the user's to supply, below `local`."""
    return "folder" in datasets.get(source, ())


def is_exported(source: str, datasets: Mapping) -> bool:
    """Whether the files of a source are what ir_datasets downloads and reads."""
    return datasets.get(source, {}).get("layout") == "ir_datasets"


def named(source: str, study: Mapping) -> str:
    """A source or collection as programs are given it: NAME, or NAME:LAYOUT of an own set."""
    if source not in study["own"]:
        return source
    layout = study["own"][source]["layout"]
    return f"{source}:{'beir' if layout == 'ir_datasets' else layout}"


def sources(study: Mapping) -> list[str]:
    """Every source of the study's text, each once."""
    collections = map(dataset_of, study["collections"])
    return list(dict.fromkeys([*study["bitext"]["sources"], *collections]))


def bitext_sources(study: Mapping, datasets: Mapping, language: str) -> list[str]:
    """The study's sources of bitext that have a language, in its order."""
    return [
        source
        for source in study["bitext"]["sources"]
        if language in source_languages(source, datasets)
    ]


def source_folder(study: Mapping, datasets: Mapping, source: str) -> str:
    """Where the files of a source lie."""
    if source == "constructed":
        return f"results/{study['study']}/data/world"
    if is_users(source, datasets):
        return str(Path(study["local"], datasets[source]["folder"]))
    return f"downloads/{source}"


def source_files(
    study: Mapping, datasets: Mapping, source: str, *languages: str, role: str = "train"
) -> list[str]:
    """The files of a source that these languages need, those of the pivot among them.

    role: train or test; a data set for both has files for one of them alone.
    """
    folder = source_folder(study, datasets, source)
    if source == "constructed":
        return [f"{folder}/world.json"]
    return [
        f"{folder}/{name}"
        for name, file in datasets[source]["files"].items()
        if file.get("language", study["pivot"]) in (*languages, study["pivot"])
        and file.get("role", role) == role
    ]


def collection_files(study: Mapping, datasets: Mapping, collection: str, *languages: str) -> list:
    """The files that a collection's passages, and its queries in these languages, are made of."""
    source = dataset_of(collection)
    if collection in registry.POOLED:
        languages = tuple(sorted(source_languages(source, datasets)))
    return source_files(study, datasets, source, *languages, role="test")


def needed_files(study: Mapping, datasets: Mapping) -> dict[str, list[str]]:
    """{source: its files} of all that has to be there before the study can run without a network.

    Constructed data is no source here: nobody has to bring it.
    """
    languages = [language for _, language in grouped_languages(study)]
    # An encoder from scratch also reads the bitext of languages that are not tested.
    scratch = any("layers" in encoder for encoder in study["encoders"].values())
    read = study["pretraining"]["text"] if scratch else ()
    asked = [
        (source, source_files(study, datasets, source, language))
        for language in dict.fromkeys([*languages, *read])
        if language != study["pivot"]
        for source in bitext_sources(study, datasets, language)
    ]
    for collection in study["collections"]:
        # What a collection says in a language is kept out of all bitext of that language.
        tested = collection_languages(collection, datasets) & {study["pivot"], *languages, *read}
        files = collection_files(study, datasets, collection, *sorted(tested))
        asked.append((dataset_of(collection), files))
    # A training set that is downloaded is one of the datasets too; it has one language.
    if (source := study["training_set"]["source"]) in datasets:
        asked.append((source, source_files(study, datasets, source)))
    needed: dict[str, dict[str, None]] = {}
    for source, files in asked:
        if source != "constructed":
            needed.setdefault(source, {}).update(dict.fromkeys(files))
    return {source: list(files) for source, files in needed.items()}


def downloads(study: Mapping, datasets: Mapping) -> list[str]:
    """The files of `needed_files` that are downloaded."""
    return [
        file
        for source, files in needed_files(study, datasets).items()
        if not is_users(source, datasets)
        for file in files
    ]


def hub_models(study: Mapping) -> dict[str, str]:
    """{folder: hub id} of the encoders and the translator that are fetched from the hub."""
    results = f"results/{study['study']}"
    found = {
        f"{results}/encoders/{name}": encoder["hub"]
        for name, encoder in study["encoders"].items()
        if "hub" in encoder
    }
    if study["translation"]["hub"] and set(TRANSLATED) & set(study["methods"]):
        found[f"{results}/translators/hub"] = study["translation"]["hub"]
    return found
