"""The teacher's training examples, from a training set's folder in the MS MARCO layout."""

import random
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

import pyarrow.parquet as pq
from datasets import Dataset

from optical.corpora.lines import numbered_rows, read_queries


def read_examples(folder: Path, negatives: int = 0) -> Dataset:
    """A data set of (query, positive, negative_1, ...), one row for each judgement.

    negatives: hard negatives of each query, from negatives.parquet; a query with fewer has some of
    them twice. Texts of passages that are not asked for are not held in memory.

    Raises ValueError when negatives are asked for and a query has none.
    """
    judged = [(row[0], row[2]) for _, row in numbered_rows(folder / "qrels.tsv", 4)]
    hard = read_negatives(folder, negatives) if negatives else {}
    if negatives and (without := {query for query, _ in judged} - hard.keys()):
        raise ValueError(
            f"{folder}: {len(without)} queries have no hard negative, such as {min(without)}; "
            "expected some for each, or teacher.negatives: 0"
        )
    wanted = {passage for _, passage in judged}.union(*hard.values())
    passages = {
        key: text for _, (key, text) in numbered_rows(folder / "collection.tsv", 2) if key in wanted
    }
    queries = read_queries(folder / "queries.tsv")
    columns = {
        "query": [queries[query] for query, _ in judged],
        "positive": [passages[passage] for _, passage in judged],
    }
    for place in range(negatives):
        columns[f"negative_{place + 1}"] = [passages[hard[query][place]] for query, _ in judged]
    return Dataset.from_dict(columns)


def read_negatives(folder: Path, number: int) -> dict[str, list[str]]:
    """So many hard negatives of each query that has any; chance decides which."""
    found = defaultdict(list)
    table = pq.read_table(folder / "negatives.parquet")
    for query, passage in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found[query].append(passage)
    for query, passages in found.items():
        random.Random(query).shuffle(passages)
        found[query] = list(islice(cycle(passages), number))
    return dict(found)


def shared_texts(examples: Dataset) -> list[tuple[int, ...]]:
    """For each example its texts, as hashes: two that share one do not belong into one batch."""
    columns = [examples[name] for name in examples.column_names]
    return [tuple(hash(text) for text in texts) for texts in zip(*columns, strict=True)]
