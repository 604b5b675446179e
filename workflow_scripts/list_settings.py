"""Print every setting of a study: what it means, its bounds, its default."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optical.runtime.program import run_program
from optical.settings.schema import SPARSE_COMMENT
from optical.study.loading import schema
from optical.study.settings_page import bounds, page

WIDTH = 100


def main(*, as_schema: bool = False, as_page: Path | None = None) -> None:
    """
    as_schema: the JSON schema, which editors understand, instead of a text
    as_page: write them to this page in Markdown instead, docs/reference/settings.md
    """
    if as_page:
        as_page.write_text(page(schema()), encoding="utf-8")
        return
    print(json.dumps(schema(), indent=2) if as_schema else "\n".join(lines(schema())))


def lines(about: dict[str, Any], indent: str = "") -> Iterator[str]:
    """The keys of a mapping as they are in a study file, each below its description."""
    required = about.get("required", ())
    for name, entry in about["properties"].items():
        value = bounds(entry)
        words = " ".join(filter(None, [entry.get("description"), f"[{value}]" if value else ""]))
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


if __name__ == "__main__":
    run_program(main)
