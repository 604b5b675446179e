"""The work of the stages that train or fetch models: encoders, teachers, students, translators."""

from collections.abc import Iterator
from functools import partial

from optical.estimate.amounts import Amounts, padded, shortened
from optical.estimate.shapes import (
    ASSUMED,
    OPTIMISER_BYTES,
    STATE_BYTES,
    Shape,
    shape_of,
    translator_shape,
)
from optical.estimate.work import CONTEXT, Work
from optical.settings.methods import FINETUNED
from optical.study.files import hub_models, needs_translator, translated_queries
from optical.study.study import Study

ACTIVATIONS = 40
"""Bytes that a layer holds for the backward pass, for each token and dimension of the width: 34 in
half precision (Korthikanti et al. 2022, arXiv 2205.05198, section 4.1, without the part that fused
attention does not hold), and some in float32."""

LOGITS = 24
"""Bytes moved for each logit of a vocabulary: written, normalised and read in both passes."""

PLAN = {"sinkhorn": 8.0, "ipot": 64.0, "exact": 5.0}
"""Bytes moved for each cell of a plan in an iteration. exact has none; it is on the CPU."""

EXACT_ROWS = 40.0
"""Rows that the exact plan of a sentence pair is worth, on a core."""


def model_bytes(shape: Shape) -> float:
    """Bytes of a saved model: weights in float32, the tokenizer beside them."""
    return 4 * shape.parameters + 90 * shape.vocabulary


def trained(
    stage: str,
    shape: Shape,
    *,
    steps: float,
    batches: float,
    passes: float,
    texts: float,
    operations: float,
    moved: float = 0.0,
    held: float = 0.0,
    **more,
) -> Work:
    """A training. Of a batch: its passes through the model, tokens to be read, operations and moved
    bytes of the loss; held: bytes of the loss in memory.

    batches: of a step. texts: padded tokens that go through the model at once.
    """
    number = steps * batches
    state = STATE_BYTES * shape.parameters
    return Work(
        stage=stage,
        program="train",
        gpu=True,
        passes=number * passes,
        layers=shape.layers + shape.writers,
        operations=number * operations,
        width=shape.width,
        moved=steps * OPTIMISER_BYTES * shape.parameters + number * moved,
        kept=model_bytes(shape),
        # The last whole checkpoint and the next: weights and both moments.
        beside=2 * 12 * shape.parameters,
        memory=CONTEXT
        + state
        + 2 * (shape.reading + shape.writing)
        + ACTIVATIONS * texts * shape.width * (shape.layers + 2 * shape.writers)
        + held,
        least=state,
        **more,
    )


def pretrained_encoders(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Encoders from scratch: masked texts and pairs, and perhaps a contrast of translations."""
    settings = study["pretraining"]
    weights = {name: number ** settings["exponent"] for name, number in settings["text"].items()}
    total = sum(weights.values()) or 1.0
    # A foreign text is read with its translation every second time.
    tokens = sum(
        weight / total * amounts.training_passage()
        if name == study.pivot
        else weight / total * 1.5 * amounts.sentence(name)
        for name, weight in weights.items()
    )
    pairs = 0.5 * sum(weight for name, weight in weights.items() if name != study.pivot) / total
    size, length = settings["batch_size"], settings["length"]
    long = padded(tokens, length, size)
    side = padded(tokens / 1.5, length, size)
    contrast = bool(settings["contrast"])
    for name, about in study["encoders"].items():
        if "layers" not in about:
            continue
        shape = shape_of(study, name)
        read, sides = size * long, contrast * 2 * pairs * size * side
        masked = settings["masked"] * size * min(tokens, length)
        logits = masked * shape.vocabulary
        yield trained(
            "pretrain_encoder",
            shape,
            of=name,
            steps=settings["steps"],
            batches=1,
            passes=1 + 2 * contrast,
            texts=read + sides,
            operations=3 * (shape.forward(read, long) + shape.forward(sides, side))
            + 6 * logits * shape.width,
            moved=LOGITS * logits,
            held=12 * logits,
            tokens=settings["steps"] * size * tokens * (1 + contrast),
        )


def fetched_models(study: Study) -> Iterator[Work]:
    """Encoders, finished teachers and the translator that come from the hub or from a folder."""
    for name, about in study.encoders.items():
        if "layers" in about:
            continue
        kind = "teacher" if name in study["teachers"] else "encoder"
        stage = f"{'fetch' if 'hub' in about else 'copy'}_{kind}"
        kept = model_bytes(shape_of(study, name))
        yield Work(stage=stage, of=name, program="embed", kept=kept)
        if kind == "teacher":
            yield Work(stage="convert_teacher", of=name, program="embed", kept=kept)
    if study["translation"]["hub"] and needs_translator(study):
        kept = model_bytes(translator_shape(study))
        yield Work(stage="fetch_translator", program="embed", kept=kept)


def hub_bytes(study: Study) -> float:
    """Bytes of the models that are fetched from the hub."""
    named = [name for name, about in study.encoders.items() if "hub" in about]
    total = sum(model_bytes(shape_of(study, name)) for name in named)
    if len(hub_models(study)) > len(named):
        total += model_bytes(translator_shape(study))
    return total


def assumed_models(study: Study) -> Iterator[str]:
    """The models whose shape is a guess."""
    for name in study.encoders:
        if shape_of(study, name).assumed:
            yield f"encoder {name} (taken for {ASSUMED})"
    if needs_translator(study) and translator_shape(study).assumed:
        yield f"the translator (taken for {ASSUMED})"


def trained_teachers(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Teachers: queries, their passages and hard negatives, a pass for each column."""
    settings = study["teacher"]
    size, columns = settings["batch_size"], 1 + settings["negatives"]
    at_once = min(size, settings["mini_batch"] or size)
    query = padded(amounts.training_query(), study["model"]["query_length"], at_once)
    passage = padded(amounts.training_passage(), study["model"]["passage_length"], at_once)
    # Gradients are cached: each part of a batch goes forward twice.
    again = 4 / 3 if settings["mini_batch"] else 1.0
    scored = size * (size if settings["loss"] == "contrastive" else 1) * columns * query * passage
    for name in study["encoders"]:
        shape = shape_of(study, name)
        asked, read = size * query, size * columns * passage
        yield trained(
            "train_teacher",
            shape,
            of=name,
            jobs=len(study.teacher_names([name])),
            steps=settings["steps"],
            batches=settings["accumulation"],
            passes=(1 + columns) * size / at_once * again,
            texts=(asked + read) * at_once / size,
            operations=again * 3 * (shape.forward(asked, query) + shape.forward(read, passage))
            + 6 * scored * study["model"]["dimension"],
            held=6 * scored,
            tokens=settings["steps"] * settings["accumulation"] * size
            * (amounts.training_query() + columns * amounts.training_passage()),
            # The training set is read whole.
            rows=amounts.training_queries() + amounts.training_passages(),
        )  # fmt: skip


def students(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Students of every method that trains, language and seed."""
    for method in study.trained_methods:
        make = finetuned if study.base(method) in FINETUNED else partial(distilled, method=method)
        if make is finetuned:
            make = partial(finetuned, method=study.base(method))
        for name in study.students_with(method):
            about = study["students"][name]
            shape = shape_of(study, about["encoder"])
            for language in study.languages:
                yield make(study, amounts, shape, name, language, jobs=len(study["seeds"]))


def distilled(
    study: Study,
    amounts: Amounts,
    shape: Shape,
    name: str,
    language: str,
    *,
    method: str,
    jobs: int,
) -> Work:
    """Students that are distilled by a method, in one language."""
    settings, dimension = study.distillation(method), study["model"]["dimension"]
    length, tokens = settings["length"], shortened(amounts.sentence(language), settings["length"])
    pairs = min(amounts.pairs(language), settings["pairs"] or float("inf"))
    if settings["batch_tokens"]:
        size = settings["batch_tokens"] / (1.1 * tokens)
        long = 1.1 * tokens
        other = min(length, 1.5 * tokens)  # of translations of sentences of like length
    else:
        size = settings["batch_size"]
        long = other = padded(tokens, length, size)
    cells = size * long * other
    kind = study.base(method)
    plan = PLAN[settings["solver"]] if kind == "optical" else 4.0 * (kind == "greedy")
    rounds = settings["iterations"] if kind == "optical" else long
    exact = kind == "optical" and settings["solver"] == "exact"
    ranked = cells * size if settings["ranking"] else 0.0
    counted = settings["marginals"] == "idf" or settings["batch_tokens"]
    number = settings["steps"] * settings["accumulation"]
    return trained(
        "distill_student",
        shape,
        of=name,
        jobs=jobs,
        steps=settings["steps"],
        batches=settings["accumulation"],
        passes=1,
        texts=size * long,
        operations=3 * shape.forward(size * long, long) + 6 * (cells + ranked) * dimension,
        moved=plan * cells * (1 if exact else rounds) + 16 * ranked,
        held=24 * cells + 16 * ranked,
        tokens=number * size * tokens + (pairs * tokens if counted else 0),
        rows=pairs + exact * EXACT_ROWS * number * size,
    )


def finetuned(
    study: Study,
    amounts: Amounts,
    shape: Shape,
    name: str,
    language: str,
    *,
    method: str,
    jobs: int,
) -> Work:
    """Students that are fine-tuned on pairs of queries and passages, in one language."""
    settings, model = study["finetuning"], study["model"]
    number, query, passage = finetuning_pairs(study, amounts, method, language)
    size = settings["batch_size"]
    long = padded(query, model["query_length"], size)
    scored = size * size * long * padded(passage, model["passage_length"], size)
    return trained(
        "finetune_student",
        shape,
        of=name,
        jobs=jobs,
        steps=settings["steps"],
        batches=1,
        passes=1,
        texts=size * long,
        operations=3 * shape.forward(size * long, long) + 6 * scored * model["dimension"],
        moved=16 * scored,
        held=16 * scored,
        tokens=settings["steps"] * size * query,
        rows=number,
    )


def finetuning_pairs(
    study: Study, amounts: Amounts, method: str, language: str
) -> tuple[float, float, float]:
    """(pairs, tokens of a query, tokens of a passage) that a method fine-tunes on."""
    model = study["model"]
    if method == "translate_train":
        return amounts.training_queries(), amounts.training_query(), amounts.training_passage()
    tokens = amounts.sentence(language)
    query, passage = (shortened(tokens, model[f"{kind}_length"]) for kind in ("query", "passage"))
    return amounts.pairs(language), query, passage


def translators(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Translators from scratch, one for each direction that is needed."""
    settings = study["translation"]
    if settings["hub"] or not needs_translator(study):
        return
    shape, methods = translator_shape(study), set(study["methods"])
    into_pivot = bool({"bm25_translated", "translate_query"} & methods)
    published = translated_queries(study)
    for language in study.languages:
        directions = into_pivot + ("translate_train" in methods and language not in published)
        tokens = shortened(amounts.sentence(language), settings["length"])
        long = padded(tokens, settings["length"], settings["batch_size"])
        read = settings["batch_size"] * long
        logits = read * shape.vocabulary
        if directions:
            yield trained(
                "train_translator",
                shape,
                of=language,
                jobs=directions,
                steps=settings["steps"],
                batches=1,
                passes=1,
                texts=read,
                operations=3 * shape.forward(read, long)
                + 6 * read * shape.writing
                + 6 * logits * shape.width,
                moved=LOGITS * logits,
                held=12 * logits,
                tokens=settings["steps"] * settings["batch_size"] * 2 * tokens,
            )
