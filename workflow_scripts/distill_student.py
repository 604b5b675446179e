"""Distil a student query encoder for one language from bitext and the teacher's token vectors."""

import argparse
from pathlib import Path

from optical.files import run_program


def main(
    start: Path,
    targets: Path,
    bitext: Path,
    method: str,
    steps: int,
    batch_size: int,
    learning_rate: float,
    length: int,
    epsilon: float,
    iterations: int,
    marginals: str,
    seed: int,
    output: Path,
) -> None:
    from transformers import set_seed

    from optical.distillation import read_pairs, transport_loss_for
    from optical.encoders import load
    from optical.token_vectors import TokenVectors
    from optical.training import show_progress, train_late_interaction

    show_progress()
    set_seed(seed)
    student = load(start)
    vectors = TokenVectors(targets)
    pairs = read_pairs(bitext, vectors)
    print(f"{len(pairs)} sentence pairs", flush=True)
    loss = transport_loss_for(
        student, vectors, pairs, marginals=marginals, epsilon=epsilon, iterations=iterations
    )
    train_late_interaction(
        student,
        pairs,
        loss,
        output,
        columns={"source": "query"},
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        max_length=length,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=Path, required=True, help="model the student starts as")
    parser.add_argument("--targets", type=Path, required=True, help="teacher's token vectors")
    parser.add_argument("--bitext", type=Path, required=True, help="bitext (.parquet)")
    parser.add_argument("--method", choices=["optical"], required=True, help="what is minimised")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    parser.add_argument("--batch-size", type=int, required=True, help="sentence pairs a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument("--length", type=int, required=True, help="tokens of a sentence")
    parser.add_argument("--epsilon", type=float, required=True, help="weight of the entropy")
    parser.add_argument("--iterations", type=int, required=True, help="Sinkhorn iterations")
    parser.add_argument(
        "--marginals", choices=["uniform", "idf"], required=True, help="mass of the tokens"
    )
    parser.add_argument("--seed", type=int, required=True, help="seed of the order of pairs")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
