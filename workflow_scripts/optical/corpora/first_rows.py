"""The first rows of a source, read by its own reader from files of which only beginnings are there.

What a reader says of the end of a file, or of two files that do not match, is said by the real run:
here neither is known.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

from optical.corpora import msmarco, registry
from optical.corpora.cleaning import SAMPLE, normal_space
from optical.corpora.lines import numbered_rows, read_queries
from optical.corpora.scores import scored_queries
from optical.corpora.sides import fault_of_sides, files_of
from optical.runtime.errors import InputError

ROWS = 5
"""Rows that are read: lines of parallel files may be long, and each has to have that many."""


class NoRowsError(InputError):
    """A reader found no row, in a file that may have some behind its beginning."""


class Everything(dict):
    """Ids of which nobody knows yet which there are."""

    def __contains__(self, name: object) -> bool:
        """Any id may be one."""
        return True

    def __missing__(self, name: str) -> list[str]:
        """Nothing is known of it."""
        return []


def read_bitext(source: str, folder: Path, code: str, *, language: str, pivot: str) -> None:
    """The first pairs of a source, by its name or NAME:LAYOUT.

    code: of the language in the source. language, pivot: those that its two sides should be in.

    Raises InputError for files that the reader cannot read and for sides in other languages,
    NoRowsError for files without a pair.
    """
    pairs = registry.bitext(source, folder, code)
    first = list(islice(pairs, ROWS))
    if not first:
        raise NoRowsError(f"{folder}: no sentence pair of {code}")
    # Sides are judged by as many pairs as the run judges them by, as far as they go: what ends them
    # is not known to be a fault.
    with suppress(InputError):
        for pair in islice(pairs, SAMPLE - ROWS):
            first.append(pair)
    judged = [normal_space(pair) for pair in first if not pair.is_left_out]
    if fault := fault_of_sides(judged, language, pivot):
        raise InputError(f"{files_of(folder, code)}: {fault}")


def read_judged(source: str, folder: Path, language: str) -> None:
    """The first queries, documents and judgements of a set of judged pairs, by its name.

    Raises InputError, as `read_bitext`.
    """
    for path, rows in registry.judged(source, folder, language)[:3]:
        if not list(islice(rows(), ROWS)):
            raise NoRowsError(f"{path}: no row in it")


def read_collection(name: str, folder: Path) -> None:
    """The first passages and judgements of a collection. Raises InputError, as `read_bitext`."""
    if is_archived(name, folder):
        return read_archive(name, folder)
    collection = registry.collection(name)
    if not list(islice(collection.passages(folder), ROWS)):
        raise NoRowsError(f"{folder}: no passage of {name}")
    if not list(islice(collection.judgements(folder), ROWS)):
        raise NoRowsError(f"{folder}: no judgement of {name}")
    return None


def read_queries_of(name: str, folder: Path, language: str) -> None:
    """The first queries of a collection in a language. Raises InputError, as `read_bitext`.

    None is no fault: the first judgements may be of other queries than stand first.
    """
    if not is_archived(name, folder):
        for _ in islice(registry.collection(name).queries(folder, language), ROWS):
            pass


def reader_of(name: str) -> ModuleType:
    """The module that reads a collection."""
    return import_module(registry.collection_module(name)[0])


def is_archived(name: str, folder: Path) -> bool:
    """Whether a collection lies in an archive, which its reader reads as a whole."""
    archive = getattr(reader_of(name), "ARCHIVE", None)
    return archive is not None and (folder / archive).exists()


def read_archive(name: str, folder: Path) -> None:
    """The rows of a collection in the beginning of its archive, whatever languages stand there."""
    module, settings = reader_of(name), registry.collection_module(name)[1]
    path = folder / module.ARCHIVE
    if not any(module.archive_rows(path, settings["split"], lang) for lang in module.LANGUAGES):
        raise NoRowsError(f"{path}: no row in any of {', '.join(sorted(module.LANGUAGES))}")


def read_training_file(name: str, folder: Path) -> bool:
    """What stands first in a file of a training set; returns whether anybody here reads it.

    Files are read one by one: an id that one names may stand behind the beginning of another.
    Raises InputError, as `read_bitext`.
    """
    path, reader = folder / name, training_reader(name)
    if reader is None:
        return False
    found = reader(path)
    if not (list(islice(found, ROWS)) if isinstance(found, Iterator) else found):
        raise NoRowsError(f"{path}: no row in it")
    return True


def read_scores(name: str, folder: Path) -> None:
    """What stands first in a user's own scores of a cross-encoder, a file or a folder of them."""
    if not list(islice(scored_queries(folder / name), ROWS)):
        raise NoRowsError(f"{folder / name}: no row in it")


def training_reader(name: str) -> Callable[[Path], Iterable] | None:
    """What reads a file of a training set or a published set of scores; None if nothing does."""
    if name in registry.SCORES.values():
        return scored_queries
    # Translated queries have the language before the name.
    return TRAINING_FILES.get("queries.train.tsv" if name.endswith(".queries.train.tsv") else name)


TRAINING_FILES: dict[str, Callable[[Path], Iterable]] = {
    "collection.tsv": lambda path: msmarco.read_passages(path.parent, set(), None),
    "queries.train.tsv": lambda path: read_queries(path, empty=True),
    "qrels.train.tsv": lambda path: msmarco.read_judgements(path, Everything()),
    "negatives.tsv": lambda path: msmarco.listed_negatives(path, Everything(), Everything()),
    "negatives.jsonl.gz": lambda path: msmarco.published_negatives(path, Everything()),
    "articles.tsv": lambda path: numbered_rows(path, 2),
    "scores.tsv": msmarco.scored_passages,
}
"""What reads the files of the layout of MS MARCO, by name."""
