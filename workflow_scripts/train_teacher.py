"""Train the teacher: late interaction on an encoder, with in-batch and hard negatives."""

from dataclasses import asdict
from pathlib import Path

from optical.runtime.errors import InputError
from optical.runtime.processes import spread
from optical.runtime.program import run_program
from optical.settings.teacher import Model, Teacher


def main(
    *,
    encoder: Path,
    training_set: Path,
    model: Model,
    settings: Teacher,
    mined_negatives: Path | None = None,
    processes: int = 1,
    output: Path,
) -> None:
    """
    encoder: folder of the encoder
    training_set: folder: queries, passages, judgements
    mined_negatives: hard negatives (.parquet), if not the training set's own
    processes: GPUs that share a training
    output: folder to write
    """
    if settings.loss == "kl" and settings.mini_batch is not None:
        raise InputError("--mini-batch: only --loss contrastive has it; take --accumulation")
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
    set_seed(settings.seed)
    scored = settings.loss == "kl"
    examples = read_examples(training_set, settings.negatives, mined=mined_negatives, scored=scored)
    print(f"{len(examples)} queries with a relevant passage", flush=True)
    teacher = late_interaction(encoder, **asdict(model))
    if scored:
        objective = MultiVectorDistillKLDivLoss(
            teacher,
            student_temperature=1 / settings.scale,
            teacher_temperature=1 / settings.score_scale,
        )
    elif settings.mini_batch is None:
        objective = MultiVectorMultipleNegativesRankingLoss(teacher, scale=settings.scale)
    else:
        # The same loss, in the memory that a part of the batch needs (GradCache, arXiv 2101.06983).
        objective = CachedMultiVectorMultipleNegativesRankingLoss(
            teacher, scale=settings.scale, mini_batch_size=settings.mini_batch
        )
    passages = [name for name in examples.column_names if name not in ("query", "label")]
    train_late_interaction(
        teacher,
        examples,
        objective,
        output,
        columns={"query": "query"} | dict.fromkeys(passages, "document"),
        batches=Batches(
            len(examples),
            number=settings.steps * settings.accumulation,
            size=settings.batch_size,
            seed=settings.seed,
            # A contrast takes the batch's other passages for negatives; a divergence does not.
            keys=None if scored else shared_texts(examples),
        ),
        accumulation=settings.accumulation,
        origin=origin_of(
            model,
            settings,
            encoder=encoder,
            training_set=training_set,
            mined_negatives=mined_negatives,
        ),
        card=model_card(
            "queries and passages",
            f"retrieval, {settings.loss} loss, hard negatives for each query: {settings.negatives}",
            None,
        ),
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
    )


if __name__ == "__main__":
    run_program(main)
