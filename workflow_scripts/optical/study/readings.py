"""What a study reads of each of its sources, and of which files: by the source's own reader."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from optical.corpora import first_rows, registry
from optical.study import files as study_files
from optical.study.study import Study, dataset_of

TRAINING_SET = "training set"
"""The name of a training set of the user's own, which is none of the datasets."""

OWN_SCORES = "scores"
"""That of a cross-encoder's scores of the user's own."""

TRAINING_FILES = ("collection.tsv", "queries.train.tsv", "qrels.train.tsv")
"""What it has to have."""


class Reading(NamedTuple):
    """A reader that is tried on the first rows of some files, by name, whose folder it is given.

    It returns False if nothing was read.
    """

    files: list[str]
    read: Callable[[Path], object]


def needed_names(study: Study) -> dict[str, list[str]]:
    """{source: the names of its files} of all that the study needs, also of what is the user's."""
    names = {
        source: names_in(study, source, files)
        for source, files in study_files.needed_files(study).items()
    }
    if study["training_set"]["source"] == "local":
        folder = folder_of(study, TRAINING_SET)
        optional = [name for name in first_rows.TRAINING_FILES if (folder / name).exists()]
        names[TRAINING_SET] = list(dict.fromkeys([*TRAINING_FILES, *optional]))
    scores = study["training_set"]["scores"]
    if scores and scores not in registry.SCORES:
        names[OWN_SCORES] = [scores]
    return names


def names_in(study: Study, source: str, files: list[str]) -> list[str]:
    """The names of files in the folder of their source."""
    folder = folder_of(study, source)
    return [str(Path(file).relative_to(folder)) for file in files]


def folder_of(study: Study, source: str) -> Path:
    """Where the files of a source, or of a training set of the user's own, lie."""
    if source == TRAINING_SET:
        return Path(study["local"], study["training_set"]["folder"])
    if source == OWN_SCORES:
        return Path(study["local"])
    return Path(study_files.source_folder(study, source))


def is_users(study: Study, source: str) -> bool:
    """Whether the files of a source are the user's to supply."""
    return source in (TRAINING_SET, OWN_SCORES) or study_files.is_users(source, study)


def readings(study: Study, source: str, names: list[str]) -> Iterator[Reading]:
    """What a study reads of a source. names: of those of its files that the study needs."""
    if source == OWN_SCORES:
        yield Reading(names, partial(first_rows.read_scores, names[0]))
        return
    settings = study["training_set"]
    if source in (TRAINING_SET, settings["source"], settings["scores"]):
        for name in names:
            if first_rows.training_reader(name):
                yield Reading([name], partial(first_rows.read_training_file, name))
    if source in (TRAINING_SET, settings["scores"]) or study_files.is_exported(source, study):
        return
    if source in study["bitext"]["sources"]:
        name = study_files.named(source, study)
        for language in study_files.read_languages(study):
            if source in study_files.bitext_sources(study, language):
                files = study_files.source_files(study, source, language)
                code = study.code_in(source, language)
                read = partial(
                    first_rows.read_bitext, name, code=code, language=language, pivot=study.pivot
                )
                yield Reading(names_in(study, source, files), read)
    for language, judged in study_files.judged_sources(study).items():
        if judged == source:
            files = study_files.source_files(study, source, language)
            code = study.code_in(source, language)
            read = partial(first_rows.read_judged, source, language=code)
            yield Reading(names_in(study, source, files), read)
    for collection in study["collections"]:
        if dataset_of(collection) != source:
            continue
        name = study_files.named(collection, study)
        files = study_files.collection_files(study, collection)
        read = partial(first_rows.read_collection, name)
        yield Reading(names_in(study, source, files), read)
        for language in study.asked_languages(collection):
            files = study_files.collection_files(study, collection, language)
            code = study.code_in(source, language)
            read = partial(first_rows.read_queries_of, name, language=code)
            yield Reading(names_in(study, source, files), read)
