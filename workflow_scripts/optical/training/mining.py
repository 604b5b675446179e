"""Hard negatives for the teacher: what BM25 finds for a training query and is not relevant."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from optical.corpora.lines import numbered_rows, read_queries
from optical.retrieval.lexical import LexicalIndex
from optical.runtime.errors import InputError

SAME_TEXTS = 16
"""Further results that are looked at for negatives, where some are the relevant text again."""


def mined_negatives(
    training_set: Path, number: int, pivot: str = "en"
) -> Iterator[tuple[str, str]]:
    """Yield (query id, passage id) of the best passages of each query that are not relevant to it.

    training_set: a folder as `write_training_set` makes it; its passages are searched. number:
    negatives of a query at most. pivot: the language of the texts. A passage that scores as a
    relevant one does is left out: mostly it is the same text under another id. A query whose words
    no other passage has gets one passage by chance, so that it is not lost to the training.
    """
    relevant = defaultdict(set)
    for _, (query, _, passage, _) in numbered_rows(training_set / "qrels.tsv", 4):
        relevant[query].add(passage)
    passages = training_set / "collection.tsv"
    ids = [key for _, (key, _) in numbered_rows(passages, 2)]
    index = LexicalIndex(ids, (text for _, (_, text) in numbered_rows(passages, 2)), pivot)
    queries = read_queries(training_set / "queries.tsv")
    depth = number + max(map(len, relevant.values())) + SAME_TEXTS
    for query, found in tqdm(index.rank(queries, depth), "mining", len(queries), unit="query"):
        own = {found[passage] for passage in relevant[query] & found.keys()}
        others = [passage for passage, score in found.items() if score not in own]
        if not others:
            others = [by_chance(ids, relevant[query] | found.keys(), query)]
        yield from ((query, passage) for passage in others[:number])


def by_chance(ids: list[str], relevant: set[str], query: str) -> str:
    """A passage that is not among those that are relevant to a query."""
    start = random.Random(query).randrange(len(ids))
    for key in ids[start:] + ids[:start]:
        if key not in relevant:
            return key
    raise InputError(f"every passage is relevant to query {query}: it has no negative")
