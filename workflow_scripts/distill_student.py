"""Distil a student query encoder for one language from bitext and the teacher's token vectors."""

from pathlib import Path

from optical.runtime.processes import spread
from optical.runtime.program import run_program
from optical.settings.adaptation import Precision
from optical.settings.distillation import Distillation
from optical.settings.methods import Distilled


def main(
    *,
    start: Path,
    teacher: Path,
    targets: Path,
    bitext: Path,
    method: Distilled,
    settings: Distillation,
    processes: int = 1,
    seed: int,
    adapter: bool = False,
    precision: Precision = "float32",
    output: Path,
) -> None:
    """
    start: model the student starts as
    teacher: model of the targets
    targets: teacher's token vectors
    bitext: bitext (.parquet)
    method: what is minimised: the cost of transport, or one of its controls
    processes: GPUs that share a training
    seed: seed of the order of pairs
    adapter: save only what the training changed
    precision: of an adapter
    output: folder to write
    """
    spread(processes)

    from transformers import AutoTokenizer, set_seed

    from optical.models.export import model_card
    from optical.retrieval.token_vectors import TokenVectors
    from optical.runtime.origin import origin_of
    from optical.training.batches import Batches
    from optical.training.collator import BitextCollator
    from optical.training.distillation import (
        loss_for,
        read_pairs,
        source_ids,
        tokenised,
        without_cut,
    )
    from optical.training.late_checks import Look
    from optical.training.students import begin
    from optical.training.trainer import show_progress, train_late_interaction

    show_progress()
    set_seed(seed)
    student, writer = begin(start, output, settings, adapter=adapter, precision=precision)
    vectors = TokenVectors(targets)
    pairs = tokenised(student, read_pairs(bitext, vectors, settings.pairs), settings.length)
    print(f"{len(pairs)} sentence pairs", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(teacher, local_files_only=True)
    if settings.cut_pairs == "leave_out":
        number = len(pairs)
        pairs = without_cut(pairs, student, tokenizer, vectors, settings.length)
        print(f"{number - len(pairs)} of them left out, since a side may be truncated", flush=True)
    tokens = settings.batch_tokens
    loss = loss_for(method, student, tokenizer, vectors, pairs, settings)
    train_late_interaction(
        student,
        pairs,
        loss,
        output,
        collator=BitextCollator(student, vectors),
        batches=Batches(
            len(pairs),
            number=settings.steps * settings.accumulation,
            size=None if tokens else settings.batch_size,
            tokens=tokens,
            lengths=[len(ids) for ids in source_ids(student, pairs)] if tokens else None,
            seed=seed,
        ),
        accumulation=settings.accumulation,
        origin=origin_of(
            settings,
            start=start,
            teacher=teacher,
            targets=targets,
            bitext=bitext,
            method=method,
            seed=seed,
            adapter=adapter,
            precision=precision,
        ),
        card=model_card(f"queries in {bitext.stem}", f"distillation by {method}", teacher.name),
        writer=writer,
        callbacks=[Look(loss.checks)],
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=seed,
    )


if __name__ == "__main__":
    run_program(main)
