"""A student from the model that it starts as to what is kept of it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentence_transformers import MultiVectorEncoder

from optical.models.adapters import adapt, save_adapter, save_whole
from optical.models.encoders import load
from optical.settings.adaptation import Adaptation, Precision


def begin(
    start: Path, output: Path, settings: Adaptation, *, adapter: bool, precision: Precision
) -> tuple[MultiVectorEncoder, Callable[..., None]]:
    """A student that is to be trained, and what saves it: called with a folder and a model card.

    start: folder of the model that it starts as. output: where the student will lie. adapter:
    whether only what the training changed is saved, its numbers in a precision, or a whole model.
    """
    student = load(start)
    lora = adapt(student, settings)
    if not adapter:
        return student, partial(save_whole, model=student, lora=lora)
    half = precision == "float16"
    save = partial(save_adapter, model=student, lora=lora, base=start, placed=output, half=half)
    return student, save
