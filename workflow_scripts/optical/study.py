"""A study: its settings, checked once against the schema and against each other."""

from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from optical.constructed import LANGUAGES, PIVOT

GROUPS = ("high", "mid", "low")


def load_study(config: Mapping, schema_file: Path, datasets: Mapping) -> dict:
    """The study that `config` describes, with every default filled in.

    datasets: the content of resources/datasets.yaml, which says what languages a source has.
    Raises ValueError, one line that names the key and what was expected, for anything that could
    not run: an unknown key, a text where a number stands, a language without data, a student
    whose teacher does not exist.
    """
    schema = yaml.safe_load(Path(schema_file).read_text())
    study = plain(config)
    with_defaults = extend(Draft202012Validator, {"properties": fill_in_defaults})
    error = best_match(with_defaults(schema).iter_errors(study))
    if error:
        raise ValueError(explain(error))
    for key, value in numbers(study):
        if not isfinite(value):
            raise ValueError(f"{key}: {value} is not a finite number")
    study["students"] = study["students"] or {
        name: {"encoder": name, "teacher": name, "methods": None} for name in study["encoders"]
    }
    checks = (
        check_batches,
        check_teacher,
        check_students,
        check_encoders,
        check_data,
        check_windows,
        check_metric,
        check_languages,
    )
    for check in checks:
        check(study, datasets)
    return study


def plain(value):
    """A copy made of plain dicts and lists, safe to fill in."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def numbers(node, key: str = "") -> Iterator[tuple[str, float]]:
    """(dotted key, value) of every number below a node."""
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for name, value in items:
            yield from numbers(value, f"{key}.{name}".lstrip("."))
    elif isinstance(node, int | float):
        yield key, node


def fill_in_defaults(validator, properties, instance, schema) -> Iterator[ValidationError]:
    """The `properties` keyword of JSON schema, setting missing keys to their default first."""
    if isinstance(instance, dict):
        for key, subschema in properties.items():
            if isinstance(subschema, dict) and "default" in subschema:
                instance.setdefault(key, plain(subschema["default"]))
    yield from Draft202012Validator.VALIDATORS["properties"](
        validator, properties, instance, schema
    )


def explain(error: ValidationError) -> str:
    """A schema error as one line: the key, what stands there, what was expected."""
    key = ".".join(str(part) for part in error.absolute_path) or "study file"
    if error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {})
        unknown = sorted(set(error.instance) - set(allowed))
        return f"{key}: unknown key {unknown[0]!r}; expected one of {', '.join(allowed)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{key}: key {missing!r} is missing"
    if error.validator == "type":
        wanted = error.validator_value
        wanted = wanted if isinstance(wanted, str) else " or ".join(wanted)
        hint = ""
        if isinstance(error.instance, str) and wanted in ("number", "integer"):
            hint = "; YAML reads 1e-5 as text, write 1.0e-5"
        return f"{key}: {error.instance!r} is not of type {wanted}{hint}"
    if error.validator == "enum":
        choices = ", ".join(map(str, error.validator_value))
        return f"{key}: {error.instance!r} is unknown; expected one of {choices}"
    if error.validator == "oneOf":
        return (
            f"{key}: expected layers, width, heads and vocabulary (from scratch), "
            "or hub and revision, or folder"
        )
    if error.validator == "contains":
        return f"{key}: {error.instance!r} lacks {error.validator_value['const']!r}"
    if error.validator == "minItems":
        return f"{key}: the list is empty; expected at least {error.validator_value}"
    return f"{key}: {error.message}"


# --- checks of one key against another -----------------------------------------------------------


def check_batches(study: dict, datasets: Mapping) -> None:
    """A batch holds a sentence, is no smaller than its parts and no larger than the data."""
    distillation, teacher = study["distillation"], study["teacher"]
    tokens = distillation["batch_tokens"]
    for section, bound, stage in (
        ("bitext", "pairs", "distillation"),
        ("training_set", "queries", "teacher"),
    ):
        number, size = study[section][bound], study[stage]["batch_size"]
        # A batch by tokens may have any number of sentences.
        if number is not None and number < size and not study[stage].get("batch_tokens"):
            raise ValueError(
                f"{section}.{bound}: {number} is less than a batch, {stage}.batch_size {size}"
            )
    if tokens is not None and tokens < distillation["length"]:
        raise ValueError(
            f"distillation.batch_tokens: {tokens} is less than a sentence of distillation.length, "
            f"{distillation['length']}"
        )
    if (teacher["mini_batch"] or 0) > teacher["batch_size"]:
        raise ValueError(
            f"teacher.mini_batch: {teacher['mini_batch']} is more than teacher.batch_size, "
            f"{teacher['batch_size']}"
        )


def check_teacher(study: dict, datasets: Mapping) -> None:
    """The teacher's loss has the negatives and scores that it reads."""
    teacher, constructed = study["teacher"], is_constructed(study)
    given = study["training_set"]["negatives"] == "given"
    if teacher["negatives"] and constructed and given:
        raise ValueError(
            f"teacher.negatives: {teacher['negatives']}, but constructed data brings none; "
            "expected 0, or training_set.negatives: bm25"
        )
    if teacher["loss"] != "kl":
        return
    if constructed:
        raise ValueError("teacher.loss: kl, but constructed data has no cross-encoder's scores")
    if not teacher["negatives"]:
        raise ValueError("teacher.negatives: 0, but teacher.loss is kl; expected 1 or more")
    if teacher["mini_batch"] is not None:
        raise ValueError(
            "teacher.mini_batch: only teacher.loss contrastive has it; "
            "expected null and a larger teacher.accumulation"
        )


def check_students(study: dict, datasets: Mapping) -> None:
    """Students are made of encoders and have methods that the study lists."""
    for name, student in study["students"].items():
        if name == "none":
            raise ValueError(f"students.{name}: this name stands for no student; expected another")
        unknown = set(student["methods"] or ()) - set(study["methods"])
        if unknown:
            raise ValueError(
                f"students.{name}.methods: {min(unknown)!r} is not a method of the study; "
                f"expected some of {', '.join(study['methods'])}"
            )
        for role in ("encoder", "teacher"):
            if student[role] not in study["encoders"]:
                raise ValueError(
                    f"students.{name}.{role}: {student[role]!r} is not an encoder of the study; "
                    f"expected one of {', '.join(study['encoders'])}"
                )


def check_encoders(study: dict, datasets: Mapping) -> None:
    """Encoders from scratch have a possible shape, and text to be trained on."""
    for name, encoder in study["encoders"].items():
        if "layers" not in encoder:
            continue
        if encoder["width"] % encoder["heads"]:
            raise ValueError(
                f"encoders.{name}.heads: {encoder['heads']} does not divide "
                f"the width {encoder['width']}"
            )
        if not study["pretraining"]["text"]:
            raise ValueError(
                f"pretraining.text: no language, but encoder {name!r} is built from scratch"
            )
    known = bitext_languages(study, datasets) | {study["pivot"]}
    for language in study["pretraining"]["text"]:
        if language not in known:
            raise ValueError(
                f"pretraining.text: {language!r} is in none of the bitext sources; "
                f"expected one of {', '.join(sorted(known))}"
            )


def check_data(study: dict, datasets: Mapping) -> None:
    """Constructed data is not mixed with real data, and a local set names its folder."""
    constructed = {
        "bitext.sources": {source == "constructed" for source in study["bitext"]["sources"]},
        "training_set.source": {study["training_set"]["source"] == "constructed"},
        "collections": {name == "constructed" for name in study["collections"]},
    }
    if len(set.union(*constructed.values())) > 1:
        raise ValueError(
            f"{', '.join(constructed)}: constructed data cannot be mixed with real data"
        )
    if is_constructed(study):
        world = study["constructed"]
        if world["queries"] > world["passages"]:
            raise ValueError(
                f"constructed.queries: {world['queries']} is more than "
                f"constructed.passages, {world['passages']}"
            )
        for key in ("bitext.pairs", "training_set.queries"):
            section, name = key.split(".")
            if study[section][name] is None:
                raise ValueError(f"{key}: null, but constructed data has no end; expected a number")
    elif study["training_set"]["folder"] is None or study["local"] is None:
        missing = "local" if study["training_set"]["folder"] else "training_set.folder"
        raise ValueError(f"{missing}: null, but training_set.source is local; expected a folder")


def check_windows(study: dict, datasets: Mapping) -> None:
    """No word of a long text lies between two windows."""
    words, stride = study["windows"]["words"], study["windows"]["stride"]
    if stride is not None and words is None:
        raise ValueError(f"windows.stride: {stride}, but windows.words is null; expected a number")
    if stride is not None and stride > words:
        raise ValueError(f"windows.stride: {stride} is more than windows.words, {words}")


def check_metric(study: dict, datasets: Mapping) -> None:
    """The gap's metric is measured."""
    if study["metric"] not in study["metrics"]:
        raise ValueError(
            f"metric: {study['metric']!r} is not measured; expected one of metrics, "
            f"{', '.join(study['metrics'])}"
        )


def check_languages(study: dict, datasets: Mapping) -> None:
    """Every language is in one group only, has bitext to learn from and a test to be scored on."""
    pivot = PIVOT if is_constructed(study) else "en"
    if study["pivot"] != pivot:
        raise ValueError(f"pivot: {study['pivot']!r} is not the passages' language, {pivot!r}")
    group_of: dict[str, str] = {}
    trained = trained_methods(study)
    bitext = bitext_languages(study, datasets)
    tested = set.union(*(collection_languages(name, datasets) for name in study["collections"]))
    for group, language in grouped_languages(study):
        key = f"languages.{group}"
        if language in group_of:
            raise ValueError(f"{key}: {language!r} is in group {group_of[language]!r} too")
        group_of[language] = group
        if language == study["pivot"]:
            raise ValueError(f"{key}: {language!r} is the pivot, which every study tests")
        if language not in tested:
            raise ValueError(
                f"{key}: {language!r} is in none of the collections; "
                f"expected one of {', '.join(sorted(tested - {pivot}))}"
            )
        if trained and language not in bitext:
            raise ValueError(
                f"{key}: {language!r} is in none of the bitext sources; "
                f"expected one of {', '.join(sorted(bitext))}"
            )


# --- what a study says ---------------------------------------------------------------------------


def is_constructed(study: Mapping) -> bool:
    """Whether the study's data is constructed."""
    return study["training_set"]["source"] == "constructed"


def grouped_languages(study: Mapping) -> Iterator[tuple[str, str]]:
    """(group, language) of every foreign language, in the study's order."""
    for group in GROUPS:
        for language in study["languages"].get(group, []):
            yield group, language


def trained_methods(study: Mapping) -> list[str]:
    """The study's methods that distil a student for each language and seed, in its order."""
    return [method for method in study["methods"] if method not in ("bm25", "zero_shot")]


def students_with(study: Mapping, method: str) -> list[str]:
    """The students that have a method, in the study's order."""
    return [
        name
        for name, student in study["students"].items()
        if student["methods"] is None or method in student["methods"]
    ]


def source_languages(source: str, datasets: Mapping) -> set[str]:
    """Languages that a source of bitext or a test collection has."""
    if source == "constructed":
        return set(LANGUAGES)
    return {file["language"] for file in datasets[source]["files"].values() if "language" in file}


def bitext_languages(study: Mapping, datasets: Mapping) -> set[str]:
    """Languages with bitext in any of the study's sources."""
    sources = (source_languages(source, datasets) for source in study["bitext"]["sources"])
    return set.union(*sources) - {study["pivot"]}


def collection_languages(collection: str, datasets: Mapping) -> set[str]:
    """Languages that a test collection has queries in, the pivot among them."""
    return source_languages(dataset_of(collection), datasets)


def known_languages(study: Mapping, datasets: Mapping) -> list[str]:
    """Every language that a file of the study may be named after, in order."""
    names = {study["pivot"], *study["pretraining"]["text"], *bitext_languages(study, datasets)}
    names.update(*(collection_languages(name, datasets) for name in study["collections"]))
    return sorted(names)


def dataset_of(collection: str) -> str:
    """The dataset whose files a collection is made of: the part before the variant."""
    return collection.split("-")[0]
