"""The work of training students, by each method."""

from collections.abc import Iterator
from functools import partial

from optical.estimate.amounts import Amounts, shortened
from optical.estimate.shapes import Shape, shape_of
from optical.estimate.training import part_of, trained
from optical.estimate.work import Work
from optical.settings.methods import FINETUNED
from optical.study.files import judged_sources
from optical.study.study import Study

PLAN = {"sinkhorn": 8.0, "ipot": 64.0, "exact": 5.0}
"""Bytes moved for each cell of a plan in an iteration. exact has none; it is on the CPU."""

EXACT_ROWS = 40.0
"""Rows that the exact plan of a sentence pair is worth, on a core."""


def students(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Students of every method that trains, language and seed."""
    for method in study.trained_methods:
        base = study.base(method)
        tuned, kind = (finetuned, base) if base in FINETUNED else (distilled, method)
        make = partial(tuned, method=kind)
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
        long = other = amounts.padded(tokens, length, size)
    cells = size * long * other
    kind = study.base(method)
    plan = PLAN[settings["solver"]] if kind == "optical" else 4.0 * (kind == "greedy")
    rounds = settings["iterations"] if kind == "optical" else long
    exact = kind == "optical" and settings["solver"] == "exact"
    ranked = cells * size if settings["ranking"] else 0.0
    counted = settings["marginals"] == "idf" or settings["batch_tokens"]
    number = settings["steps"] * settings["accumulation"]
    part = part_of(study, shape, settings)
    return trained(
        "distill_student",
        shape,
        of=name,
        jobs=jobs,
        steps=settings["steps"],
        batches=settings["accumulation"],
        passes=1,
        texts=size * long,
        operations=part.passes * shape.forward(size * long, long),
        compared=6 * (cells + ranked) * dimension,
        dimension=dimension,
        part=part,
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
    long = amounts.padded(query, model["query_length"], size)
    part = part_of(study, shape, settings)
    scored = size * size * long * amounts.padded(passage, model["passage_length"], size)
    return trained(
        "finetune_student",
        shape,
        of=name,
        jobs=jobs,
        steps=settings["steps"],
        batches=1,
        passes=1,
        texts=size * long,
        operations=part.passes * shape.forward(size * long, long),
        compared=6 * scored * model["dimension"],
        dimension=model["dimension"],
        part=part,
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
    if language in judged_sources(study):
        query, document = amounts.judged_query(language), amounts.judged_document(language)
        return amounts.judged_pairs(language), query, document
    tokens = amounts.sentence(language)
    query, passage = (shortened(tokens, model[f"{kind}_length"]) for kind in ("query", "passage"))
    return amounts.pairs(language), query, passage
