"""Which package of the library may import which: one table, against the statements of every module.

A package imports those below it and is imported by those above. Programs may import all of them.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[1] / "workflow_scripts"
LIBRARY = PROGRAMS / "optical"

# From the ground up. The loss stands alone, so that it works elsewhere.
MAY_IMPORT = {
    "transport": set(),
    "runtime": set(),
    "settings": {"runtime", "transport"},
    "evaluation": {"corpora", "runtime", "settings"},
    "report": {"evaluation", "runtime", "settings", "study"},
    "retrieval": {"corpora", "runtime", "settings"},
    "models": {"retrieval", "runtime", "settings"},
    "corpora": {"runtime", "settings"},
    "study": {"corpora", "models", "runtime", "settings"},
    "estimate": {"corpora", "runtime", "settings", "study"},
    "training": {"corpora", "models", "retrieval", "runtime", "settings", "transport"},
}

MODULES = sorted(LIBRARY.glob("*/**/*.py"))


def imports(text, package):
    """The full names that a module of a package imports, also in functions, relative or by name.

    A module that is loaded by name stands in a string, as in corpora/registry.py.
    """
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                parts = package.split(".")
                above = parts[: len(parts) - node.level + 1] if node.level else []
                base = ".".join([*above, *filter(None, [node.module])])
                yield from (f"{base}.{alias.name}" for alias in node.names)
            case ast.Constant(value=str(name)) if name.startswith("optical."):
                yield name


def imports_of(file):
    package = ".".join(file.relative_to(PROGRAMS).parent.parts)
    return set(imports(file.read_text(), package))


def package_of(name):
    """The package of the library that a full name lies in: corpora of optical.corpora.rows."""
    top, _, rest = name.partition(".")
    return rest.partition(".")[0] if top == "optical" else None


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(LIBRARY)))
def test_a_module_imports_only_what_its_package_may(file):
    package = file.relative_to(LIBRARY).parts[0]
    others = {package_of(name) for name in imports_of(file)} - {None, package}
    assert others <= MAY_IMPORT[package]


def test_the_table_has_every_package_and_no_permission_that_none_needs():
    used = {package: set() for package in MAY_IMPORT}
    for file in MODULES:
        package = file.relative_to(LIBRARY).parts[0]
        used[package] |= {package_of(name) for name in imports_of(file)} - {None, package}
    assert used == MAY_IMPORT


def test_packages_do_not_import_each_other_in_a_circle():
    order = list(TopologicalSorter(MAY_IMPORT).static_order())  # raises CycleError
    assert set(order) == set(MAY_IMPORT)


def test_the_library_imports_no_program():
    programs = {file.stem for file in PROGRAMS.glob("*.py")}
    imported = {name.partition(".")[0] for file in MODULES for name in imports_of(file)}
    assert programs
    assert not imported & programs


def test_the_loss_names_its_neighbours_only_relative_to_itself():
    """So that its folder works under any name."""
    files = list(LIBRARY.glob("transport/*.py"))
    found = {name for file in files for name in imports(file.read_text(), "elsewhere")}
    assert "elsewhere.solvers.transport_plan" in found
    assert not {name for name in found if name.startswith("optical")}


def test_imports_are_found_wherever_they_stand():
    text = """
import optical.study.files as files, json
from optical import report
from optical.evaluation.gap import compare
from . import rows
from ..models import tokenizer
from .. import training

def late():
    from optical.settings.search import Search

SOURCES = {"tatoeba": ("optical.retrieval.lexical", {})}
"""
    found = {package_of(name) for name in imports(text, "optical.corpora")}
    assert found == {
        *("study", "report", "evaluation", "corpora", "models", "training", "settings"),
        *("retrieval", None),
    }
