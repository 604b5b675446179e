"""Convert a finished late-interaction model of another library into a teacher of the study."""

from pathlib import Path

from optical.runtime.program import run_program


def main(*, model: Path, origin: str, output: Path) -> None:
    """
    model: folder of the model, as it was fetched
    origin: what it is, for its card
    output: folder to write
    """
    from functools import partial

    from optical.models.export import model_card, save_for_all
    from optical.models.finished import load_finished
    from optical.runtime.origin import origin_of
    from optical.training.trainer import save, show_progress, write_provenance

    show_progress()
    teacher = load_finished(model)
    card = model_card("queries and passages", f"others: it is {origin}, taken as it is", None)
    made_by = origin_of(model=model, origin=origin)
    save(
        output,
        partial(save_for_all, model=teacher, card=card),
        partial(write_provenance, made_by),
    )


if __name__ == "__main__":
    run_program(main)
