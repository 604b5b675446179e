"""The work of the stages that embed, index, search and score."""

from collections.abc import Iterator

from optical.estimate.amounts import Amounts, shortened
from optical.estimate.shapes import Shape, shape_of, translator_shape
from optical.estimate.students import finetuning_pairs
from optical.estimate.work import CONTEXT, GPU_TOKENS, WRITTEN_TOKENS, Work
from optical.settings.index import EXACT_TOKENS, centroids_for
from optical.settings.methods import FINETUNED, LEXICAL
from optical.study.files import needs_translator, translated_queries
from optical.study.study import Study

INDEXED = 1.2e6
"""Operations of MaxSim that indexing a token is worth on a core: docs/performance.md, Search."""

LISTED = 2000.0
"""Operations that an entry of an index's lists is worth, when a query looks at it: 20 ns."""

INDEX_BYTES = {"int8": 1.0, "float16": 2.0, "pq4": 0.5, "pq": 0.25}
"""Bytes of a dimension by an index's codec."""

OPENED = 0.25e6
"""Rows that opening an index is worth: compiled kernels are loaded, and ids read."""

READ = 2.3
"""Rows that a line of a run is worth when it is read and scored."""

LINE_BYTES = 6.5
"""Bytes of a line of a packed run, and of its part in the scores."""


def embedded(stage: str, study: Study, shape: Shape, texts: float, tokens: float, **more) -> Work:
    """The embedding of texts of so many tokens on average."""
    total = texts * tokens
    vectors = total * vector_bytes(study)
    batch = min(total, GPU_TOKENS)
    return Work(
        stage=stage,
        program="embed",
        gpu=True,
        embedded=total,
        layers=shape.layers,
        operations=shape.forward(total, tokens),
        width=shape.width,
        tokens=total,
        kept=vectors,
        # What `optical.study.trimming` removes.
        used=0.0 if stage == "embed_passages" else vectors,
        memory=CONTEXT + 2 * shape.parameters + 16 * batch * shape.width,
        least=0.0 if shape.assumed else 2 * shape.parameters,
        **more,
    )


def vector_bytes(study: Study) -> float:
    """Bytes of a token in a store of vectors: half precision, and its id."""
    return 2 * study["model"]["dimension"] + 4


def read_teachers(study: Study) -> dict[str, int]:
    """{encoder or finished teacher: trained teachers of it} of those that read passages."""
    used = dict.fromkeys(student["teacher"] for student in study["students"].values())
    return {name: len(study.teacher_names([name])) for name in used}


def targets(study: Study, amounts: Amounts) -> Iterator[Work]:
    """The teachers' vectors of what students learn from: of the bitext, and of passages."""
    for teacher, number in read_teachers(study).items():
        shape = shape_of(study, teacher)
        own = [name for name, student in study["students"].items() if student["teacher"] == teacher]
        methods = [
            method
            for method in study.trained_methods
            if set(study.students_with(method)) & set(own)
        ]
        lengths = {
            study.distillation(method)["length"]
            for method in methods
            if study.base(method) not in FINETUNED
        }
        for language in study.languages:
            for length in sorted(lengths):
                tokens = shortened(amounts.sentence(language), length)
                pairs = amounts.pairs(language)
                yield embedded(
                    "embed_targets", study, shape, pairs, tokens, of=teacher, jobs=number
                )
            if "wikiclir" in methods:
                pairs, _, tokens = finetuning_pairs(study, amounts, "wikiclir", language)
                yield embedded("embed_pairs", study, shape, pairs, tokens, of=teacher, jobs=number)
        if "translate_train" in methods:
            pairs, _, tokens = finetuning_pairs(study, amounts, "translate_train", study.pivot)
            yield embedded("embed_pairs", study, shape, pairs, tokens, of=teacher, jobs=number)


def passages(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Passages, embedded and indexed once for a teacher and a collection."""
    for teacher, number in read_teachers(study).items():
        shape = shape_of(study, teacher)
        for collection in study["collections"]:
            texts, tokens = amounts.passages(collection), amounts.passage(collection)
            yield embedded("embed_passages", study, shape, texts, tokens, of=teacher, jobs=number)
            total = texts * tokens
            approximate = is_approximate(study, total)
            dimension = study["model"]["dimension"]
            yield Work(
                stage="build_index",
                of=teacher,
                jobs=number,
                program="search",
                scanned=INDEXED * total * approximate,
                kept=total * (INDEX_BYTES[study["index"]["codec"]] * dimension + 9) * approximate,
            )


def is_approximate(study: Study, tokens: float) -> bool:
    """Whether an index of so many tokens scores only a part of the passages."""
    kind = study["index"]["kind"]
    return kind == "approximate" or (kind == "auto" and tokens > EXACT_TOKENS)


def readers(study: Study) -> Iterator[tuple[str, str, str, list[str], int]]:
    """(student, method, encoder, languages, seeds) of all that read queries without or after
    training; without training, the first student of a teacher reads for all of them.
    """
    for method in study.methods:
        if method in LEXICAL:
            continue
        trained, seen = study.trains(method), set()
        for name in study.students_with(method):
            about = study["students"][name]
            if not trained and about["teacher"] in seen:
                continue
            seen.add(about["teacher"])
            pivot = [study.pivot] if method == "zero_shot" else []
            seeds = study["seeds"] if trained else study.untrained_seeds
            encoder = about["encoder" if trained else "teacher"]
            yield name, method, encoder, [*pivot, *study.languages], len(seeds)


def runs(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Queries embedded, searched and scored."""
    for name, _, encoder, languages, seeds in readers(study):
        shape = shape_of(study, encoder)
        for language in languages:
            tested = [one for one in study["collections"] if study.has_queries(one, language)]
            if not tested:
                continue
            texts = sum(map(amounts.queries, tested))
            tokens = sum(amounts.queries(one) * amounts.query(one) for one in tested) / texts
            yield embedded("embed_queries", study, shape, texts, tokens, of=name, jobs=seeds)
            for collection in tested:
                yield searched(study, amounts, name, collection, seeds)
    yield from scored(study, amounts)


def searched(study: Study, amounts: Amounts, name: str, collection: str, jobs: int) -> Work:
    """The search of a collection by its queries in one language."""
    settings, dimension = study["search"], study["model"]["dimension"]
    queries, tokens = amounts.queries(collection), amounts.query(collection)
    number, length = amounts.passages(collection), amounts.passage(collection)
    total = number * length
    exact = 2 * tokens * total * dimension
    lines = queries * min(settings["depth"], number)
    if not is_approximate(study, total):
        work = queries * exact
    else:
        centroids = study["index"]["centroids"] or centroids_for(total)
        looked_at = settings["probes"] * tokens * total / centroids
        multiplied = centroids + min(settings["candidates"], number) * length
        some = min(queries, settings["exact_queries"])
        work = queries * (LISTED * looked_at + 2 * tokens * multiplied * dimension) + some * exact
        lines += some * min(settings["depth"], number)
    return Work(
        stage="search_passages",
        of=name,
        jobs=jobs,
        program="search",
        scanned=work,
        rows=OPENED + lines + number / 10,
        kept=LINE_BYTES * lines,
    )


def scored(study: Study, amounts: Amounts) -> Iterator[Work]:
    """The scores of every student's runs, and the runs of BM25."""
    for collection in study["collections"]:
        queries, number = amounts.queries(collection), amounts.passages(collection)
        lines = queries * min(study["search"]["depth"], number)
        compared = study.has_queries(collection, study.pivot)
        for language in study.asked_languages(collection):
            # Beside a run in another language, that of the same queries in the pivot is read.
            runs = 2 if compared and language != study.pivot else 1
            score = Work(stage="score_run", rows=READ * runs * lines, kept=60 * queries)
            for method in study.tested_methods(language):
                if method not in LEXICAL:
                    trained = study.trains(method)
                    seeds = len(study["seeds"] if trained else study.untrained_seeds)
                    yield score.times(seeds * len(study.students_with(method)))
                    continue
                yield Work(
                    stage="search_lexical",
                    of=method,
                    rows=lines + 20 * number,
                    # Every passage with a word of the query has a score.
                    scanned=1000 * queries * number,
                    kept=LINE_BYTES * lines,
                )
                yield score


def translations(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Queries that are translated, and what they are compared with."""
    if not needs_translator(study):
        return
    shape, methods = translator_shape(study), set(study["methods"])
    beams, published = study["translation"]["beams"], translated_queries(study)
    into_pivot = {"bm25_translated", "translate_query"} & methods
    for language in study.languages:
        tested = [one for one in study["collections"] if study.has_queries(one, language)]
        in_both = [one for one in tested if study.has_queries(one, study.pivot)]
        if into_pivot:
            for one in tested:
                yield translated(
                    "translate_queries", shape, amounts.queries(one), amounts.query(one), beams
                )
            yield Work(stage="score_translations", jobs=len(in_both))
        if "translate_train" in methods and language not in published:
            yield translated(
                "translate_training_queries",
                shape,
                amounts.training_queries(),
                amounts.training_query(),
                1,
            )
            for one in in_both[:1]:
                number = min(500.0, amounts.queries(one))
                yield translated("translate_from_pivot", shape, number, amounts.query(one), 1)
                yield Work(stage="score_translations")


def translated(stage: str, shape: Shape, texts: float, tokens: float, beams: int) -> Work:
    """Texts translated, a token of a whole batch at a time."""
    total = texts * tokens
    step = beams * total * (shape.writing + shape.table)
    return Work(
        stage=stage,
        program="embed",
        gpu=True,
        # A batch writes until its longest translation ends; each token is a pass of its own.
        written=1.5 * tokens * total * beams,
        layers=shape.writers,
        operations=2 * (total * shape.reading + step),
        width=shape.width,
        tokens=2 * total,
        rows=texts,
        kept=60 * texts,
        memory=CONTEXT + 2 * shape.parameters + 8 * WRITTEN_TOKENS * shape.vocabulary,
        least=0.0 if shape.assumed else 2 * shape.parameters,
    )
