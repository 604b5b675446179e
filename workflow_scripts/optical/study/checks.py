"""The settings of a study checked against each other, and against the data that there is."""

import re
from collections.abc import Mapping
from pathlib import Path

from optical.corpora import layouts, registry
from optical.corpora.constructed_languages import PIVOT
from optical.corpora.language_tags import base, canonical, find
from optical.models.layouts import check_dimension, check_model, longest_of
from optical.runtime.errors import InputError
from optical.settings.encoder import LONGEST
from optical.settings.languages import METRIC
from optical.settings.study import Own
from optical.study import paths
from optical.study.files import is_users, learns_from_bitext, sources
from optical.study.study import Study, dataset_of
from optical.study.training_checks import (
    check_batches,
    check_distillations,
    check_kept,
    check_scores,
    check_teacher,
    check_translation,
    check_tuning,
    check_variants,
)


def check_sources(study: Study) -> None:
    """Every source is one that the workflow can read, or the user's own in a layout for its use."""
    for name in study["own"]:
        if name in study.datasets or name == "constructed":
            raise InputError(f"own.{name}: is the name of a known source; expected another")
        check_own(name, study["own"][name])
    for key, names, known, fitting in (
        ("bitext.sources", study["bitext"]["sources"], registry.BITEXT, layouts.BITEXT),
        ("collections", study["collections"], registry.COLLECTIONS, layouts.COLLECTION),
        ("judged_pairs.sources", study["judged_pairs"]["sources"], registry.JUDGED, ()),
    ):
        own = [name for name, about in study["own"].items() if about["layout"] in fitting]
        for number, name in enumerate(names):
            if name in known or name in own:
                continue
            if name in study["own"] and fitting:
                raise InputError(
                    f"{key}.{number}: own.{name}.layout is {study['own'][name]['layout']}; "
                    f"expected one of {', '.join(fitting)}"
                )
            raise InputError(
                f"{key}.{number}: {name!r} is unknown; expected one of {', '.join([*known, *own])}"
            )


def check_asked(study: Study) -> None:
    """A collection with queries in one language alone is of use only to a study of that language.

    Asked of the whole study: in miniature some languages are left out.
    """
    for number, name in enumerate(study["collections"]):
        asked = registry.asked_in(name)
        if asked and not any(study.has_queries(name, language) for language in study.languages):
            raise InputError(
                f"collections.{number}: {name} has queries in {asked!r} alone, which is none of "
                "the languages; expected it among them, or another collection"
            )


def check_depth(study: Study) -> None:
    """No metric looks deeper than a run goes, where recall_1000 would be recall_100.

    Asked of the whole study: a miniature has short runs.
    """
    depth = study["search"]["depth"]
    for number, name in enumerate(study["metrics"]):
        kind, _, deepest = name.rpartition("_")
        if deepest.isdecimal() and int(deepest) > depth:
            raise InputError(
                f"metrics.{number}: {name}, but search.depth is {depth}; "
                f"expected a run as deep, or {kind}_{depth}"
            )


def check_names(study: Study) -> None:
    """There is something to make students of, and no name stands for two things."""
    if not study.encoders:
        raise InputError("encoders: none, and no teachers; expected one of either")
    for name in study["teachers"]:
        if name in study["encoders"]:
            raise InputError(f"teachers.{name}: is the name of an encoder too; expected another")


def check_own(name: str, about: Mapping) -> None:
    """A set of the user's own has a folder, or the ids by which ir_datasets knows it.

    Only a collection has settings of its judgements.
    """
    for key in ("relevance_level", "leave_out_query"):
        if about["layout"] not in layouts.COLLECTION and about[key] != getattr(Own, key):
            raise InputError(
                f"own.{name}.{key}: {about[key]}, but layout {about['layout']} is of bitext; "
                f"expected it of a collection, {', '.join(layouts.COLLECTION)}"
            )
    ids = ("passages", "queries")
    exported = about["layout"] == "ir_datasets"
    needed, foreign = (ids, ("folder",)) if exported else (("folder",), ids)
    for key in needed:
        if about[key] is None:
            raise InputError(f"own.{name}.{key}: null, but the layout is {about['layout']}")
    for key in foreign:
        if about[key] is not None:
            raise InputError(f"own.{name}.{key}: layout {about['layout']} has none")
    if exported and "{lang}" not in about["queries"]:
        raise InputError(
            f"own.{name}.queries: {about['queries']!r} has no {{lang}}, where a language stands"
        )


def check_students(study: Study) -> None:
    """Students are made of encoders and have methods that the study lists."""
    for name, student in study["students"].items():
        if name == "none":
            raise InputError(f"students.{name}: this name stands for no student; expected another")
        unknown = set(student["methods"] or ()) - set(study.methods)
        if unknown:
            raise InputError(
                f"students.{name}.methods: {min(unknown)!r} is not a method of the study; "
                f"expected some of {', '.join(study.methods)}"
            )
        for role in ("encoder", "teacher"):
            if student[role] not in study.encoders:
                raise InputError(
                    f"students.{name}.{role}: {student[role]!r} is not an encoder of the study; "
                    f"expected one of {', '.join(study.encoders)}"
                )


def place_of(study: Study, encoder: str) -> Path:
    """The folder of an encoder that can be looked at, if it is here.

    One of the hub is looked at when it has come; a copy outlives the folder that it is of.
    """
    fetched = Path(paths.ENCODER.format(study=study.name, encoder=encoder))
    own = Path(study.encoders[encoder].get("folder", fetched))
    return fetched if fetched.is_dir() and not own.is_dir() else own


def check_finished(study: Study) -> None:
    """Finished teachers that are here can be loaded, and fit the others of the study."""
    for name, about in study["teachers"].items():
        place = place_of(study, name)
        if "folder" in about or place.is_dir():
            check_dimension(place, f"teachers.{name}: {place}", study["model"]["dimension"])


def check_encoders(study: Study) -> None:
    """Encoders of folders are there; those from scratch have a possible shape, and text."""
    for name, encoder in study["encoders"].items():
        # A copy outlives the folder that it is of.
        if "folder" in encoder and place_of(study, name) == Path(encoder["folder"]):
            place = f"encoders.{name}.folder: {encoder['folder']}"
            check_model(Path(encoder["folder"]), place, dimension=None)
        if "layers" not in encoder:
            continue
        if encoder["width"] % encoder["heads"]:
            raise InputError(
                f"encoders.{name}.heads: {encoder['heads']} does not divide "
                f"the width {encoder['width']}"
            )
        if not study["pretraining"]["text"]:
            raise InputError(
                f"pretraining.text: no language, but encoder {name!r} is built from scratch"
            )
    known = study.bitext_languages | {study["pivot"]}
    for language in study["pretraining"]["text"]:
        if language != study["pivot"] and not study.has_bitext(language):
            raise InputError(
                f"pretraining.text: {language!r} is in none of the bitext sources; "
                f"expected one of {', '.join(sorted(known))}"
            )


def check_lengths(study: Study) -> None:
    """No encoder is to read more tokens than it has positions for; one of the hub when it is here.

    What its students and theirs read of a sentence pair are the lengths of the distillations.
    """
    for name, encoder in study["encoders"].items():
        scratch = "layers" in encoder
        place = place_of(study, name)
        most = LONGEST if scratch else longest_of(place, f"encoders.{name}: {place}")
        lengths = {
            f"model.{key}": study["model"][key] for key in ("query_length", "passage_length")
        }
        if scratch:
            lengths["pretraining.length"] = study["pretraining"]["length"]
        for method in study.distilled_methods:
            section = f"variants.{method}" if "length" in study.variant(method) else "distillation"
            students = [study["students"][student] for student in study.students_with(method)]
            if any(name in (student["encoder"], student["teacher"]) for student in students):
                lengths[f"{section}.length"] = study.distillation(method)["length"]
        for key, length in lengths.items():
            if most and length > most:
                kind = ", which is built from scratch," if scratch else ""
                raise InputError(
                    f"{key}: {length}, but encoder {name!r}{kind} reads {most} tokens at most"
                )


def check_data(study: Study) -> None:
    """Constructed data is not mixed with real data, and a local set names its folder."""
    constructed = {
        "bitext.sources": {source == "constructed" for source in study["bitext"]["sources"]},
        "training_set.source": {study["training_set"]["source"] == "constructed"},
        "collections": {name == "constructed" for name in study["collections"]},
    }
    if len(set.union(*constructed.values())) > 1:
        raise InputError(
            f"{', '.join(constructed)}: constructed data cannot be mixed with real data"
        )
    if study.is_constructed:
        if judged := study["judged_pairs"]["sources"]:
            raise InputError(
                f"judged_pairs.sources: {judged[0]!r}, but the study's data is constructed; "
                "expected none"
            )
        world = study["constructed"]
        if world["queries"] > world["passages"]:
            raise InputError(
                f"constructed.queries: {world['queries']} is more than "
                f"constructed.passages, {world['passages']}"
            )
        for key in ("bitext.pairs", "training_set.queries"):
            section, name = key.split(".")
            if study[section][name] is None:
                raise InputError(f"{key}: null, but constructed data has no end; expected a number")
    elif study["training_set"]["source"] == "local" and (
        study["training_set"]["folder"] is None or study["local"] is None
    ):
        missing = "local" if study["training_set"]["folder"] else "training_set.folder"
        raise InputError(f"{missing}: null, but training_set.source is local; expected a folder")


def check_local(study: Study) -> None:
    """Where sources are the user's to supply, there is a folder to look for them in."""
    for source in sources(study):
        if study["local"] is None and is_users(source, study):
            raise InputError(
                f"local: null, but {source} is yours to supply, as local/"
                f"{study.datasets[source]['folder']}; expected a folder"
            )


def check_bitext(study: Study) -> None:
    """No test collection is bitext."""
    collections = {dataset_of(name) for name in study["collections"]} - {"constructed"}
    if tested := collections & {*study["bitext"]["sources"]}:
        raise InputError(
            f"bitext.sources: {min(tested)!r} is among the collections, and test data is excluded "
            "from training; expected other bitext or other collections"
        )


def check_windows(study: Study) -> None:
    """No word of a long text lies between two windows."""
    words, stride = study["windows"]["words"], study["windows"]["stride"]
    if stride is not None and words is None:
        raise InputError(f"windows.stride: {stride}, but windows.words is null; expected a number")
    if stride is not None and stride > words:
        raise InputError(f"windows.stride: {stride} is more than windows.words, {words}")


def check_metric(study: Study) -> None:
    """The gap's metric is measured."""
    if study["metric"] not in study["metrics"]:
        known = re.fullmatch(METRIC, study["metric"])
        raise InputError(
            f"metric: {study['metric']!r} is not among metrics; expected one of them, "
            f"{', '.join(study['metrics'])}{', or it among them too' if known else ''}"
        )


def check_languages(study: Study) -> None:
    """Every language is in one group only, and has a test, and bitext where any is learnt from."""
    pivot = PIVOT if study.is_constructed else "en"
    if study["pivot"] != pivot:
        raise InputError(f"pivot: {study['pivot']!r} is not the passages' language, {pivot!r}")
    group_of: dict[str, str] = {}
    bitext = study.bitext_languages
    tested = set.union(*(study.collection_languages(name) for name in study["collections"]))
    for group, language in study.grouped_languages():
        key = f"languages.{group}"
        code = canonical(language)
        if code in group_of:
            raise InputError(f"{key}: {language!r} is in group {group_of[code]!r} too")
        group_of[code] = group
        if base(language) == base(study["pivot"]):
            raise InputError(f"{key}: {language!r} is the pivot, which every study tests")
        if not any(study.has_queries(name, language) for name in study["collections"]):
            raise InputError(
                f"{key}: {language!r} is in none of the collections; "
                f"expected one of {', '.join(sorted(tested - {pivot}))}{brought(study, language)}"
            )
        if learns_from_bitext(study, language) and not study.has_bitext(language):
            raise InputError(
                f"{key}: {language!r} is in none of the bitext sources; "
                f"expected one of {', '.join(sorted(bitext))}"
            )


def brought(study: Study, language: str) -> str:
    """How a user can bring queries in a language that a collection has none in."""
    for name in study["collections"]:
        for group in study.datasets.get(dataset_of(name), {}).get("topics", ()):
            if find(language, group["languages"]):
                return f"; of {name}'s topics in it, {group['origin']}"
    return ""


CHECKS = (
    check_variants,
    check_tuning,
    check_batches,
    check_distillations,
    check_kept,
    check_scores,
    check_teacher,
    check_students,
    check_finished,
    check_encoders,
    check_lengths,
    check_data,
    check_bitext,
    check_local,
    check_windows,
    check_metric,
    check_translation,
    check_languages,
)
"""What may ask for the data of a source. `load_study` begins with the others."""
