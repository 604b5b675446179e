"""Embedding against sentence-transformers, and as users have it: killed, shared by processes."""

import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from tokenizers import pre_tokenizers

from conftest import TEXTS, embedder
from optical.models import vector_stores
from optical.models.embedding import CPU_TOKENS, PASSAGE_MARKER, Embedder, batches, embed, readable
from optical.models.encoders import load
from optical.models.tokenizer import train_tokenizer
from optical.models.vector_stores import embed_texts
from optical.retrieval import token_vectors
from optical.retrieval.token_vectors import TokenVectors
from optical.runtime.errors import InputError

ROOT = Path(__file__).parents[1]
# Embeds its lines in shards of four texts, and is slow enough to be killed between two of them.
PROGRAM = """
import os, sys, time
from pathlib import Path
from optical.models import vector_stores
from optical.retrieval import token_vectors
from optical.runtime.processes import spread
model, texts, output, processes, pause = sys.argv[1:]
spread(int(processes))
token_vectors.SHARD = 4
real = vector_stores.write_shard
def write_shard(*arguments):
    real(*arguments)
    os.write(1, b"shard\\n")  # in one piece, also beside another process
    time.sleep(float(pause))
vector_stores.write_shard = write_shard
lines = Path(texts).read_text().splitlines()
vector_stores.embed_texts(Path(model), lines, Path(output), task="document", origin=Path(texts))
"""


@pytest.fixture
def saved(model, tmp_path):
    return embedder(model, tmp_path / "saved")


@pytest.fixture
def texts(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text(
        "".join(f"{' '.join(['cat'] * (row % 7 + 1))} dog {row}\n" for row in range(30))
    )
    return file


def command(tmp_path, output, *, processes=1, pause=0.0):
    (tmp_path / "program.py").write_text(PROGRAM)
    arguments = [tmp_path / "saved", tmp_path / "texts.txt", tmp_path / output, processes, pause]
    return [sys.executable, str(tmp_path / "program.py"), *map(str, arguments)]


def run(tmp_path, output, **settings):
    done = subprocess.run(
        command(tmp_path, output, **settings), capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.count("shard\n")


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT / "workflow_scripts"), "OMP_NUM_THREADS": "1"}


def same(first, second):
    names = sorted(file.name for file in first.iterdir())
    return filecmp.cmpfiles(first, second, names, shallow=False) == (names, [], [])


@pytest.mark.parametrize("task", ["query", "document"])
def test_vectors_are_those_of_sentence_transformers(saved, tmp_path, task):
    """In the order of the texts, however they share batches."""
    mixed = [" ".join(TEXTS[: 1 + row % 5]) + f" {row}" for row in range(40)]
    expected = load(tmp_path / "saved").encode(mixed, prompt_name=task, task=task)
    found = list(embed(saved, mixed, task=task))
    assert len(found) == 40
    for (ids, vectors), other in zip(found, expected, strict=True):
        assert len(ids) == len(vectors)
        np.testing.assert_allclose(vectors.astype(np.float32), other, atol=1e-3)
        np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, rtol=2e-3)


def test_texts_begin_with_their_markers(saved):
    for task, marker in (("query", "[unused0]"), ("document", "[unused1]")):
        ((ids, _),) = embed(saved, ["the cat"], task=task)
        assert saved.tokenizer.convert_ids_to_tokens(ids[:2]) == ["<s>", marker]


def test_lengths_bound_queries_and_passages(saved):
    long = " ".join(["cat"] * 100)
    for task, length in (("query", 16), ("document", 32)):
        ((ids, _),) = embed(saved, [long], task=task)
        assert len(ids) == length
    ((ids, _),) = embed(saved, [long], task="query", length=9)
    assert len(ids) == 9


def test_a_length_that_the_model_has_no_positions_for_is_refused(saved):
    with pytest.raises(InputError, match="length: 513, but .* reads 512 tokens at most"):
        list(embed(saved, ["the cat"], task="query", length=513))


def test_batches_hold_every_row_once_and_fit_their_tokens():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 400, 500).tolist()
    found = list(batches(lengths, gpu=False))
    assert sorted(row for rows in found for row in rows) == list(range(500))
    for rows in found:
        assert len(rows) == 1 or len(rows) * max(lengths[row] for row in rows) <= CPU_TOKENS
    assert list(batches([CPU_TOKENS + 1, 3], gpu=False)) == [[0], [1]]


def test_no_text_is_an_empty_store(saved, tmp_path, texts):
    embed_texts(tmp_path / "saved", [], tmp_path / "store", task="query", origin=texts)
    assert len(TokenVectors(tmp_path / "store")) == 0


def test_a_killed_program_goes_on_at_the_first_missing_shard(saved, tmp_path, texts):
    assert run(tmp_path, "undisturbed") == 8
    written = 0
    for killed_after in (1, 3):
        # As a scheduler ends a job: with no chance to tidy up.
        process = subprocess.Popen(
            command(tmp_path, "store", pause=0.3),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment(),
        )
        for _ in range(killed_after):
            assert process.stdout.readline() == "shard\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        written += killed_after
        assert not (tmp_path / "store").exists()
    assert run(tmp_path, "store") == 8 - written
    assert same(tmp_path / "undisturbed", tmp_path / "store")
    assert not (tmp_path / "store.shards").exists()


@pytest.mark.parametrize("what", ["texts", "model"])
def test_shards_of_other_texts_or_another_model_are_not_used(saved, model, tmp_path, texts, what):
    process = subprocess.Popen(
        command(tmp_path, "store", pause=60), stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout.readline() == "shard\n"
    process.kill()
    process.wait()
    process.stdout.close()
    if what == "texts":
        texts.write_text(texts.read_text().replace("dog", "mat"))
    else:
        shutil.rmtree(tmp_path / "saved")
        torch.nn.init.normal_(model[1].linear.weight)
        embedder(model, tmp_path / "saved")
    assert run(tmp_path, "store") == 8
    assert run(tmp_path, "anew") == 8
    assert same(tmp_path / "anew", tmp_path / "store")


def test_the_next_shard_is_tokenised_and_the_last_one_written_while_the_model_computes(
    saved, tmp_path, texts, monkeypatch
):
    monkeypatch.setattr(token_vectors, "SHARD", 4)
    lines = texts.read_text().splitlines()[:12]
    embed_texts(tmp_path / "saved", lines, tmp_path / "one", task="query", origin=texts)
    read, computed = Barrier(2, timeout=20), Barrier(2, timeout=20)
    token_ids, vectors, write = Embedder.token_ids, Embedder.vectors, vector_stores.write_shard
    shards = {"read": 0, "computed": 0}

    def reading(*arguments):
        shards["read"] += 1
        if shards["read"] == 2:
            read.wait()  # for the model, which has the first shard
        return token_ids(*arguments)

    def computing(*arguments):
        shards["computed"] += 1
        if shards["computed"] == 1:
            read.wait()
        if shards["computed"] == 2:
            computed.wait()  # for the first shard to be written
        return vectors(*arguments)

    def writing(folder, number, *arguments):
        if number == 0:
            computed.wait()
        write(folder, number, *arguments)

    monkeypatch.setattr(Embedder, "token_ids", reading)
    monkeypatch.setattr(Embedder, "vectors", computing)
    monkeypatch.setattr(vector_stores, "write_shard", writing)
    embed_texts(tmp_path / "saved", lines, tmp_path / "two", task="query", origin=texts)
    assert shards == {"read": 3, "computed": 3}
    assert same(tmp_path / "one", tmp_path / "two")


def test_a_shard_that_cannot_be_written_ends_the_program(saved, tmp_path, texts, monkeypatch):
    monkeypatch.setattr(token_vectors, "SHARD", 4)

    def write(*_):
        raise InputError("no place")

    monkeypatch.setattr(vector_stores, "write_shard", write)
    with pytest.raises(InputError, match="no place"):
        embed_texts(
            tmp_path / "saved", TEXTS[:3] * 4, tmp_path / "store", task="query", origin=texts
        )
    assert not (tmp_path / "store").exists()


def test_processes_share_the_shards(saved, tmp_path, texts):
    run(tmp_path, "alone")
    assert run(tmp_path, "shared", processes=2) == 8
    assert same(tmp_path / "alone", tmp_path / "shared")


def test_a_second_program_on_the_same_output_is_refused(saved, tmp_path, texts):
    process = subprocess.Popen(
        command(tmp_path, "store", pause=60), stdout=subprocess.PIPE, text=True, env=environment()
    )
    try:
        assert process.stdout.readline() == "shard\n"
        time.sleep(0.1)
        with pytest.raises(InputError, match=f"process {process.pid} on .* is at work here"):
            embed_texts(tmp_path / "saved", ["a"], tmp_path / "store", task="query", origin=texts)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_shard_is_a_constant_number_of_texts(saved, monkeypatch):
    """What is sorted together, and so what shares a batch, never depends on where it was killed."""
    monkeypatch.setattr(token_vectors, "SHARD", 4)
    parts = [list(embed(saved, TEXTS[start : start + 4], task="query")) for start in (0, 4)]
    for (_, vectors), (_, expected) in zip(
        embed(saved, TEXTS[:8], task="query"), [*parts[0], *parts[1]], strict=True
    ):
        np.testing.assert_array_equal(vectors, expected)


@pytest.mark.parametrize("sequence", [False, True])
def test_byte_pairs_are_shown_as_the_text_that_they_stand_for(sequence):
    tokenizer = train_tokenizer(["où est le marché"] * 30, 300, byte_pairs=True)
    tokenizer.add_tokens([PASSAGE_MARKER], special_tokens=True)
    if sequence:  # as in the family of EuroBERT
        backend = tokenizer.backend_tokenizer
        backend.pre_tokenizer = pre_tokenizers.Sequence([backend.pre_tokenizer])
    shown = readable(tokenizer, tokenizer(f"{PASSAGE_MARKER}où est le marché")["input_ids"])
    assert shown == ["<s>", "[D]", "où", "est", "le", "marché", "</s>"]


def test_a_space_and_a_part_of_a_letter_are_shown_as_signs():
    tokenizer = train_tokenizer(["le marché"] * 30, 300, byte_pairs=True)
    ids = tokenizer.convert_tokens_to_ids(["Ġ", "Ã", "le"])
    assert readable(tokenizer, ids) == ["␣", "�", "le"]
