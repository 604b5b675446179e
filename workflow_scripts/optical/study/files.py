"""The files that a study needs, and where they lie."""

from collections.abc import Mapping
from pathlib import Path

from optical.corpora import clef_files, layouts, registry
from optical.settings.methods import TRANSLATED
from optical.study import paths
from optical.study.study import Study, dataset_of


def with_own(study: Study) -> dict:
    """The datasets, and the study's own sets as if they were among them.

    Of clef the files are those in the user's folder, where the study tests on it.
    """
    datasets = {**study.datasets, **{name: own_dataset(study, name) for name in study["own"]}}
    if "clef" in study["collections"]:
        datasets["clef"] = with_found(datasets["clef"], study["local"])
    return datasets


def with_found(dataset: Mapping, local: str | Path | None) -> dict:
    """The dataset clef with the files of topics and judgements that lie in the user's folder.

    A language whose topics are public but not there has its file under a name that they may have.
    """
    folder = Path(local, dataset["folder"]) if local else None
    topics = clef_files.topic_files(folder) if folder else {}
    judgements = clef_files.judgement_files(folder) if folder else []
    files: dict[str, dict] = {clef_files.DOCUMENTS: {}}
    files |= {str(path.relative_to(folder)): {} for path in judgements} or {"qrels.txt": {}}
    public = [group["languages"] for group in dataset["topics"] if group.get("public", True)]
    for language in sorted({*topics, *(language for group in public for language in group)}):
        names = [str(path.relative_to(folder)) for path in topics.get(language, [])]
        for name in names or [f"{language}.topics.txt"]:
            files[name] = {"language": language}
    return {**dataset, "files": files}


def own_dataset(study: Study, name: str) -> dict:
    """A set of the user's own in the form of resources/datasets.yaml."""
    about = study["own"][name]
    layout, collection = about["layout"], about["layout"] in layouts.COLLECTION
    # Bitext is of the pivot anyway; a collection is always asked in the pivot too.
    spoken = [language for language in about["languages"] if language != study.pivot]
    folder = Path(study["local"], about["folder"]) if study["local"] and about["folder"] else None
    if collection:
        whole, _ = layouts.COLLECTION[layout]
        files: dict[str, dict] = {file: {} for file in whole}
        both = (study.pivot, *spoken)
        names = {lang: [layouts.query_file(folder, lang, layout)] for lang in both}
    else:
        files = {}
        names = {lang: layouts.bitext_files(folder, lang, layout) for lang in spoken}
    for language, own in names.items():
        files |= {file: {"language": language} for file in own}
    dataset = {
        "title": f"{name}, a set of the user's own",
        "licence": "not stated",
        "homepage": "",
        "citation": "",
        "layout": layout,
        "files": files,
    }
    if layout != "ir_datasets":
        return dataset | {"folder": about["folder"]}
    for name_of_file, file in files.items():
        file["part"] = name_of_file.split(".")[0]
        foreign = file.get("language", study["pivot"]) != study["pivot"]
        file["id"] = (
            layouts.ir_datasets_id(about["queries"], file["language"])
            if foreign
            else about["passages"]
        )
    return dataset | {"title": f"{about['passages']} of ir_datasets, queries {about['queries']}"}


def is_users(source: str, study: Study) -> bool:
    """Whether the files of a source are the user's to supply, below `local`."""
    return "folder" in study.datasets.get(source, ())


def is_exported(source: str, study: Study) -> bool:
    """Whether the files of a source are what ir_datasets downloads and reads."""
    return study.datasets.get(source, {}).get("layout") == "ir_datasets"


def named(source: str, study: Study) -> str:
    """A source or collection as programs are given it: NAME, or NAME:LAYOUT of an own set."""
    if source not in study["own"]:
        return source
    layout = study["own"][source]["layout"]
    return f"{source}:{'beir' if layout == 'ir_datasets' else layout}"


def sources(study: Study) -> list[str]:
    """Every source of the study's text, each once."""
    collections = map(dataset_of, study["collections"])
    judged = judged_sources(study).values()
    return list(dict.fromkeys([*study["bitext"]["sources"], *judged, *collections]))


def judged_sources(study: Study) -> dict[str, str]:
    """{language: source} of the judged pairs that wikiclir is trained on, without languages that
    are trained on the bitext.
    """
    if "wikiclir" not in study["methods"]:
        return {}
    having = {
        language: [
            source for source in study["judged_pairs"]["sources"] if study.code_in(source, language)
        ]
        for language in study.languages
    }
    return {language: found[0] for language, found in having.items() if found}


def origin_of_pairs(study: Study) -> str:
    """What wikiclir is trained on, by language; nothing without it."""
    if "wikiclir" not in study["methods"]:
        return ""
    judged = judged_sources(study)
    found: dict[str, list[str]] = {}
    for language in study.languages:
        origin = f"judged in {judged[language]}" if language in judged else "pairs of the bitext"
        found.setdefault(origin, []).append(language)
    return "; ".join(f"{origin}: {', '.join(langs)}" for origin, langs in found.items())


def bitext_sources(study: Study, language: str) -> list[str]:
    """The study's sources of bitext that have a language, in its order."""
    return [source for source in study["bitext"]["sources"] if study.code_in(source, language)]


def source_folder(study: Study, source: str) -> str:
    """Where the files of a source lie."""
    if source == "constructed":
        return paths.WORLD.format(study=study.name)
    if is_users(source, study):
        return str(Path(study["local"], study.datasets[source]["folder"]))
    return f"downloads/{source}"


def source_files(study: Study, source: str, *languages: str, role: str = "train") -> list[str]:
    """The files of a source that these languages need, those of the pivot among them.

    role: train or test; a data set for both has files for one of them alone.
    """
    folder = source_folder(study, source)
    if source == "constructed":
        return [f"{folder}/world.json"]
    codes = {study.code_in(source, language) for language in languages}
    return [
        f"{folder}/{name}"
        for name, file in study.datasets[source]["files"].items()
        if file.get("language", study["pivot"]) in {*codes, study["pivot"]}
        and file.get("role", role) == role
    ]


def collection_files(study: Study, collection: str, *languages: str) -> list:
    """The files that a collection's passages, and its queries in these languages, are made of."""
    source = dataset_of(collection)
    if asked := registry.asked_in(collection):
        languages = (asked,)
    if collection in registry.POOLED:
        languages = tuple(sorted(study.source_languages(source)))
    return source_files(study, source, *languages, role="test")


def read_languages(study: Study) -> list[str]:
    """The foreign languages whose bitext is read."""
    # An encoder from scratch also reads the bitext of languages that are not tested.
    scratch = any("layers" in encoder for encoder in study["encoders"].values())
    read = study["pretraining"]["text"] if scratch else ()
    return [name for name in dict.fromkeys([*study.languages, *read]) if name != study.pivot]


def scores_file(study: Study) -> str | None:
    """The cross-encoder's scores that the training set is made with, a file or a user's folder."""
    scores = study["training_set"]["scores"]
    if scores in registry.SCORES:
        return f"{source_folder(study, scores)}/{registry.SCORES[scores]}"
    return scores and str(Path(study["local"], scores))


def training_files(study: Study) -> list[str]:
    """The files of a training set that is no folder of the user's, without those of scores."""
    files = source_files(study, study["training_set"]["source"])
    # Where passages are scored, those are the hard negatives.
    unread = "/negatives." if study["training_set"]["scores"] else None
    return [file for file in files if not (unread and unread in file)]


def translated_queries(study: Study) -> dict[str, str]:
    """{language: file} of the training queries that translate_train reads as they were published.

    mMARCO's have the ids of its English ones; other training sets have no translations.
    """
    source = study["training_set"]["source"]
    if "translate_train" not in study["methods"] or source not in study.datasets:
        return {}
    files = {lang: f"{study.code_in(source, lang)}.queries.train.tsv" for lang in study.languages}
    return {
        lang: f"{source_folder(study, source)}/{file}"
        for lang, file in files.items()
        if file in study.datasets[source]["files"]
    }


def origin_of_queries(study: Study) -> str:
    """Who translated the training queries of translate_train, by language; nothing without it."""
    if "translate_train" not in study["methods"]:
        return ""
    published = translated_queries(study)
    here = [lang for lang in study.languages if lang not in published]
    of = {f"published with {study['training_set']['source']}": published, "translated here": here}
    return "; ".join(f"{origin}: {', '.join(langs)}" for origin, langs in of.items() if langs)


def is_translated(study: Study, language: str) -> bool:
    """Whether any method reads what is translated here from or into a language."""
    methods = set(TRANSLATED) & set(study["methods"])
    if methods == {"translate_train"}:
        return language not in translated_queries(study)
    return bool(methods)


def needs_translator(study: Study) -> bool:
    """Whether any method reads what is translated here."""
    return any(is_translated(study, language) for language in study.languages)


def fetches_translator(study: Study) -> bool:
    """Whether the translator is fetched from the hub: one of random weights is made here."""
    translation = study["translation"]
    return bool(translation["hub"]) and translation["weights"] == "hub" and needs_translator(study)


def learns_from_bitext(study: Study, language: str) -> bool:
    """Whether a student of a language, or a translator that one needs, learns from its bitext."""
    if study.distilled_methods:
        return True
    if "wikiclir" in study["methods"] and language not in judged_sources(study):
        return True
    return not study["translation"]["hub"] and is_translated(study, language)


def needed_files(study: Study) -> dict[str, list[str]]:
    """{source: its files} of all that has to be there before the study can run without a network.

    Constructed data is no source here: nobody has to bring it.
    """
    asked = [
        (source, source_files(study, source, language))
        for language in read_languages(study)
        for source in bitext_sources(study, language)
    ]
    for collection in study["collections"]:
        # What a collection says in a language is kept out of all bitext of that language.
        asked_in = (study.pivot, *read_languages(study))
        tested = [language for language in asked_in if study.has_queries(collection, language)]
        files = collection_files(study, collection, *sorted(tested))
        asked.append((dataset_of(collection), files))
    # A training set that is downloaded is one of the datasets too; it has one language.
    if (source := study["training_set"]["source"]) in study.datasets:
        asked.append((source, training_files(study)))
        asked.append((source, list(translated_queries(study).values())))
    if (scores := study["training_set"]["scores"]) in registry.SCORES:
        asked.append((scores, source_files(study, scores)))
    for language, source in judged_sources(study).items():
        asked.append((source, source_files(study, source, language)))
    needed: dict[str, dict[str, None]] = {}
    for source, files in asked:
        if source != "constructed":
            needed.setdefault(source, {}).update(dict.fromkeys(files))
    return {source: list(files) for source, files in needed.items()}


def downloads(study: Study) -> list[str]:
    """The files of `needed_files` that are downloaded."""
    return [
        file
        for source, files in needed_files(study).items()
        if not is_users(source, study)
        for file in files
    ]


def supplied_files(study: Study) -> list[str]:
    """The files of `needed_files` that the user supplies."""
    return [
        file
        for source, files in needed_files(study).items()
        if is_users(source, study)
        for file in files
    ]


def hub_models(study: Study) -> dict[str, str]:
    """{folder: hub id} of the encoders, teachers and translator that are fetched from the hub."""
    found = {
        paths.ENCODER.format(study=study.name, encoder=name): encoder["hub"]
        for name, encoder in study.encoders.items()
        if "hub" in encoder
    }
    if fetches_translator(study):
        found[paths.HUB_TRANSLATOR.format(study=study.name)] = study["translation"]["hub"]
    return found
