"""Texts into token vectors, block by block, as a store on disk."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sentence_transformers import MultiVectorEncoder
from tqdm import tqdm

from optical.encoders import load
from optical.files import atomic_path
from optical.token_vectors import write_token_vectors

# Texts that are held in memory, with their vectors, while they are embedded.
BLOCK = 4096


def embed(
    model: MultiVectorEncoder,
    texts: Iterable[str],
    *,
    task: str,
    batch_size: int = 64,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The token ids [tokens] and vectors [tokens, dim] of each text, in order.

    task: "query" or "document", which decides the marker and the length. Texts are read in
    blocks, sorted by length inside a block to save padding.
    """
    texts = iter(texts)
    while block := list(islice(texts, BLOCK)):
        for features in model.encode(
            block,
            prompt_name=task,
            task=task,
            batch_size=batch_size,
            output_value=None,
            show_progress_bar=False,
        ):
            scored = features["attention_mask"].bool()
            yield (
                features["input_ids"][scored].cpu().numpy(),
                features["token_embeddings"][scored].float().cpu().numpy(),
            )


def embed_texts(
    encoder: Path,
    texts: Iterable[str],
    output: Path,
    *,
    task: str,
    length: int | None = None,
    total: int | None = None,
) -> None:
    """Embed texts with the model of a folder and write the store, with a progress bar.

    length: tokens of a query, where it is to differ from the model's own.
    """
    model = load(encoder)
    if length is not None:
        model[0].query_length = length
    vectors = tqdm(embed(model, texts, task=task), desc="embedding", unit="text", total=total)
    with atomic_path(output) as temporary:
        number = write_token_vectors(temporary, vectors, model.get_embedding_dimension())
    print(f"{number} texts embedded")


def embed_column(
    encoder: Path, table: Path, column: str, output: Path, *, task: str, length: int | None = None
) -> None:
    """Embed a text column of a parquet file, which is read in batches."""
    file = pq.ParquetFile(table)
    texts = (
        text
        for batch in file.iter_batches(columns=[column])
        for text in batch.column(0).to_pylist()
    )
    embed_texts(encoder, texts, output, task=task, length=length, total=file.metadata.num_rows)
