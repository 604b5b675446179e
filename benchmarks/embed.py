"""Passages a second: this project's embedding beside that of sentence-transformers.

The model has XLM-R's shape and random weights; passages are of mixed length (log-normal, 5 to 300
words of one token). Both get the same folder and the same passages, take turns, and must give the
same vectors. sentence-transformers runs as it comes, `encode_document` in batches of 32, and with
the best of other sizes.

Prints a table and, last, the ratio of our passages a second to those of `encode_document`.
"""

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow_scripts"))

import numpy as np
import torch
from machine import alternating, describe
from transformers import XLMRobertaConfig, XLMRobertaModel
from transformers.utils import logging

from optical.embedding import Embedder, embed
from optical.encoders import late_interaction, load, train_tokenizer
from optical.export import save_for_all

SHAPES = {
    "tiny": {"hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4},
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12},
    "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16},
}
WORDS = [f"w{number}" for number in range(400)]
BATCHES = (32, 8)


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


def measure(shape: str, number: int, repeat: int) -> float:
    """Print the table; returns our passages a second over those of sentence-transformers."""
    logging.set_verbosity_error()
    texts = passages(number)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder), shape)
        ours, theirs = Embedder.load(Path(folder, "model")), load(Path(folder, "model"))

    def embedded():
        return [vectors for _, vectors in embed(ours, texts, task="document")]

    def encoded(size):
        return theirs.encode_document(texts, batch_size=size, show_progress_bar=False)

    names = {size: f"sentence-transformers, batches of {size}" for size in BATCHES}
    calls = {names[size]: partial(encoded, size) for size in BATCHES}
    seconds = alternating({"ours": embedded} | calls, repeat)
    tokens = sum(map(len, ours.token_ids(texts, "document", None)))
    print(f"{describe(device)}\nXLM-R {shape}, {number} passages of {tokens / number:.0f} tokens\n")
    print("| embedding | passages / s | times sentence-transformers as it comes |\n|---|--:|--:|")
    plain = seconds[names[BATCHES[0]]]
    for name, taken in seconds.items():
        print(f"| {name} | {number / taken:.2f} | {plain / taken:.2f} |")
    pairs = zip(embedded(), encoded(BATCHES[0]), strict=True)
    worst = max(np.abs(a.astype(np.float32) - np.asarray(b, np.float32)).max() for a, b in pairs)
    print(f"\nlargest difference of a component: {worst:.0e}")
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
