"""What a program does, as a hash: its statements and those of every module of this project that it
imports. Comments, docstrings and layout do not count.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
"""The folder that modules of this project are imported from."""


def code_hash(files: Iterable[Path]) -> str:
    """One hash of what the statements of these files do."""
    whole = hashlib.sha256()
    for file in sorted(set(files)):
        whole.update(f"{file.name} {meaning(file)}\n".encode())
    return whole.hexdigest()[:16]


@cache
def meaning(file: Path) -> str:
    """A hash of the statements of a Python file."""
    tree = ast.parse(file.read_bytes())
    return hashlib.sha256(repr(plain(tree)).encode()).hexdigest()


def plain(node: Any) -> Any:
    """A syntax tree as lists, the same in every version of Python, without docstrings.

    Every text that stands as a statement is one: of a module, a class, a function or a field.
    """
    if isinstance(node, list):
        return [plain(one) for one in node if not is_text(one)]
    if isinstance(node, ast.AST):
        parts = ((name, plain(value)) for name, value in ast.iter_fields(node))
        return [
            type(node).__name__,
            *((name, part) for name, part in parts if part not in ("None", [])),
        ]
    return repr(node)


def is_text(node: Any) -> bool:
    """Whether a node is a text that stands alone, as a statement."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def with_imports(file: Path, root: Path = ROOT) -> set[Path]:
    """A file and all files of this project that it imports, directly or through others."""
    found: set[Path] = set()
    coming = [file]
    while coming:
        if (file := coming.pop()) not in found:
            found.add(file)
            coming += imports(file, root)
    return found


@cache
def imports(file: Path, root: Path = ROOT) -> frozenset[Path]:
    """The files of this project that a Python file itself imports, read from its statements."""
    package = file.relative_to(root).with_suffix("").parts
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level] if node.level else ()
            name = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                found.update(module_files(f"{name}.{alias.name}", root))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found.update(module_files(alias.name, root))
    return frozenset(found)


def module_files(name: str, root: Path = ROOT) -> Iterator[Path]:
    """The files that importing a dotted name runs: its packages' and its own; none of another
    project's.
    """
    base = root
    for part in name.split("."):
        base /= part
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if file.is_file():
                yield file
