"""Train the teacher: late interaction on an encoder, with in-batch and hard negatives."""

import argparse
from pathlib import Path

from optical.runtime.files import run_program
from optical.runtime.processes import spread


def main(
    encoder: Path,
    training_set: Path,
    dimension: int,
    query_length: int,
    passage_length: int,
    steps: int,
    batch_size: int,
    learning_rate: float,
    scale: float,
    negatives: int,
    mined_negatives: Path | None,
    loss: str,
    accumulation: int,
    mini_batch: int | None,
    processes: int,
    seed: int,
    output: Path,
) -> None:
    settings = {
        name: value for name, value in locals().items() if name not in ("output", "processes")
    }
    if loss == "kl" and mini_batch is not None:
        raise ValueError("--mini-batch: only --loss contrastive has it; take --accumulation")
    spread(processes)

    from sentence_transformers.multi_vector_encoder.losses import (
        CachedMultiVectorMultipleNegativesRankingLoss,
        MultiVectorDistillKLDivLoss,
        MultiVectorMultipleNegativesRankingLoss,
    )
    from transformers import set_seed

    from optical.models.encoders import late_interaction
    from optical.models.export import model_card
    from optical.runtime.origin import origin_of
    from optical.training.batches import Batches
    from optical.training.trainer import show_progress, train_late_interaction
    from optical.training.training_set import read_examples, shared_texts

    show_progress()
    set_seed(seed)
    examples = read_examples(training_set, negatives, mined=mined_negatives, scored=loss == "kl")
    print(f"{len(examples)} queries with a relevant passage", flush=True)
    model = late_interaction(
        encoder, dimension=dimension, query_length=query_length, passage_length=passage_length
    )
    if loss == "kl":
        objective = MultiVectorDistillKLDivLoss(
            model, student_temperature=1 / scale, teacher_temperature=1.0
        )
    elif mini_batch is None:
        objective = MultiVectorMultipleNegativesRankingLoss(model, scale=scale)
    else:
        # The same loss, in the memory that a part of the batch needs (GradCache, arXiv 2101.06983).
        objective = CachedMultiVectorMultipleNegativesRankingLoss(
            model, scale=scale, mini_batch_size=mini_batch
        )
    passages = [name for name in examples.column_names if name not in ("query", "label")]
    train_late_interaction(
        model,
        examples,
        objective,
        output,
        columns={"query": "query"} | dict.fromkeys(passages, "document"),
        batches=Batches(
            len(examples),
            number=steps * accumulation,
            size=batch_size,
            seed=seed,
            # A contrast takes the batch's other passages for negatives; a divergence does not.
            keys=shared_texts(examples) if loss == "contrastive" else None,
        ),
        accumulation=accumulation,
        origin=origin_of(**settings),
        card=model_card(
            "queries and passages",
            f"retrieval, {loss} loss, {negatives} hard negatives for each query",
            None,
        ),
        steps=steps,
        learning_rate=learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the encoder")
    parser.add_argument(
        "--training-set", type=Path, required=True, help="folder: queries, passages, judgements"
    )
    parser.add_argument("--dimension", type=int, required=True, help="length of a token vector")
    parser.add_argument("--query-length", type=int, required=True, help="tokens of a query")
    parser.add_argument("--passage-length", type=int, required=True, help="tokens of a passage")
    parser.add_argument("--steps", type=int, required=True, help="optimiser steps")
    parser.add_argument("--batch-size", type=int, required=True, help="queries a step")
    parser.add_argument("--learning-rate", type=float, required=True, help="peak learning rate")
    parser.add_argument(
        "--scale", type=float, required=True, help="factor on MaxSim before the softmax"
    )
    parser.add_argument("--negatives", type=int, default=0, help="hard negatives of a query")
    parser.add_argument(
        "--mined-negatives", type=Path, help="their file, if not the training set's own"
    )
    parser.add_argument(
        "--loss",
        choices=["contrastive", "kl"],
        default="contrastive",
        help="against negatives, or the divergence from a cross-encoder's scores",
    )
    parser.add_argument("--accumulation", type=int, default=1, help="batches of a step")
    parser.add_argument(
        "--mini-batch", type=int, help="queries that are held in memory at once (gradient caching)"
    )
    parser.add_argument("--processes", type=int, default=1, help="GPUs that share a training")
    parser.add_argument("--seed", type=int, required=True, help="seed of projection and order")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    run_program(lambda: main(**vars(parser.parse_args())))
