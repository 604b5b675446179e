"""The teacher's training examples, from a training set's folder in the MS MARCO layout."""

from pathlib import Path

from datasets import Dataset

from optical.corpora.lines import numbered_rows, read_queries


def read_examples(folder: Path) -> Dataset:
    """A data set of (query, positive), one row for each judgement.

    Texts of passages that no judgement names are not held in memory.
    """
    judged = [(row[0], row[2]) for _, row in numbered_rows(folder / "qrels.tsv", 4)]
    wanted = {passage for _, passage in judged}
    passages = {
        key: text for _, (key, text) in numbered_rows(folder / "collection.tsv", 2) if key in wanted
    }
    queries = read_queries(folder / "queries.tsv")
    return Dataset.from_dict(
        {
            "query": [queries[query] for query, _ in judged],
            "positive": [passages[passage] for _, passage in judged],
        }
    )


def shared_texts(examples: Dataset) -> list[tuple[int, ...]]:
    """For each example its texts, as hashes: two that share one do not belong into one batch."""
    columns = [examples[name] for name in examples.column_names]
    return [tuple(hash(text) for text in texts) for texts in zip(*columns, strict=True)]
