"""Fine-tune a query encoder for one language on foreign queries and passages in the pivot."""

from pathlib import Path

from optical.runtime.gpus import take_gpus
from optical.runtime.program import run_program
from optical.settings.adaptation import Precision
from optical.settings.finetuning import Finetuning
from optical.settings.methods import Finetuned


def main(
    *,
    start: Path,
    teacher: Path,
    targets: Path,
    pairs: Path,
    method: Finetuned,
    settings: Finetuning,
    scale: float,
    seed: int,
    adapter: bool = False,
    precision: Precision = "float32",
    output: Path,
) -> None:
    """
    start: model the student starts as
    teacher: model of the passages
    targets: passages' token vectors
    pairs: (.parquet) source: queries, target: passages
    method: what the pairs are
    scale: factor on MaxSim
    seed: seed of the order
    adapter: save only what the training changed
    precision: of an adapter
    output: folder to write
    """
    take_gpus(1)

    import pyarrow.parquet as pq
    from transformers import set_seed

    from optical.models.export import model_card
    from optical.retrieval.token_vectors import TokenVectors
    from optical.runtime.origin import origin_of
    from optical.training.batches import Batches
    from optical.training.collator import BitextCollator
    from optical.training.distillation import read_pairs, tokenised
    from optical.training.finetuning import QUERY, ContrastiveLoss, shared_sides
    from optical.training.students import begin
    from optical.training.trainer import show_progress, train_late_interaction

    show_progress()
    set_seed(seed)
    student, writer = begin(start, output, settings, adapter=adapter, precision=precision)
    vectors = TokenVectors(targets)
    examples = tokenised(student, read_pairs(pairs, vectors))
    queries = pq.read_table(pairs, columns=[QUERY[method]])[QUERY[method]].to_pylist()
    print(f"{len(examples)} queries with a passage, of {pairs}", flush=True)
    train_late_interaction(
        student,
        examples,
        ContrastiveLoss(student, targets=vectors, scale=scale),
        output,
        collator=BitextCollator(student, vectors),
        batches=Batches(
            len(examples),
            number=settings.steps,
            size=settings.batch_size,
            seed=seed,
            keys=shared_sides(queries, examples["label"], vectors),
        ),
        origin=origin_of(
            settings,
            start=start,
            teacher=teacher,
            targets=targets,
            pairs=pairs,
            method=method,
            scale=scale,
            seed=seed,
            adapter=adapter,
            precision=precision,
        ),
        card=model_card(f"queries in {pairs.stem}", f"fine-tuning by {method}", teacher.name),
        writer=writer,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    run_program(main)
