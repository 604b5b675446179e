"""The JSON schema of a study file, made from the dataclasses of its settings."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from optical.runtime.program import described_fields
from optical.settings.bounds import ABSENT, SPARSE

SPARSE_COMMENT = "the settings of another section, each of which may be left out"

TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema_of(kind: type) -> dict[str, Any]:
    """The schema of a dataclass: every field with its description, bounds and default, no other."""
    helps, types = described_fields(kind), get_type_hints(kind, include_extras=True)
    properties: dict[str, Any] = {}
    required = []
    for field in fields(kind):
        about = schema(types[field.name])
        if field.name in helps:
            about = {"description": helps[field.name]} | about
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        elif default is MISSING and is_dataclass(types[field.name]):
            # A section has a default where each of its settings has one.
            default = MISSING if "required" in about else {}
        if default is MISSING:
            required.append(field.name)
        elif default is not ABSENT:
            about["default"] = default
        properties[field.name] = about
    found = {
        "description": " ".join((kind.__doc__ or "").split()),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return found | {"required": required} if required else found


def schema(kind: Any) -> dict[str, Any]:
    """The schema of a type: a dataclass, a plain type, a list, a dictionary, or a union."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return schema_of(kind)
    if origin is Annotated and SPARSE in inner:
        return without_defaults(schema(inner[0]))
    if origin is Annotated:
        return schema(inner[0]) | dict(inner[1:])
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is list:
        return {"type": "array", "items": schema(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema(inner[1])}
    if origin in (Union, UnionType):
        return one_of(inner) if all(map(is_dataclass, inner)) else either(inner)
    return {"type": TYPES[kind]}


def without_defaults(section: dict[str, Any]) -> dict[str, Any]:
    """The schema of a section in which every setting may be left out, and then is not there."""
    properties = {
        name: {key: value for key, value in about.items() if key != "default"}
        for name, about in section["properties"].items()
    }
    return section | {"properties": properties, "$comment": SPARSE_COMMENT}


def either(kinds: tuple) -> dict[str, Any]:
    """The schema of plain types of which a value may have any."""
    merged: dict[str, Any] = {}
    for about in map(schema, kinds):
        merged |= about | {"type": [*merged.get("type", []), about["type"]]}
    return merged


def one_of(kinds: tuple) -> dict[str, Any]:
    """The schema of dataclasses of which a mapping is exactly one: it has all that this one
    requires and nothing that it does not know.
    """
    each = [schema_of(kind) for kind in kinds]
    properties = {name: about for one in each for name, about in one["properties"].items()}
    return {
        "description": " ".join((kinds[0].__mro__[1].__doc__ or "").split()),
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [
            {
                "required": one["required"],
                "properties": {name: False for name in properties if name not in one["properties"]},
            }
            for one in each
        ],
    }
