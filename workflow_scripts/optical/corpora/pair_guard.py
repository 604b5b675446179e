"""Keep judged pairs out of training that say what a test collection does."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import numpy as np

from optical.corpora.leakage import HASH, LEAST_SHARED, Guard, distinct, ngrams, relevant_texts


class PairGuard:
    """Knows what is tested in a language, and which texts answer it.

    All passages of a collection that answer nothing may be trained on.
    """

    def __init__(
        self, language: str, tests: Iterable[Path], collections: Iterable[Path], pivot: str
    ):
        """tests: hashes of test collections in the language, as `leakage.write_ngrams` writes them.
        collections: their folders, with passages.parquet and qrels.txt.
        """
        self.language = language
        self.tests = Guard({language: tests})
        self.answers = Answers(chain.from_iterable(map(relevant_texts, collections)), pivot)

    def fault(self, query: str, document: str) -> str:
        """What a pair has of a test collection; empty if it has nothing."""
        if self.tests.knows(query, self.language):
            return "pairs whose query a test collection has"
        if self.answers.are_in(document):
            return "pairs whose document answers a test query"
        return ""


class Answers:
    """The n-grams of the passages that are relevant to test queries, and whose each is.

    Held in memory: 12 bytes for each n-gram, twice as much while they are sorted. A text that
    several collections have is held once.
    """

    def __init__(self, texts: Iterable[str], language: str):
        self.language = language
        found = [np.empty(0, HASH)]
        seen: set[int] = set()
        for text in texts:
            if (key := hash(text)) not in seen:
                seen.add(key)
                found.append(distinct([ngrams([text], language)]))
        self.lengths = np.array([len(of_text) for of_text in found])
        hashes = np.concatenate(found)
        order = np.argsort(hashes)
        self.hashes = hashes[order]
        self.owners = np.repeat(np.arange(len(found), dtype=np.int32), self.lengths)[order]

    def are_in(self, document: str) -> bool:
        """Whether a document says what a passage does.

        `LEAST_SHARED` of the document's n-grams are in passages, or so many of one passage's are in
        the document: an article that holds a short passage has many others.
        """
        found = distinct([ngrams([document], self.language)])
        begins, ends = (np.searchsorted(self.hashes, found, side) for side in ("left", "right"))
        shared = np.flatnonzero(ends > begins)
        if not len(shared):
            return False
        if len(shared) >= LEAST_SHARED * len(found):
            return True
        owners = np.concatenate([self.owners[begins[at] : ends[at]] for at in shared])
        passages, numbers = np.unique(owners, return_counts=True)
        return bool((numbers >= LEAST_SHARED * self.lengths[passages]).any())
