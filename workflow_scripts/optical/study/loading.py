"""A study read: checked once against the schema and against itself, defaults filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from math import isfinite
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from optical.runtime.errors import InputError
from optical.settings.bounds import COMMIT, NAME
from optical.settings.languages import METRIC, METRIC_NAMES
from optical.settings.schema import schema_of
from optical.settings.study import StudyFile
from optical.study.checks import CHECKS, check_asked, check_depth, check_names, check_sources
from optical.study.files import with_own
from optical.study.miniature import in_miniature
from optical.study.study import Study
from optical.study.translators import RESOURCES, completed

IN_WORDS = {
    METRIC: METRIC_NAMES,
    NAME: "letters, digits, _ and -, the first a letter or digit",
    COMMIT: "a commit, which is 40 hexadecimal digits, or refs/pr/NUMBER",
}
"""What a text may be, by its pattern."""

# To JSON schema 20000.0 is an integer, and to the option of a program it is none.
TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a study file."""
    return schema_of(StudyFile)


def load_study(config: Mapping, datasets: Mapping) -> Study:
    """The study that `config` describes, with every default filled in.

    datasets: the content of resources/datasets.yaml, which says what languages a source has.
    Raises InputError, one line that names the key and what was expected, for anything that could
    not run: an unknown key, a text where a number stands, a language without data, a student
    whose teacher does not exist.
    """
    settings = plain(config)
    keywords = {"properties": fill_in_defaults, "pattern": match_whole}
    kind = extend(Draft202012Validator, keywords, type_checker=TYPES)
    error = best_match(kind(schema()).iter_errors(settings))
    if error:
        raise InputError(explain(error))
    for key, value in numbers(settings):
        if not isfinite(value):
            raise InputError(f"{key}: {value} is not a finite number")
    settings["students"] = settings["students"] or {
        name: {"encoder": name, "teacher": name, "methods": None}
        for name in [*settings["encoders"], *settings["teachers"]]
    }
    study = Study(settings, datasets)
    check_names(study)
    check_sources(study)
    check_asked(study)
    check_depth(study)
    study = replace(study, datasets=with_own(study))
    if settings["scale"] == "tiny":
        study = replace(study, settings=in_miniature(settings, study.languages_with_bitext))
    translation = completed(study["translation"], [study.pivot, *study.languages])
    study = replace(study, settings={**study.settings, "translation": translation})
    for check in CHECKS:
        check(study)
    return replace(study, settings=in_order(study.settings, schema()["properties"]))


def read_datasets() -> dict[str, Any]:
    """The content of resources/datasets.yaml."""
    return yaml.safe_load((RESOURCES / "datasets.yaml").read_text(encoding="utf-8"))


def in_order(study: Mapping[str, Any], properties: Mapping) -> dict:
    """The study with its keys in the schema's order, so that theirs in the file means nothing.

    Encoders, teachers, students and variants stay in their order, which is that of the tables.
    """
    ordered = {}
    for key, about in properties.items():
        if key not in study:
            continue
        value, known = study[key], about.get("properties")
        if key in ("encoders", "teachers", "students", "variants"):
            value = {name: dict(sorted(parts.items())) for name, parts in value.items()}
        elif isinstance(value, dict):
            value = in_order(value, known) if known else dict(sorted(value.items()))
        ordered[key] = value
    return ordered


def plain(value, place: str = ""):
    """A copy made of plain dicts and lists, safe to fill in; its keys are text.

    Raises InputError for a key such as no, Norwegian, which YAML reads as false. place: the key of
    the value itself.
    """
    if isinstance(value, Mapping):
        for key in value:
            if isinstance(key, bool):
                raise InputError(f"{place or 'study file'}: the key {key}{unquoted(key)}")
        return {str(key): plain(item, f"{place}.{key}".lstrip(".")) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, f"{place}.{number}") for number, item in enumerate(value)]
    return value


def unquoted(value) -> str:
    """Why YAML may have read something else where text was meant, and what to write."""
    if isinstance(value, bool):
        words, example = ("yes and on", '"yes"') if value else ("no and off", '"no"')
        return f"; YAML reads {words} as {str(value).lower()}, write {example} in quotes"
    if isinstance(value, int | float):
        return f'; YAML reads it as a number, write "{value}" in quotes'
    if isinstance(value, date):
        return f'; YAML reads it as a date, write "{value}" in quotes'
    return ""


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


def match_whole(validator, pattern, instance, schema) -> Iterator[ValidationError]:
    """The `pattern` keyword, of the whole text: Python's $ would let a line break follow."""
    if isinstance(instance, str) and not re.fullmatch(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


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
        elif "string" in wanted:
            hint = unquoted(error.instance)
        elif "integer" in wanted and isinstance(error.instance, float):
            hint = f"; write {error.instance:.0f}" if error.instance.is_integer() else ""
        return f"{key}: {error.instance!r} is not of type {wanted}{hint}"
    if error.validator == "enum":
        choices = ", ".join(map(str, error.validator_value))
        return f"{key}: {error.instance!r} is unknown; expected one of {choices}"
    if error.validator == "oneOf":
        scratch = "layers, width, heads and vocabulary (from scratch), or "
        return (
            f"{key}: expected {'' if key.startswith('teachers.') else scratch}"
            "hub and revision, or folder"
        )
    if error.validator == "pattern" and error.validator_value in IN_WORDS:
        return f"{key}: {error.instance!r}; expected {IN_WORDS[error.validator_value]}"
    if error.validator == "contains":
        return f"{key}: {error.instance!r} lacks {error.validator_value['const']!r}"
    if error.validator == "minItems":
        return f"{key}: the list is empty; expected at least {error.validator_value}"
    return f"{key}: {error.message}"
