"""Hard negatives among the passages that a cross-encoder has scored, without false ones.

Judgements of MS MARCO name one passage of a query, and many others answer it too. A passage that
the cross-encoder scores no lower than one that is judged relevant is such a false negative
(RocketQA, Qu et al. 2021). The bound is that of sentence-transformers' training on MS MARCO: the
lowest score of a relevant passage, less a margin.
"""

from array import array
from bisect import bisect_left
from collections.abc import Container, Mapping
from hashlib import blake2b
from pathlib import Path
from sys import intern
from typing import NamedTuple

from optical.corpora.scores import Scored, scored_queries
from optical.runtime.errors import InputError

SAME = 0.01
"""Two scores of one query with one passage may differ by so much, as those of a model on a GPU in
batches of other texts do; the first counts. Triples name the relevant passage with each other."""


class ScoredPassages(NamedTuple):
    """What there is to train on, by query; scores are of the relevant ones, then the negatives."""

    relevant: dict[str, list[str]]
    negatives: dict[str, list[str]]
    scores: dict[str, array]
    left_out: dict[str, int]


class Sample:
    """A random but fixed sample of a query's passages, whatever the order they come in.

    Those with the lowest hashes are kept, in arrays: there is one sample for each of half a million
    queries.
    """

    __slots__ = ("hashes", "passages", "scores")

    def __init__(self) -> None:
        self.hashes, self.passages, self.scores = array("Q"), [], array("d")

    def add(self, scored: Scored, passage: str, score: float, most: int) -> None:
        """Take a passage in if its hash is among the `most` lowest."""
        text = f"{scored.query}\t{passage}".encode()
        mark = int.from_bytes(blake2b(text, digest_size=8).digest())
        if len(self.hashes) == most and mark > self.hashes[-1]:
            return
        at = bisect_left(self.hashes, mark)
        if at < len(self.hashes) and self.hashes[at] == mark:
            check_same(scored, passage, self.scores[at], score)
            return
        self.hashes.insert(at, mark)
        # The same passage is a negative of many: its name is kept once.
        self.passages.insert(at, intern(passage))
        self.scores.insert(at, score)
        if len(self.hashes) > most:
            for values in (self.hashes, self.passages, self.scores):
                values.pop()


def check_same(scored: Scored, passage: str, before: float, score: float) -> None:
    """A pair that comes twice has one score."""
    if abs(before - score) > SAME:
        raise InputError(
            f"{scored.place}: score {score} of query {scored.query} with passage {passage}, "
            f"which had {before} before; expected one score of a pair"
        )


def scored_negatives(
    path: Path,
    relevant: Mapping[str, list[str]],
    queries: Mapping[str, str],
    *,
    margin: float,
    most: int,
    without: Container[str] = (),
) -> ScoredPassages:
    """Relevant passages with a score, and at most `most` hard negatives of each query.

    path: scores, as `optical.corpora.scores` reads them; they are read twice, since the score of
    the relevant passage may come last. relevant: judged passages by query. queries: all training
    queries by id, judged or not. without: passages that are no negatives, for they have no text.
    Left out and counted: relevant passages without a score, queries without another, passages that
    the scores call relevant, and queries without a hard negative.
    Held in memory: what is returned, and 8 bytes more for each negative; of MS MARCO's 500,000
    judged queries, about 1.5 GB.

    Raises:
        InputError: for scores of other queries, with the place of the first, when no relevant
            passage has one, and for two different scores of one pair.
    """
    found: dict[str, dict[str, float]] = {}
    for scored in scored_queries(path):
        if scored.query not in queries:
            raise InputError(
                f"{scored.place}: query {scored.query} is not in queries.train.tsv; "
                "expected scores of the queries of the training set"
            )
        judged = relevant.get(scored.query, ())
        for passage, score in scored.passages:
            if passage in judged:
                known = found.setdefault(scored.query, {})
                check_same(scored, passage, known.setdefault(passage, score), score)
    if not found:
        raise InputError(
            f"{path}: no score of a query with its relevant passage; "
            "expected scores of the passages that qrels.train.tsv names"
        )

    least = {query: min(scores.values()) - margin for query, scores in found.items()}
    samples: dict[str, Sample] = {}
    false = 0
    for scored in scored_queries(path):
        if (bound := least.get(scored.query)) is None:
            continue
        judged = relevant[scored.query]
        for passage, score in scored.passages:
            if passage in judged or passage in without:
                continue
            if score >= bound:
                false += 1
                continue
            sample = samples.get(scored.query)
            if sample is None:
                sample = samples[scored.query] = Sample()
            sample.add(scored, passage, score, most)

    kept = {query: [one for one in relevant[query] if one in found[query]] for query in samples}
    judged_pairs = sum(map(len, relevant.values()))
    return ScoredPassages(
        relevant=kept,
        negatives={query: sample.passages for query, sample in samples.items()},
        scores={
            query: array("d", [found[query][one] for one in kept[query]]) + sample.scores
            for query, sample in samples.items()
        },
        left_out={
            "relevant passages without a score": judged_pairs - sum(map(len, found.values())),
            "queries whose relevant passages have no score": len(relevant) - len(found),
            "hard negatives that the scores call relevant": false,
            "queries without a hard negative": len(found) - len(samples),
        },
    )
