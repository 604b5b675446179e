"""Print every setting of a study: what it means, its bounds, its default."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from optical.runtime.program import run_program
from optical.settings.schema import SPARSE_COMMENT
from optical.study.loading import schema

WIDTH = 100

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} of them",
    "pattern": "like {}",
}


def main(*, as_schema: bool = False) -> None:
    """
    as_schema: the JSON schema, which editors understand, in place of a text
    """
    print(json.dumps(schema(), indent=2) if as_schema else "\n".join(lines(schema())))


def lines(about: dict[str, Any], indent: str = "") -> Iterator[str]:
    """The keys of a mapping as they stand in a study file, each below what is to say of it."""
    required = about.get("required", ())
    for name, entry in about["properties"].items():
        words = " ".join(filter(None, [entry.get("description"), bounds(entry)]))
        yield ""
        yield from textwrap.wrap(
            words, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
        )
        items = entry.get("additionalProperties")
        if "properties" in entry:
            yield f"{indent}{name}:"
            yield from lines(entry, f"{indent}  ")
        elif isinstance(items, dict) and items.get("$comment") == SPARSE_COMMENT:
            yield f"{indent}{name}:"
            yield f"{indent}  NAME: {{SETTING: VALUE}}  # {SPARSE_COMMENT}"
        elif isinstance(items, dict) and "properties" in items:
            yield f"{indent}{name}:"
            yield f"{indent}  NAME:"
            yield from lines(items, f"{indent}    ")
        else:
            default = f" {json.dumps(entry['default'])}" if "default" in entry else ""
            yield f"{indent}{name}:{default}{'  # required' if name in required else ''}"


def bounds(entry: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "enum" in entry:
        return f"[one of {', '.join(map(str, entry['enum']))}]"
    kinds = entry.get("type", "")
    words = [kinds if isinstance(kinds, str) else " or ".join(kinds)] if kinds != "object" else []
    words += [text.format(entry[key]) for key, text in BOUNDS.items() if key in entry]
    return f"[{', '.join(words)}]" if words else ""


if __name__ == "__main__":
    run_program(main)
