"""Keep judged pairs out of training that say what a test collection does."""

from collections.abc import Iterable
from pathlib import Path

from optical.corpora.leakage import Guard, answer_ngrams, is_known


class PairGuard:
    """Knows what is tested in a language, and which texts answer it.

    Held in memory: the n-grams of the passages that are relevant to test queries, as
    `leakage.without_tests` holds them. All other passages of a collection may be trained on.
    """

    def __init__(
        self, language: str, tests: Iterable[Path], collections: Iterable[Path], pivot: str
    ):
        """tests: hashes of test collections in the language, as `leakage.write_ngrams` writes them.
        collections: their folders, with passages.parquet and qrels.txt.
        """
        self.language, self.pivot = language, pivot
        self.tests = Guard({language: tests})
        self.answers = answer_ngrams(collections, pivot)

    def fault(self, query: str, document: str) -> str:
        """What a pair has of a test collection; empty if it has nothing."""
        if self.tests.knows(query, self.language):
            return "pairs whose query a test collection has"
        if is_known(document, self.pivot, self.answers):
            return "pairs whose document answers a test query"
        return ""
