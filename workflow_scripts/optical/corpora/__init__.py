"""Where text comes from: one module per source format, each with functions of the same names.

A bitext source has
    bitext(folder, language) -> Iterator[Pair]
A training source has
    training_set(folder) -> TrainingSet
A collection has
    passages(folder) -> Iterator[Passage]                  in the pivot language
    queries(folder, language) -> Iterator[Query]           the same ids in every language
    judgements(folder) -> Iterator[(query id, passage id)] the relevant ones, all of equal worth

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
from typing import NamedTuple

BITEXT = {
    "constructed": "optical.constructed",
    "lafand": "optical.corpora.lafand",
    "tatoeba": "optical.corpora.tatoeba",
    "tico19": "optical.corpora.tico19",
}

TRAINING_SETS = {
    "constructed": "optical.constructed",
    "msmarco": "optical.corpora.msmarco",
}

# A module may serve several collections; its functions then take the settings named here.
COLLECTIONS = {
    "constructed": ("optical.constructed", {}),
    "ntrex": ("optical.corpora.ntrex", {}),
    "xnli-premise": ("optical.corpora.xnli", {"split": "test"}),
    "xnli-premise-dev": ("optical.corpora.xnli", {"split": "dev"}),
    "xquad": ("optical.corpora.xquad", {}),
}


class Pair(NamedTuple):
    """A sentence and its translation into the pivot language.

    note: empty, or what the source's own module found about the pair: `repaired:<what>` for a
    pair that it put right, any other word for one that `cleaning` must remove under that name.
    """

    id: str
    source: str
    target: str
    note: str = ""


class Passage(NamedTuple):
    """A retrievable text and the document that it is a part of."""

    passage_id: str
    document_id: str
    text: str


class Query(NamedTuple):
    """A query in one language."""

    id: str
    text: str


def nothing() -> Iterator[tuple[str, ...]]:
    """No rows."""
    return iter(())


class TrainingSet(NamedTuple):
    """Queries with relevant passages, each field a function that starts a fresh stream.

    passages: all passages that judgements and negatives name, and perhaps more.
    queries: only queries with a judgement, in an order whose beginning is a fair sample.
    judgements, negatives: (query id, passage id), grouped by query in the order of `queries`.
    scores: (query id, passage id, score) of a cross-encoder, in any order, where there are some.
    left_out: what the source holds and the streams do not, as "what": how many.
    """

    passages: Callable[[], Iterator[Passage]]
    queries: Callable[[], Iterator[Query]]
    judgements: Callable[[], Iterator[tuple[str, str]]]
    negatives: Callable[[], Iterator[tuple[str, str]]] = nothing
    scores: Callable[[], Iterator[tuple[str, str, str]]] = nothing
    left_out: Mapping[str, int] = {}


class Collection(NamedTuple):
    """The three functions of a test collection, see above."""

    passages: Callable[[Path], Iterator[Passage]]
    queries: Callable[[Path, str], Iterator[Query]]
    judgements: Callable[[Path], Iterator[tuple[str, str]]]


def bitext(source: str, folder: Path, language: str) -> Iterator[Pair]:
    """Sentence pairs of a bitext source by its name."""
    return source_module("bitext source", source, BITEXT).bitext(folder, language)


def training_set(source: str, folder: Path) -> TrainingSet:
    """The training set of a source by its name."""
    return source_module("training source", source, TRAINING_SETS).training_set(folder)


def collection(name: str) -> Collection:
    """The test collection of a name."""
    modules = {name: module for name, (module, _) in COLLECTIONS.items()}
    module = source_module("collection", name, modules)
    _, settings = COLLECTIONS[name]
    functions = (getattr(module, function) for function in Collection._fields)
    return Collection(*(partial(function, **settings) for function in functions))


def source_module(kind: str, name: str, modules: Mapping[str, str]) -> ModuleType:
    """Load the module that serves `name`.

    Raises:
        ValueError: for an unknown name, with the known ones.
    """
    if name not in modules:
        raise ValueError(f"unknown {kind} {name!r}; expected one of {', '.join(modules)}")
    return import_module(modules[name])


def source_folder(text: str) -> tuple[str, Path]:
    """Read a source and its folder from NAME=FOLDER, the form in which programs are given them."""
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise ValueError(f"{text!r} is not NAME=FOLDER")
    return name, Path(folder)
