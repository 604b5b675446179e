"""The page docs/reference/settings.md, made from the schema of a study."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from optical.settings.schema import SPARSE_COMMENT

TITLE = """\
# Settings

Every setting of a study, with its bounds, its default and its meaning. This page is made from the
code by `make settings-page`. `make settings` prints the same in the terminal.
"""

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} of them",
    "pattern": "like {}",
}
"""Keywords of JSON schema in words."""

# What a cell of a table must not have as it is.
ESCAPES = {"|": "\\|", "*": "\\*", "[": "\\[", "<": "&lt;"}


def bounds(entry: Mapping[str, Any]) -> str:
    """What a value may be, in words, such as `integer, at least 1`; empty for a section."""
    if "enum" in entry:
        return f"one of {', '.join(map(str, entry['enum']))}"
    kinds = entry.get("type", "")
    words = [kinds if isinstance(kinds, str) else " or ".join(kinds)] if kinds != "object" else []
    return ", ".join(
        words + [text.format(entry[key]) for key, text in BOUNDS.items() if key in entry]
    )


def page(schema: Mapping[str, Any]) -> str:
    """The page in Markdown: a table of plain settings, then a heading and a table each section."""
    sections = {name: entry for name, entry in schema["properties"].items() if has_settings(entry)}
    plain = {name: entry for name, entry in schema["properties"].items() if name not in sections}
    parts = [TITLE, "## Study\n", *table({**schema, "properties": plain})]
    for name, entry in sections.items():
        parts += [f"\n## {name}\n", escaped(entry["description"]) + "\n"]
        inner = entry if "properties" in entry else entry["additionalProperties"]
        if inner is not entry:
            parts.append("Each entry is `NAME: {SETTING: VALUE, ...}` with these settings.\n")
        if inner.get("$comment") == SPARSE_COMMENT:
            about = {key: value for key, value in inner["properties"].items() if key == "method"}
            parts.append("It may also have every setting of `distillation`.\n")
            inner = {**inner, "properties": about}
        parts += table(inner)
    return "\n".join(parts) + "\n"


def has_settings(entry: Mapping[str, Any]) -> bool:
    """Whether a setting is a section, or a mapping of names to sections."""
    items = entry.get("additionalProperties")
    return "properties" in entry or (isinstance(items, dict) and "properties" in items)


def table(section: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the table of a section."""
    yield "| setting | value | default | meaning |"
    yield "|---|---|---|---|"
    for name, entry in section["properties"].items():
        default = f"`{json.dumps(entry['default'])}`" if "default" in entry else ""
        if name in section.get("required", ()):
            default = "required"
        value, meaning = map(escaped, (bounds(entry), entry.get("description", "")))
        yield f"| `{name}` | {value} | {default} | {meaning} |"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, within a table too."""
    for sign, instead in ESCAPES.items():
        text = text.replace(sign, instead)
    return text
