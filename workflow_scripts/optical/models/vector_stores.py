"""The token vectors of a file's texts, shard by shard, as a store on disk."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq
import torch
from tqdm import tqdm

from optical.models.embedding import Embedder, embed_ids
from optical.retrieval.token_vectors import has_shard, shards, write_shard
from optical.runtime.files import lock, remove
from optical.runtime.origin import fingerprint, origin_of
from optical.runtime.processes import local_rank, world_size

Item = TypeVar("Item")


def embed_texts(
    encoder: Path,
    texts: Iterable[str],
    output: Path,
    *,
    task: str,
    origin: Path,
    length: int | None = None,
    total: int | None = None,
    model: Embedder | None = None,
) -> None:
    """Embed texts with the model of a folder and write the store, with a progress bar.

    origin: the file of the texts. model: that of the folder, if it is loaded already. Shards are
    written beside the output, which is whole or absent: a program that was killed goes on at the
    first that is missing, if neither the model nor the origin have changed. The processes of a
    program (torchrun) share the shards. While the model computes, one thread tokenises the next
    shard and one writes the last, so that two shards are in memory.
    """
    made_by = origin_of(encoder=encoder, texts=origin, task=task, length=length)
    made_by.pop("processes")  # any number of them writes the same shards
    unfinished = output.with_name(f"{output.name}.shards")
    folder = unfinished / fingerprint(made_by)
    rank, processes = local_rank(), world_size()
    if processes > 1:
        torch.distributed.init_process_group("gloo")
    with lock(unfinished) if rank == 0 else nullcontext():
        for other in unfinished.glob("*/") if rank == 0 else ():
            if other != folder:
                remove(other)
        model = model or Embedder.load(encoder)
        progress = tqdm(desc="embedding", unit="text", total=total)

        def tokenised() -> Iterator[tuple[int, int, list[list[int]] | None]]:
            """The number, size and token ids of each shard; no ids where others have it."""
            for number, shard in enumerate(shards(texts)):
                mine = number % processes == rank and not has_shard(folder, number)
                yield number, len(shard), model.token_ids(shard, task, length) if mine else None

        with ThreadPoolExecutor(1) as writer:
            writing: Future[None] | None = None
            for number, size, ids in ahead(tokenised()):
                if ids is None:
                    progress.update(size)
                    continue
                found = embed_ids(model, ids, task, progress.update)
                if writing:
                    writing.result()
                writing = writer.submit(write_shard, folder, number, found, model.dimension)
            if writing:
                writing.result()
        progress.close()
        if processes > 1:
            torch.distributed.barrier()
        if rank == 0:
            remove(output)
            folder.rename(output)
            print(f"{progress.n} texts embedded")
    if rank == 0:
        remove(unfinished)


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, each made in a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(list, islice(items, 1))
        while item := coming.result():
            coming = thread.submit(list, islice(items, 1))
            yield item[0]


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
    total = file.metadata.num_rows
    embed_texts(encoder, texts, output, task=task, origin=table, length=length, total=total)
