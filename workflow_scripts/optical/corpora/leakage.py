"""Keep the texts of the test collections out of what models are trained on.

A text leaks into another when they share an n-gram: so many consecutive words, or so many
letters where a language writes no spaces, compared without case, punctuation and white space
(NFKC). A shorter text is one n-gram itself, and so only matches a text that is the same. An n-gram
is known by an 8-byte hash, so that of 10 million n-grams looked up among 400 million, 2 in 10,000
times one is found by mistake.

The n-grams of a collection lie in one sorted file, which is mapped, not read: looking up needs no
memory of its own. 8.8 million passages of 56 words are 430 million n-grams, 3.4 GB of disk.
Writing holds `SPILL` n-grams at a time; docs/performance.md says how fast both are.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from optical.corpora.language_tags import script, variants
from optical.corpora.lines import read_queries
from optical.corpora.qrels import read_judgements
from optical.corpora.records import TrainingSet
from optical.corpora.words import LETTERS_OF_EIGHT_WORDS, plain_tokens
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path, scratch

WORDS = 8
"""Words of an n-gram. Of the sides of 112,000 pairs of TICO-19, Tatoeba and LAFAND 48 share eight
in a row with, or are, a sentence of XNLI, XQuAD or NTREX; 775 share six, mostly set phrases, 37
ten."""

SPILL = 1 << 24
"""N-grams held in memory, 128 MB, before they are sorted and written."""

BATCH = 2000
"""Texts hashed together."""

LEAST_SHARED = 0.5
"""From this share of its n-grams in a test passage on, a training passage is the same text."""

HASH = np.dtype("<u8")
MULTIPLIER = 0x9E3779B97F4A7C15


def units(text: str, language: str) -> list[str]:
    """The words of a text, or its letters where the language writes no spaces."""
    return plain_tokens(text, language)


def ngram_length(language: str) -> int:
    """Units of an n-gram."""
    return LETTERS_OF_EIGHT_WORDS.get(script(language) or "", WORDS)


@lru_cache(maxsize=1 << 18)
def unit_hash(unit: str) -> int:
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest())


def ngrams(texts: Iterable[str], language: str) -> np.ndarray:
    """The n-grams of all texts as hashes, [n-grams], in order; a text without words has none.

    The hash of an n-gram is that of its words as a polynomial, modulo 2 ** 64.
    """
    length = ngram_length(language)
    hashes: list[int] = []
    starts: list[int] = []
    for text in texts:
        words = units(text, language)
        if not words:
            continue
        begin = len(hashes)
        hashes.extend(map(unit_hash, words))
        # A short text is filled up with what is the hash of no word.
        hashes.extend([0] * (length - len(words)))
        starts.extend(range(begin, len(hashes) - length + 1))
    flat = np.array(hashes, HASH)
    at = np.array(starts, np.int64)
    found = np.zeros(len(at), HASH)
    for place in range(length):
        found = found * HASH.type(MULTIPLIER) + flat[at + place]
    return found


# --- the n-grams of a collection -----------------------------------------------------------------


def write_ngrams(path: Path, texts: Iterable[str], language: str) -> int:
    """Write the distinct n-grams of the texts, sorted, 8 bytes each; returns their number."""
    with atomic_path(path) as temporary, scratch(path.with_suffix(".parts")) as folder:
        folder.mkdir()
        parts: list[Path] = []
        held: list[np.ndarray] = []

        def spill() -> None:
            parts.append(folder / str(len(parts)))
            distinct(held).tofile(parts[-1])
            held.clear()

        for found in batched_ngrams(texts, language):
            held.append(found)
            if sum(map(len, held)) >= SPILL:
                spill()
        if held:
            spill()
        with ExitStack() as stack:
            file = stack.enter_context(open(temporary, "wb"))
            number = 0
            for merged in merge([read_ngrams(part) for part in parts]):
                merged.tofile(file)
                number += len(merged)
    return number


def batched_ngrams(texts: Iterable[str], language: str) -> Iterator[np.ndarray]:
    """The n-grams of some texts at a time."""
    texts = iter(texts)
    while batch := list(islice(texts, BATCH)):
        yield ngrams(batch, language)


def merge(parts: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Merge sorted arrays, a 256th of all possible hashes at a time."""
    step = 1 << 56
    begins = [0] * len(parts)
    for last in range(step - 1, 1 << 64, step):
        ends = [np.searchsorted(part, HASH.type(last), side="right") for part in parts]
        pieces = [part[a:b] for part, a, b in zip(parts, begins, ends, strict=True)]
        begins = ends
        if pieces:
            yield distinct(pieces)


def distinct(arrays: list[np.ndarray]) -> np.ndarray:
    """The different n-grams of some arrays, sorted.

    By sorting in place: `numpy.unique` holds a table of hashes, eight times as large.
    """
    found = np.concatenate(arrays)
    found.sort()
    return found[np.append(True, found[1:] != found[:-1])[: len(found)]]


def read_ngrams(path: Path) -> np.ndarray:
    """The sorted n-grams of a file, mapped; InputError for a file that cannot hold any."""
    size = path.stat().st_size
    if size % HASH.itemsize:
        raise InputError(f"{path}: {size} bytes, expected a multiple of {HASH.itemsize}")
    return np.memmap(path, HASH, mode="r") if size else np.empty(0, HASH)


def collection_texts(
    queries: Path | None, passages: Path | None = None, begin: str = ""
) -> Iterator[str]:
    """The texts of a collection in a language: queries, passages whose ids begin so, or both."""
    if queries:
        yield from read_queries(queries).values()
    if passages:
        for rows in pq.ParquetFile(passages).iter_batches(columns=["passage_id", "text"]):
            names, texts = (column.to_pylist() for column in rows.columns)
            yield from (
                text for name, text in zip(names, texts, strict=True) if name.startswith(begin)
            )


# --- what must not hold them ---------------------------------------------------------------------


class Guard:
    """Knows the texts of test collections, by language."""

    def __init__(self, files: Mapping[str, Iterable[Path]]):
        """files: for each language the files of `write_ngrams`."""
        self.files = {language: list(map(read_ngrams, paths)) for language, paths in files.items()}
        self.tests: dict[str, list[np.ndarray]] = {}

    def tested(self, language: str) -> list[np.ndarray]:
        """What the collections say in a language, whichever of its codes they have it under."""
        if language not in self.tests:
            codes = variants(language, self.files)
            self.tests[language] = [test for code in codes for test in self.files[code]]
        return self.tests[language]

    def knows(self, text: str, language: str) -> bool:
        """Whether a text shares an n-gram with a test collection."""
        return bool(self.tested(language)) and bool(
            self.known_ngrams(ngrams([text], language), language).any()
        )

    def known_ngrams(self, found: np.ndarray, language: str) -> np.ndarray:
        """Which of some n-grams are in a test collection, [n-grams]."""
        known = np.zeros(len(found), bool)
        for test in self.tested(language):
            known |= are_among(found, test)
        return known


def are_among(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which of some n-grams are among the sorted known ones, [n-grams]."""
    if not len(known):
        return np.zeros(len(found), bool)
    places = np.minimum(np.searchsorted(known, found), len(known) - 1)
    return known[places] == found


NO_TESTS = Guard({})


def without_tests(data: TrainingSet, collections: Iterable[Path], pivot: str) -> TrainingSet:
    """The training set without queries that the collections test, counted in `left_out`.

    collections: folders with passages.parquet, qrels.txt and, where they have queries in the pivot,
    queries/{pivot}.tsv. A query is left out when its text is a test query's, or when one of its
    relevant passages is the same text as one that is relevant to a test query. Any other passage of
    a collection may be trained on: MS MARCO's training and test queries have one collection by
    design. Which of its passages is relevant to a test query must not be trained on. Held in
    memory: the test queries, the n-grams of the passages that answer them, and the ids of the
    training queries.
    """
    collections = list(collections)
    questions: set[tuple[str, ...]] = set()
    for folder in collections:
        asked = folder / "queries" / f"{pivot}.tsv"
        texts = read_queries(asked).values() if asked.exists() else ()
        questions.update(tuple(units(text, pivot)) for text in texts)
    known = answer_ngrams(collections, pivot)

    tested = {query.id for query in data.queries() if tuple(units(query.text, pivot)) in questions}
    relevant = {passage for _, passage in data.judgements()}
    same = {
        passage.passage_id
        for passage in data.passages()
        if passage.passage_id in relevant and is_known(passage.text, pivot, known)
    }
    answered = {query for query, passage in data.judgements() if passage in same} - tested
    removed = tested | answered
    return data._replace(
        queries=lambda: (query for query in data.queries() if query.id not in removed),
        judgements=lambda: (row for row in data.judgements() if row[0] not in removed),
        negatives=lambda: (row for row in data.negatives() if row[0] not in removed),
        scores=lambda: (row for row in data.scores() if row[0] not in removed),
        left_out={
            **data.left_out,
            "queries that a test collection has": len(tested),
            "queries whose relevant passage answers a test query": len(answered),
        },
    )


def answer_ngrams(collections: Iterable[Path], pivot: str) -> np.ndarray:
    """The distinct n-grams of the passages that are relevant to test queries, sorted.

    Graded collections may have 100 of them a query, so the texts are hashed a batch at a time.
    """
    found = [np.empty(0, HASH)]
    for folder in collections:
        found = [distinct([*found, *batched_ngrams(relevant_texts(folder), pivot)])]
    return found[0]


def relevant_texts(folder: Path) -> Iterator[str]:
    """The texts of a collection that are relevant to any of its queries."""
    rows = read_judgements(folder / "qrels.txt", 4)
    judged = {passage for _, (_, passage, grade) in rows if grade > 0}
    columns = ["judged_id", "text"]
    for rows in pq.ParquetFile(folder / "passages.parquet").iter_batches(columns=columns):
        for name, text in zip(*(column.to_pylist() for column in rows.columns), strict=True):
            if name in judged:
                yield text


def is_known(text: str, language: str, known: np.ndarray) -> bool:
    """Whether so many of a text's n-grams are among the known ones that it is the same text."""
    found = ngrams([text], language)
    return len(found) > 0 and bool(are_among(found, known).mean() >= LEAST_SHARED)
