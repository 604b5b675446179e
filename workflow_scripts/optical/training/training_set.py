"""The teacher's training examples, from a training set's folder in the MS MARCO layout."""

import random
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

import pyarrow.parquet as pq
from datasets import Dataset

from optical.corpora.lines import numbered_rows, read_queries
from optical.runtime.errors import InputError


def read_examples(
    folder: Path, negatives: int = 0, *, mined: Path | None = None, scored: bool = False
) -> Dataset:
    """A data set of (query, positive, negative_1, ...), one row for each judgement.

    negatives: hard negatives of each query; a query with fewer has some of them twice. mined:
    their file, if not the folder's own negatives.parquet. scored: add the column `label`, the
    scores that a cross-encoder gave the positive and the negatives, [1 + negatives]. Texts of
    passages that are not asked for are not held in memory.

    Raises InputError when negatives or scores are asked for and a query has none.
    """
    judged = [(row[0], row[2]) for _, row in numbered_rows(folder / "qrels.tsv", 4)]
    source = mined or folder / "negatives.parquet"
    hard = read_negatives(source, negatives) if negatives else {}
    if negatives and (without := {query for query, _ in judged} - hard.keys()):
        raise InputError(
            f"{source}: {len(without)} queries have no hard negative, such as {min(without)}; "
            "expected some for each, or teacher.negatives: 0"
        )
    rows = [(query, [passage, *hard.get(query, ())]) for query, passage in judged]
    wanted = {passage for _, passages in rows for passage in passages}
    texts = {
        key: text for _, (key, text) in numbered_rows(folder / "collection.tsv", 2) if key in wanted
    }
    queries = read_queries(folder / "queries.tsv")
    columns: dict[str, list] = {"query": [queries[query] for query, _ in rows]}
    for place in range(1 + negatives):
        name = f"negative_{place}" if place else "positive"
        columns[name] = [texts[passages[place]] for _, passages in rows]
    if scored:
        columns["label"] = teacher_scores(folder / "scores.tsv", rows)
    return Dataset.from_dict(columns)


def read_negatives(file: Path, number: int) -> dict[str, list[str]]:
    """So many hard negatives of each query that has any; chance decides which."""
    found = defaultdict(list)
    table = pq.read_table(file)
    for query, passage in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found[query].append(passage)
    for query, passages in found.items():
        random.Random(query).shuffle(passages)
        found[query] = list(islice(cycle(passages), number))
    return dict(found)


def teacher_scores(file: Path, rows: list[tuple[str, list[str]]]) -> list[list[float]]:
    """The scores of each query's passages; those of other pairs are read over."""
    pairs = [(query, passage) for query, passages in rows for passage in passages]
    found = dict.fromkeys(pairs)
    for number, (query, passage, score) in numbered_rows(file, 3):
        if (query, passage) in found:
            if found[query, passage] is not None:
                raise InputError(f"{file}:{number}: {query} with {passage} was scored before")
            found[query, passage] = float(score)
    if without := [pair for pair, score in found.items() if score is None]:
        query, passage = min(without)
        raise InputError(
            f"{file}: {len(without)} of {len(found)} queries with a passage have no score, such as "
            f"{query} with {passage}; expected one for each, or teacher.loss: contrastive"
        )
    return [[found[query, passage] for passage in passages] for query, passages in rows]


def shared_texts(examples: Dataset) -> list[tuple[int, ...]]:
    """For each example its texts, as hashes: two that share one do not belong into one batch."""
    columns = [examples[name] for name in examples.column_names if name != "label"]
    return [tuple(hash(text) for text in texts) for texts in zip(*columns, strict=True)]
