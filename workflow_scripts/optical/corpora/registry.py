"""Where text comes from: one module per source format, each with functions of the same names.

A bitext source has
    bitext(folder, language) -> Iterator[Pair]             never the sentences of a test alone
A training source has
    training_set(folder) -> TrainingSet
    training_set(folder, scores=, margin=)                 in the MS MARCO layout
A set of judged pairs has
    judged(folder, language) -> Judged                     foreign queries, documents in the pivot
A collection has
    passages(folder) -> Iterator[Passage]                  in the pivot language
    queries(folder, language) -> Iterator[Query]           the same ids in every language
    judgements(folder) -> Iterator[Judgement]              with their grades, 0 and less too
and may have
    remarks(folder, language or None) -> Iterator[str]     what the log should say of its files

`folder` holds the source's files under the names of resources/datasets.yaml. All of them stream;
a stream may be endless, so a bound is applied to it before anything reads on.

A new source is a module and a line in a table below. Modules are loaded when asked for, so that
an edit of one concerns only the programs that were run with its source.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from optical.corpora.judged import Judged
from optical.corpora.records import Judgement, Pair, Passage, Query, TrainingSet, nothing
from optical.runtime.errors import InputError

# A module may serve several sources; its functions then take the settings named here.
BITEXT = {
    "constructed": ("optical.corpora.constructed", {}),
    "lafand": ("optical.corpora.lafand", {}),
    "ntrex": ("optical.corpora.ntrex", {}),
    "tatoeba": ("optical.corpora.tatoeba", {}),
    "tico19": ("optical.corpora.tico19", {}),
    "ccmatrix": (
        "optical.corpora.hub_parquet",
        {"origin": "ccmatrix", "source": "non_english", "target": "english"},
    ),
    "globalvoices": ("optical.corpora.own_bitext", {"origin": "globalvoices", "layout": "opus"}),
    "opus100": (
        "optical.corpora.hub_parquet",
        {"origin": "opus100", "source": "translation.{language}", "target": "translation.en"},
    ),
    "talks": (
        "optical.corpora.hub_parquet",
        {"origin": "talks", "source": "non_english", "target": "english"},
    ),
}

TRAINING_SETS = {
    "constructed": "optical.corpora.constructed",
    "mmarco": "optical.corpora.msmarco",
    "msmarco": "optical.corpora.msmarco",
}

JUDGED = {
    "wikiclir": "optical.corpora.wikiclir",
    "clirmatrix": "optical.corpora.clirmatrix",
    "largeclir": "optical.corpora.largeclir",
}
"""Sets of foreign queries that are judged for documents in the pivot, for the method wikiclir."""

SCORES = {"monot5": "monot5.jsonl.gz", "bge": "bge.parquet"}
"""Data sets of a cross-encoder's scores, all of MS MARCO's training queries, and the file of each;
`optical.corpora.scores` reads them, and a user's own."""

COLLECTIONS = {
    "constructed": ("optical.corpora.constructed", {}),
    "ntrex": ("optical.corpora.ntrex", {}),
    "belebele": ("optical.corpora.belebele", {}),
    "clef": ("optical.corpora.clef", {}),
    "mmarco-dev": ("optical.corpora.mmarco", {}),
    "xquad": ("optical.corpora.xquad", {}),
}
for _source in ("xnli", "xnliarchive"):
    for _task in ("premise", "hypothesis", "topic", "pool"):
        for _split, _end in (("test", ""), ("dev", "-dev")):
            _settings = {"split": _split, "task": _task}
            COLLECTIONS[f"{_source}-{_task}{_end}"] = ("optical.corpora.xnli", _settings)

CLIRMATRIX = (
    *("ar", "bg", "de", "el", "es", "fi", "fr", "hi", "id", "it", "ja", "mr"),
    *("my", "nl", "pt", "ru", "sw", "th", "tl", "tr", "ur", "vi", "zh"),
)
"""Languages whose titles are read of CLIRMatrix, each a collection of its own."""

_SETS = [(f"clirmatrix-{_language}", "test1", _language) for _language in CLIRMATRIX]
for _name, _part, _language in [*_SETS, ("wikiclir", "test", "de")]:
    _settings = {"source": _name.split("-")[0], "asked": _language, "part": _part}
    COLLECTIONS[_name] = ("optical.corpora.judged_collection", _settings)

POOLED = {name for name in COLLECTIONS if "-pool" in name}
"""Collections whose passages are in all languages of their data set, not in the pivot alone. A
passage's id begins with its language and a dot."""

# Sets of the user's own have any name, and are told by their layout: NAME:LAYOUT.
OWN_BITEXT = "optical.corpora.own_bitext"
OWN_COLLECTION = "optical.corpora.own_collection"


class Collection(NamedTuple):
    """The functions of a test collection, see above."""

    passages: Callable[[Path], Iterator[Passage]]
    queries: Callable[[Path, str], Iterator[Query]]
    judgements: Callable[[Path], Iterator[Judgement]]
    remarks: Callable[..., Iterator[str]]


def no_remarks(folder: Path, language: str | None = None, **_: Any) -> Iterator[str]:
    """What most collections have to say of their files."""
    return nothing()


def bitext(source: str, folder: Path, language: str) -> Iterator[Pair]:
    """Sentence pairs of a bitext source by its name, or NAME:LAYOUT of a set of the user's own."""
    module, settings = bitext_module(source)
    return import_module(module).bitext(folder, language, **settings)


def training_set(
    source: str, folder: Path, *, scores: Path | None = None, margin: float = 0.0
) -> TrainingSet:
    """The training set of a source by its name, with a cross-encoder's scores if it is in the MS
    MARCO layout.
    """
    module = source_module("training source", source, TRAINING_SETS)
    if scores is None:
        return module.training_set(folder)
    return module.training_set(folder, scores=scores, margin=margin)


def judged(source: str, folder: Path, language: str) -> Judged:
    """The queries of a language in a set of judged pairs, by its name, that are trained on."""
    return source_module("source of judged pairs", source, JUDGED).judged(folder, language)


def collection(name: str, sections: Mapping[str, Any] | None = None) -> Collection:
    """The test collection of a name, or of NAME:LAYOUT, a set of the user's own.

    sections: what the study sets for a single collection, by the collection's name.
    """
    module_name, settings = collection_module(name)
    if sections and name in sections:
        settings = settings | {"settings": sections[name]}
    module = import_module(module_name)
    functions = (
        getattr(module, function, *([no_remarks] if function == "remarks" else []))
        for function in Collection._fields
    )
    return Collection(*(partial(function, **settings) for function in functions))


def asked_in(name: str) -> str | None:
    """The only language that a collection has queries in, where it is not that of others too."""
    return COLLECTIONS.get(name, ("", {}))[1].get("asked")


def bitext_module(source: str) -> tuple[str, dict]:
    """The module that reads a bitext source, by its name or NAME:LAYOUT, and its settings."""
    module, settings = served("bitext source", source, BITEXT, OWN_BITEXT)
    name, _, layout = source.partition(":")
    return module, settings | {"origin": name} if layout else settings


def collection_module(name: str) -> tuple[str, dict]:
    """The module that reads a collection, by its name or NAME:LAYOUT, and its settings."""
    return served("collection", name, COLLECTIONS, OWN_COLLECTION)


def served(
    kind: str, name: str, registry: Mapping[str, tuple[str, dict]], own: str
) -> tuple[str, dict]:
    """The module and the settings that serve `name`: those of `registry`, or `own` with a layout.

    Raises:
        InputError: for an unknown name, with the known ones.
    """
    _, _, layout = name.partition(":")
    if layout:
        return own, {"layout": layout}
    if name not in registry:
        raise InputError(f"unknown {kind} {name!r}; expected one of {', '.join(registry)}")
    return registry[name]


def source_module(kind: str, name: str, modules: Mapping[str, str]) -> ModuleType:
    """Load the module that serves `name`.

    Raises:
        InputError: for an unknown name, with the known ones.
    """
    if name not in modules:
        raise InputError(f"unknown {kind} {name!r}; expected one of {', '.join(modules)}")
    return import_module(modules[name])
