"""Distil a student query encoder for one language from bitext and the teacher's token vectors."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.processes import spread


def main(
    start: Path,
    teacher: Path,
    targets: Path,
    bitext: Path,
    method: str,
    steps: int,
    batch_size: int | None,
    batch_tokens: int | None,
    accumulation: int,
    learning_rate: float,
    length: int,
    marginals: str,
    special_tokens: bool,
    processes: int,
    seed: int,
    output: Path,
    **loss_settings,
) -> None:
    settings = {
        name: value for name, value in locals().items() if name not in ("output", "processes")
    }
    spread(processes)

    from transformers import AutoTokenizer, set_seed

    from optical.models.encoders import load
    from optical.models.export import model_card
    from optical.retrieval.token_vectors import TokenVectors
    from optical.runtime.origin import origin_of
    from optical.training.batches import Batches
    from optical.training.distillation import loss_for, read_pairs, source_ids
    from optical.training.trainer import show_progress, train_late_interaction

    show_progress()
    set_seed(seed)
    student = load(start)
    vectors = TokenVectors(targets)
    pairs = read_pairs(bitext, vectors)
    print(f"{len(pairs)} sentence pairs", flush=True)
    loss = loss_for(
        method,
        student,
        AutoTokenizer.from_pretrained(teacher, local_files_only=True),
        vectors,
        pairs,
        length=length,
        marginals=marginals,
        special_tokens=special_tokens,
        **loss_settings,
    )
    train_late_interaction(
        student,
        pairs,
        loss,
        output,
        columns={"source": "query"},
        batches=Batches(
            len(pairs),
            number=steps * accumulation,
            size=batch_size,
            tokens=batch_tokens,
            lengths=batch_tokens and [len(ids) for ids in source_ids(student, pairs, length)],
            seed=seed,
        ),
        accumulation=accumulation,
        origin=origin_of(**settings),
        card=model_card(f"queries in {bitext.stem}", f"distillation by {method}", teacher.name),
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
        max_length=length,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, argument_default=argparse.SUPPRESS)
    parser.add_argument("--start", type=Path, required=True, help="model the student starts as")
    parser.add_argument("--teacher", type=Path, required=True, help="model of the targets")
    parser.add_argument("--targets", type=Path, required=True, help="teacher's token vectors")
    parser.add_argument("--bitext", type=Path, required=True, help="bitext (.parquet)")
    parser.add_argument(
        "--method",
        choices=["optical", "greedy", "sentence"],
        required=True,
        help="what is minimised: the cost of transport, or one of its controls",
    )
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    batch = parser.add_mutually_exclusive_group(required=True)
    batch.add_argument("--batch-size", type=int, default=None, help="sentence pairs of a batch")
    batch.add_argument("--batch-tokens", type=int, default=None, help="padded tokens of a batch")
    parser.add_argument("--accumulation", type=int, default=1, help="batches of a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument("--length", type=int, required=True, help="tokens of a sentence")
    parser.add_argument(
        "--marginals", choices=["uniform", "idf"], required=True, help="mass of the tokens"
    )
    parser.add_argument(
        "--special-tokens",
        action=argparse.BooleanOptionalAction,
        required=True,
        help="whether markers and sentence ends have a mass",
    )
    transport = parser.add_argument_group("transport", "settings of the method optical")
    transport.add_argument("--solver", choices=["sinkhorn", "ipot", "exact"], help="how to solve")
    transport.add_argument("--epsilon", type=float, help="weight of the entropy")
    transport.add_argument("--iterations", type=int, help="iterations of the solver")
    parser.add_argument("--processes", type=int, default=1, help="GPUs that share a training")
    parser.add_argument("--seed", type=int, required=True, help="seed of the order of pairs")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
