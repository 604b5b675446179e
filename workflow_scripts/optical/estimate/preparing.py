"""The work of the stages that prepare data, and of those that write the report."""

from collections.abc import Iterator
from pathlib import Path

from optical.corpora import registry
from optical.estimate.amounts import Amounts
from optical.estimate.work import Work
from optical.settings.methods import LEXICAL
from optical.study.files import downloads, is_exported, judged_sources, read_languages
from optical.study.study import Study

PAIR_ROWS = 100.0
"""Rows that cleaning a sentence pair is worth: its languages are identified, words looked up."""

JUDGED_ROWS = 10.0e6
"""Rows that a set of judged pairs is worth: it has millions of judgements and documents."""

PICTURES = 10
"""Jobs of the report: pictures, tables of costs, the origin of results, the page."""

PICTURE_ROWS = 0.4e6
"""Rows that a picture is worth: it loads a library of its own, and draws."""

RESAMPLED = 2.0e6
"""Rows that the bootstrap is worth beside its scores: 10,000 resamples."""


def data(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Bitext, the training set, collections and queries."""
    if study.is_constructed:
        yield Work(stage="construct_world")
    for file in downloads(study):
        exported = is_exported(Path(file).parts[-2], study)
        stage = "export_ir_dataset" if exported else "download_file"
        yield Work(stage=stage, kept=amounts.download(file))
    for language in read_languages(study):
        pairs, bytes_of_pair = amounts.read_pairs(language), 4 * amounts.sentence(language)
        yield Work(
            stage="prepare_bitext",
            of=language,
            rows=PAIR_ROWS * pairs,
            kept=amounts.pairs(language) * bytes_of_pair,
        )
    queries, texts = amounts.training_queries(), amounts.training_passages()
    scores = 50 * queries if study["training_set"]["scores"] else 0
    yield Work(
        stage="prepare_training_set",
        rows=4 * (queries + texts + scores),
        kept=texts * 4.5 * amounts.training_passage() + 20 * scores,
    )
    if study["training_set"]["negatives"] == "bm25" and study["teacher"]["negatives"]:
        yield Work(stage="mine_negatives", rows=20 * (queries + texts))
    for text in study["pretraining"]["text"].values() if has_scratch(study) else ():
        yield Work(stage="prepare_text", rows=20.0 * text, kept=100.0 * text)
    yield from collections(study, amounts)
    for language in judged_sources(study):
        judged = amounts.judged_pairs(language)
        tokens = amounts.judged_query(language) + amounts.judged_document(language)
        yield Work(
            stage="prepare_judged_pairs",
            of=language,
            rows=JUDGED_ROWS + PAIR_ROWS * judged,
            kept=4 * judged * tokens,
        )
    if "translate_train" in study["methods"]:
        languages = [*study.languages, study.pivot]
        yield Work(stage="prepare_pairs", jobs=len(languages), rows=4 * queries, kept=200 * queries)


def has_scratch(study: Study) -> bool:
    """Whether an encoder is made from scratch."""
    return any("layers" in about for about in study["encoders"].values())


def collections(study: Study, amounts: Amounts) -> Iterator[Work]:
    """Passages and queries of the test collections, and their hashes against contamination."""
    for name in study["collections"]:
        texts, queries = amounts.passages(name), amounts.queries(name)
        tokens = amounts.whole_passage(name)
        yield Work(stage="prepare_collection", of=name, rows=4 * texts, kept=3 * texts * tokens)
        # What a collection asks in a language is kept out of all bitext of it.
        read = study.languages if study.is_constructed else read_languages(study)
        foreign = sum(study.has_queries(name, language) for language in read)
        asked = foreign + study.has_queries(name, study.pivot)
        yield Work(
            stage="prepare_queries", of=name, jobs=asked, rows=20 * queries, kept=200 * queries
        )
        if study.is_constructed:
            continue
        rows = (texts * 10 if name not in registry.POOLED else 0) + 20 * queries
        yield Work(stage="hash_collection", of=name, rows=rows, kept=8 * texts * 0.7 * tokens)
        yield Work(stage="hash_collection", of=name, jobs=foreign, rows=20 * queries)


def report(study: Study, amounts: Amounts) -> Iterator[Work]:
    """The tables, the pictures and the page."""
    scores = sum(
        amounts.queries(name)
        * (len(study["metrics"]) + 1)
        * (1 if method in LEXICAL else len(study.students_with(method)) * len(study["seeds"]))
        for name in study["collections"]
        for language in study.asked_languages(name)
        for method in study.tested_methods(language)
    )
    yield Work(stage="compare_gap", rows=RESAMPLED + scores)
    if "optical" in study["methods"]:
        yield Work(stage="align_sentences", program="embed", gpu=True)
    yield Work(stage="pictures and report", jobs=PICTURES, rows=PICTURE_ROWS, kept=2e5)
