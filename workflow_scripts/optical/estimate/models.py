"""The work of the stages that train or fetch encoders, teachers and translators."""

from collections.abc import Iterator

from optical.estimate.amounts import Amounts, shortened
from optical.estimate.shapes import ASSUMED, shape_of, translator_shape
from optical.estimate.training import LOGITS, model_bytes, trained
from optical.estimate.work import Work
from optical.study.files import needs_translator, translated_queries
from optical.study.study import Study


def pretrained_encoders(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Encoders from scratch: masked texts and pairs, and perhaps a contrast of translations."""
    settings = study["pretraining"]
    length = settings["length"]
    weights = {name: number ** settings["exponent"] for name, number in settings["text"].items()}
    total = sum(weights.values()) or 1.0
    # A foreign text is read with its translation every second time.
    whole = {
        name: amounts.training_passage() if name == study.pivot else 1.5 * amounts.sentence(name)
        for name in weights
    }
    tokens = sum(weights[name] / total * shortened(whole[name], length) for name in weights)
    pairs = 0.5 * sum(weight for name, weight in weights.items() if name != study.pivot) / total
    size = settings["batch_size"]
    long = amounts.padded(tokens, length, size)
    side = amounts.padded(tokens / 1.5, length, size)
    contrast = bool(settings["contrast"])
    for name, about in study["encoders"].items():
        if "layers" not in about:
            continue
        shape = shape_of(study, name)
        read, sides = size * long, contrast * 2 * pairs * size * side
        masked = settings["masked"] * size * tokens
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
    query = amounts.padded(amounts.training_query(), study["model"]["query_length"], at_once)
    passage = amounts.padded(amounts.training_passage(), study["model"]["passage_length"], at_once)
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
            operations=again * 3 * (shape.forward(asked, query) + shape.forward(read, passage)),
            compared=6 * scored * study["model"]["dimension"],
            dimension=study["model"]["dimension"],
            held=6 * scored,
            tokens=settings["steps"] * settings["accumulation"] * size
            * (amounts.training_query() + columns * amounts.training_passage()),
            # The training set is read whole.
            rows=amounts.training_queries() + amounts.training_passages(),
        )  # fmt: skip


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
        long = amounts.padded(tokens, settings["length"], settings["batch_size"])
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
