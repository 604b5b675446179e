"""A study file read, and what a command line sets in place of it: with the line of each mistake.

Snakemake reads study files itself, before any rule. It takes the last of two equal keys, ends with
a traceback at a file that is missing or no UTF-8, and makes text of every number below --config.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from optical.runtime.errors import InputError

DEFAULT = Path("config.yaml")
"""The study of a command that names none."""


class Loader(yaml.SafeLoader):
    """A loader of YAML that says the place of every mistake."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        """A node with those below it; an alias of what it stands in would have no end."""
        mark = self.peek_event().start_mark
        node = super().compose_node(parent, index)
        if node.end_mark is None:
            raise yaml.composer.ComposerError(None, None, "an alias stands for its parent", mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node, such as a number, where its text is one."""
        try:
            return super().construct_object(node, deep)
        except (AttributeError, KeyError, ValueError):
            kind = node.tag.rpartition(":")[2]
            problem = f"{node.value!r} is no {kind}; write it in quotes if it is text"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None


def read_settings(file: Path) -> dict[str, Any]:
    """The settings that a study file gives.

    Raises InputError, one line with the file and where possible its line: for a file that is
    absent, a folder or no UTF-8, that is no mapping of YAML, or that has a key twice.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; expected the YAML file of a study") from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}:{line}: not UTF-8 text, byte 0x{data[error.start]:02x}; save the file as UTF-8"
        ) from None
    settings = parsed(text, str(file))
    if not isinstance(settings, dict):
        raise InputError(f"{file}: no settings of a study; expected lines like `pivot: en`")
    return settings


def parsed(text: str, file: str) -> Any:
    """What YAML text stands for, or JSON; `file` is named in errors. Raises InputError."""
    found = None
    with suppress(ValueError):
        found = json.loads(text)
        # Between values JSON may have tabs; inside of them it has none.
        text = text.expandtabs()
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        for key, line, first in repeated(node):
            raise InputError(f"{file}:{line}: key {key!r} stands in line {first} too")
        return found if found is not None or node is None else loader.construct_document(node)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(f"{file}:{line}: character {error.character:#x}; YAML has none") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = file if mark is None else f"{file}:{mark.line + 1}"
        if "'\\t'" in (error.problem or ""):
            raise InputError(f"{place}: a tab; YAML indents with spaces") from None
        words = ", ".join(filter(None, [error.context, error.problem]))
        raise InputError(f"{place}: not YAML: {words}") from None


def repeated(node: yaml.Node | None) -> Iterator[tuple[str, int, int]]:
    """(key, its line, the line of the first) of every key that a mapping has twice."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        # What an alias stands for was looked at where it is.
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                waiting.append(value)
                if not isinstance(key, yaml.ScalarNode):
                    continue
                line = key.start_mark.line + 1
                if key.value in lines:
                    yield key.value, line, lines[key.value]
                lines[key.value] = line


def given_settings(entries: Iterable[str]) -> dict[str, Any]:
    """What `--config NAME=VALUE ...` sets, each value typed as it would be in a study file.

    Raises InputError for an entry of another form.
    """
    given: dict[str, Any] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not (equals and re.fullmatch(r"[A-Za-z_][\w-]*\w", name)):
            section, _, key = name.rpartition(".")
            hint = f", such as '{section}={{{key}: {value}}}'" if section and equals else ""
            raise InputError(f"--config {entry}: expected NAME=VALUE{hint}")
        given = overlaid(given, {name: parsed(value, f"--config {entry}")})
    return given


def overlaid(settings: Mapping, given: Mapping) -> dict:
    """Settings with others in place of them, section by section, as Snakemake merges them."""
    merged = dict(settings)
    for key, value in given.items():
        below = merged.get(key)
        sections = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = overlaid(below, value) if sections else value
    return merged


def check_command(arguments: Sequence[str]) -> None:
    """Look at the study files and settings of a command of Snakemake before Snakemake reads them.

    A mistake ends the process with one line.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", type=Path, default=[DEFAULT])
    parser.add_argument("--config", "-C", nargs="*", default=[])
    asked, _ = parser.parse_known_args(arguments)
    try:
        for file in asked.configfile:
            read_settings(file)
        given_settings(asked.config)
    except InputError as error:
        sys.exit(f"study: {error}")
