"""Fine-tune a query encoder for one language on foreign queries and passages in the pivot."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.gpus import take_gpus


def main(
    start: Path,
    teacher: Path,
    targets: Path,
    pairs: Path,
    method: str,
    steps: int,
    batch_size: int,
    learning_rate: float,
    scale: float,
    seed: int,
    output: Path,
) -> None:
    take_gpus(1)

    settings = {name: value for name, value in locals().items() if name != "output"}

    import pyarrow.parquet as pq
    from transformers import set_seed

    from optical.models.encoders import load
    from optical.models.export import model_card
    from optical.retrieval.token_vectors import TokenVectors
    from optical.runtime.origin import origin_of
    from optical.training.batches import Batches
    from optical.training.distillation import read_pairs
    from optical.training.finetuning import QUERY, ContrastiveLoss, shared_sides
    from optical.training.trainer import show_progress, train_late_interaction

    show_progress()
    set_seed(seed)
    student = load(start)
    vectors = TokenVectors(targets)
    examples = read_pairs(pairs, vectors)
    queries = pq.read_table(pairs, columns=[QUERY[method]])[QUERY[method]].to_pylist()
    print(f"{len(examples)} queries with a passage", flush=True)
    train_late_interaction(
        student,
        examples,
        ContrastiveLoss(student, targets=vectors, scale=scale),
        output,
        columns={"source": "query"},
        batches=Batches(
            len(examples),
            number=steps,
            size=batch_size,
            seed=seed,
            keys=shared_sides(queries, examples["label"], vectors),
        ),
        origin=origin_of(**settings),
        card=model_card(f"queries in {pairs.stem}", f"fine-tuning by {method}", teacher.name),
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=Path, required=True, help="model the student starts as")
    parser.add_argument("--teacher", type=Path, required=True, help="model of the passages")
    parser.add_argument("--targets", type=Path, required=True, help="passages' token vectors")
    parser.add_argument(
        "--pairs", type=Path, required=True, help="(.parquet) source: queries, target: passages"
    )
    parser.add_argument(
        "--method", required=True, help="translate_train or wikiclir, what the pairs are"
    )
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    parser.add_argument("--batch-size", type=int, required=True, help="queries of a batch")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument("--scale", type=float, required=True, help="factor on MaxSim")
    parser.add_argument("--seed", type=int, required=True, help="seed of the order")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
