"""The methods of a study and their trainings, checked against each other and against the data."""

from typing import get_args

from optical.corpora.registry import SCORES
from optical.runtime.errors import InputError
from optical.settings.methods import DISTILLED, TRANSLATED, Method
from optical.study.files import judged_sources
from optical.study.study import Study


def check_batches(study: Study) -> None:
    """A batch holds a sentence, is no smaller than its parts and no larger than the data."""
    teacher = study["teacher"]
    parts = [("training_set", "queries", "teacher")]
    if judged := judged_sources(study):
        parts.append(("judged_pairs", "pairs", "finetuning"))
    if "wikiclir" in study["methods"] and {*study.languages} - judged.keys():
        parts.append(("bitext", "pairs", "finetuning"))
    if "translate_train" in study["methods"]:
        parts.append(("training_set", "queries", "finetuning"))
    for section, bound, stage in parts:
        number, size = study[section][bound], study[stage]["batch_size"]
        if number is not None and number < size:
            raise InputError(
                f"{section}.{bound}: {number} is less than a batch, {stage}.batch_size {size}"
            )
    if (teacher["mini_batch"] or 0) > teacher["batch_size"]:
        raise InputError(
            f"teacher.mini_batch: {teacher['mini_batch']} is more than teacher.batch_size, "
            f"{teacher['batch_size']}"
        )


def check_distillations(study: Study) -> None:
    """Every method and variant that distils has batches that hold its sentences."""
    for method in study.distilled_methods:
        settings = study.distillation(method)
        place = f"variants.{method}" if method in study["variants"] else "distillation"
        tokens, length = settings["batch_tokens"], settings["length"]
        if tokens is not None and tokens < length:
            raise InputError(
                f"{place}.batch_tokens: {tokens} is less than a sentence of length, {length}"
            )
        # A ranking is one of two sentences and more.
        if (
            settings["ranking"]
            and (settings["batch_size"] if tokens is None else tokens // length) < 2
        ):
            size = "batch_size: 1" if tokens is None else f"batch_tokens: {tokens}"
            least = "2" if tokens is None else f"{2 * length}, two sentences of length"
            raise InputError(
                f"{place}.{size}, but there is a ranking term; expected at least {least}"
            )
        numbers = [number for number in (study["bitext"]["pairs"], settings["pairs"]) if number]
        if numbers and tokens is None and min(numbers) < settings["batch_size"]:
            raise InputError(
                f"{place}: {min(numbers)} pairs are less than a batch, "
                f"batch_size {settings['batch_size']}"
            )


def check_kept(study: Study) -> None:
    """Adapters alone have a precision."""
    if study["keep"] == "models" and study["precision"] != "float32":
        raise InputError(
            f"precision: {study['precision']}, but keep is models, which are whole; expected "
            "float32, or keep: adapters or scores"
        )


def check_tuning(study: Study) -> None:
    """Learning rates are tried on development queries."""
    tuning = study["tuning"]
    if tuning["learning_rates"] and not tuning["development"]:
        raise InputError(
            "tuning.development: 0, but tuning.learning_rates are to be tried; expected a share of "
            "the queries to choose them on"
        )


def check_variants(study: Study) -> None:
    """A variant is one of a method that the study can have, by a name of its own."""
    for name, variant in study["variants"].items():
        method = variant.get("method")
        if name in get_args(Method):
            if method not in (None, name):
                raise InputError(
                    f"variants.{name}.method: {method!r}, but the name is that of a method; "
                    "expected another name"
                )
            if name not in DISTILLED or name not in study["methods"]:
                raise InputError(
                    f"variants.{name}: is no method of the study that distils; expected one of "
                    f"{', '.join(m for m in study['methods'] if m in DISTILLED) or 'none'}, or "
                    "another name and its method"
                )
        elif method is None:
            raise InputError(
                f"variants.{name}: key 'method' is missing; expected one of {', '.join(DISTILLED)}"
            )


def check_teacher(study: Study) -> None:
    """The teacher's loss has the negatives and scores that it reads."""
    teacher, constructed = study["teacher"], study.is_constructed
    if teacher["seeds"] and len(teacher["seeds"]) != len(study["seeds"]):
        raise InputError(
            f"teacher.seeds: {len(teacher['seeds'])}, but the study has {len(study['seeds'])} "
            "seeds, each of which has a teacher of its own; expected as many, or none"
        )
    for name in study["teachers"] if teacher["seeds"] else ():
        raise InputError(
            f"teacher.seeds: teachers.{name} is finished, and has no seeds; expected encoders alone"
        )
    given = study["training_set"]["negatives"] == "given"
    if teacher["negatives"] and constructed and given:
        raise InputError(
            f"teacher.negatives: {teacher['negatives']}, but constructed data brings none; "
            "expected 0, or training_set.negatives: bm25"
        )
    if teacher["loss"] != "kl":
        return
    if constructed:
        raise InputError("teacher.loss: kl, but constructed data has no cross-encoder's scores")
    if not teacher["negatives"]:
        raise InputError("teacher.negatives: 0, but teacher.loss is kl; expected 1 or more")
    if teacher["mini_batch"] is not None:
        raise InputError(
            "teacher.mini_batch: only teacher.loss contrastive has it; "
            "expected null and a larger teacher.accumulation"
        )
    source = study["training_set"]["source"]
    if source in study.datasets and study["training_set"]["scores"] is None:
        raise InputError(
            f"training_set.scores: null, but teacher.loss is kl, and {source} has no scores; "
            f"expected one of {', '.join(SCORES)}, or your own file"
        )


def check_scores(study: Study) -> None:
    """A cross-encoder's scores are of real passages, and a user's own have a place."""
    settings = study["training_set"]
    scores = settings["scores"]
    if scores is None:
        if settings["margin"]:
            raise InputError(
                f"training_set.margin: {settings['margin']}, but training_set.scores is null; "
                "expected 0, or scores"
            )
        return
    if study.is_constructed:
        raise InputError(
            f"training_set.scores: {scores!r}, but constructed data has none; expected null"
        )
    if settings["negatives"] == "bm25":
        raise InputError(
            "training_set.negatives: bm25, but mined passages have no score; expected given, since "
            "training_set.scores brings hard negatives"
        )
    if scores not in SCORES and study["local"] is None:
        raise InputError(
            f"training_set.scores: {scores!r} is none of {', '.join(SCORES)}; expected one of "
            "them, or your own file and `local`, the folder that it is in"
        )


def check_translation(study: Study) -> None:
    """A translator can be had, and what is compared with it too."""
    translation = study["translation"]
    if "bm25_translated" in study["methods"] and "bm25" not in study["methods"]:
        raise InputError("methods: bm25_translated without bm25, which it is compared with")
    if not set(TRANSLATED) & set(study["methods"]):
        return
    if translation["hub"] and not translation["revision"]:
        raise InputError("translation.revision: null; expected the commit of translation.hub")
    random = translation["weights"] == "random"
    if random and not translation["hub"]:
        raise InputError(
            "translation.weights: random, but translation.hub is null; expected a model of the hub "
            "whose architecture they have"
        )
    if random and not study["pretraining"]["text"]:
        raise InputError(
            "translation.weights: random, but pretraining.text has no language, of whose text the "
            "tokenizer is made; expected some"
        )
    if (random or not translation["hub"]) and translation["width"] % translation["heads"]:
        raise InputError(
            f"translation.heads: {translation['heads']} does not divide "
            f"the width {translation['width']}"
        )
    tested = {study.pivot, *study.languages}
    if translation["codes"] and (missing := tested - translation["codes"].keys()):
        raise InputError(
            f"translation.codes: none for {', '.join(sorted(missing))}; expected what "
            f"{translation['hub']} calls each language of the study"
        )
