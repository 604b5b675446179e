"""Passages a second: this project's embedding beside those of sentence-transformers and PyLate.

The model has XLM-R's shape and random weights; passages are of mixed length (log-normal, 5 to 300
words of one token). All get the same folder and the same passages, take turns, and must give the
same vectors. The others run as they come, in batches of 32, and in the best of other sizes. PyLate
needs an environment of its own, made by `make .venv-interop/pylate/installed`.

Prints a table and, last, the ratio of our passages a second to those of `encode_document`.
"""

import argparse
import json
import subprocess
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from machine import alternating, describe
from transformers import XLMRobertaConfig, XLMRobertaModel
from transformers.utils import logging

from optical.models.embedding import Embedder, embed
from optical.models.encoders import late_interaction, load
from optical.models.export import save_for_all
from optical.models.tokenizer import train_tokenizer

SHAPES = {
    "tiny": {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4},
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16},
}
WORDS = [f"w{number}" for number in range(400)]
BATCHES = (32, 8)
PEER = Path(__file__).parents[1] / ".venv-interop" / "pylate" / "bin" / "python"


def make_model(folder: Path, shape: str) -> None:
    """Save a model of random weights as the workflow saves every model."""
    tokenizer = train_tokenizer([" ".join(WORDS)] * 20, 900)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        intermediate_size=4 * SHAPES[shape]["hidden_size"],
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        **SHAPES[shape],
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder / "encoder")
    tokenizer.save_pretrained(folder / "encoder")
    model = late_interaction(folder / "encoder", dimension=128, query_length=32, passage_length=300)
    save_for_all(folder / "model", model, "")


def passages(number: int) -> list[str]:
    """Texts of mixed length, always the same."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.lognormal(np.log(55), 0.55, number), 5, 290).astype(int)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


@contextmanager
def pylate(folder: Path, texts: list[str]):
    """A function that has PyLate encode the texts in batches of a size; None without PyLate.

    The vectors of the first call lie in `pylate.npz` then.
    """
    if not PEER.exists():
        print("no PyLate: `make .venv-interop/pylate/installed` installs it\n")
        yield None
        return
    (folder / "passages.json").write_text(json.dumps(texts))
    engine = Path(__file__).parent / "engines" / "embed_pylate.py"
    program: list[str | Path] = [PEER, engine, folder / "model", folder / "passages.json"]
    program += [folder / "pylate.npz", str(torch.get_num_threads())]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True) as process:

        def encode(size: int) -> None:
            print(size, file=process.stdin, flush=True)
            while (line := process.stdout.readline()) != "encoded\n":
                if not line:
                    raise RuntimeError("PyLate ended before it had encoded the passages")

        yield encode
        process.stdin.close()


def measure(shape: str, number: int, repeat: int) -> float:
    """Print the table; returns our passages a second over those of sentence-transformers."""
    logging.set_verbosity_error()
    texts = passages(number)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_model(folder, shape)
        ours, theirs = Embedder.load(folder / "model"), load(folder / "model")

        def embedded():
            return [vectors for _, vectors in embed(ours, texts, task="document")]

        def encoded(size):
            return theirs.encode_document(texts, batch_size=size, show_progress_bar=False)

        with pylate(folder, texts) as by_pylate:
            peers = {"sentence-transformers": encoded} | (
                {"PyLate": by_pylate} if by_pylate else {}
            )
            calls = {
                f"{name}, batches of {size}": partial(call, size)
                for name, call in peers.items()
                for size in BATCHES
            }
            seconds = alternating({"ours": embedded} | calls, repeat)
        wanted = {"sentence-transformers": encoded(BATCHES[0])}
        if by_pylate:
            with np.load(folder / "pylate.npz") as arrays:
                wanted["PyLate"] = [arrays[name] for name in arrays.files]
    tokens = sum(map(len, ours.token_ids(texts, "document", None)))
    print(f"{describe(device)}\nXLM-R {shape}, {number} passages of {tokens / number:.0f} tokens\n")
    print("| embedding | passages / s | times sentence-transformers as it comes |\n|---|--:|--:|")
    plain = seconds[f"sentence-transformers, batches of {BATCHES[0]}"]
    for name, taken in seconds.items():
        print(f"| {name} | {number / taken:.2f} | {plain / taken:.2f} |")
    print()
    found = embedded()
    for name, vectors in wanted.items():
        pairs = zip(found, vectors, strict=True)
        worst = max(np.abs(a.astype(np.float32) - np.asarray(b)).max() for a, b in pairs)
        print(f"largest difference of a component from {name}'s: {worst:.0e}")
    return plain / seconds["ours"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, default="base", help="of the encoder")
    parser.add_argument("--passages", type=int, default=192, help="number of passages")
    parser.add_argument("--repeat", type=int, default=3, help="measurements; the median counts")
    arguments = parser.parse_args()
    print(f"\nratio {measure(arguments.shape, arguments.passages, arguments.repeat):.2f}")
