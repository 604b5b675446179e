"""What a program does, as a hash: statements count, words about them do not."""

import sys
from types import ModuleType

import pytest

from optical.runtime.code import ROOT, code_hash, imports, meaning, with_imports
from optical.runtime.origin import fingerprint, origin_of

PROGRAM = '''"""A program."""

WEIGHT = 2
"""What it weighs."""


class Scale:
    """A scale."""

    unit: str = "g"
    """In grams."""


def main(text):
    """text: to be read"""
    return f"{text!r} {WEIGHT:>4}"  # a comment
'''


@pytest.fixture
def hashed(tmp_path):
    def of(text):
        file = tmp_path / "program.py"
        file.write_text(text)
        meaning.cache_clear()
        return code_hash([file])

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# a comment", "# another"),
        ('"""A program."""', '"""Another\n\nprogram."""'),
        ('"""What it weighs."""', '"""Its weight."""'),
        ('    """In grams."""\n', ""),
        ('"""text: to be read"""', '"""text: read"""'),
        ("\n\n\ndef", "\n\ndef"),
    ],
)
def test_words_and_layout_do_not_count(hashed, old, new):
    assert old in PROGRAM
    assert hashed(PROGRAM.replace(old, new)) == hashed(PROGRAM)


@pytest.mark.parametrize(
    ("old", "new"),
    [("WEIGHT = 2", "WEIGHT = 3"), (":>4", ":>5"), ('"g"', '"kg"'), ("!r", ""), ("str =", "int =")],
)
def test_statements_count(hashed, old, new):
    assert old in PROGRAM
    assert hashed(PROGRAM.replace(old, new)) != hashed(PROGRAM)


def test_imports_are_followed_through_packages_and_in_circles(tmp_path):
    files = {
        "program.py": "from house.room import table\nimport numpy",
        "house/__init__.py": "",
        "house/room/__init__.py": "from . import chair",
        "house/room/table.py": "from ..garden import tree\nimport house.room.chair",
        "house/room/chair.py": "from house.room import table",
        "house/garden.py": "tree = 1",
        "house/attic.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = with_imports(tmp_path / "program.py", tmp_path)
    assert {file.relative_to(tmp_path).as_posix() for file in found} == {*files} - {
        "house/attic.py"
    }


def test_an_import_inside_a_function_counts(tmp_path):
    (tmp_path / "late.py").write_text("")
    (tmp_path / "program.py").write_text("def main():\n    import late\n")
    assert imports(tmp_path / "program.py", tmp_path) == {tmp_path / "late.py"}


def test_a_training_goes_on_from_its_checkpoint_after_a_comment_and_not_after_a_statement(
    tmp_path, monkeypatch
):
    module = ModuleType("optical.loaded")
    module.__file__ = str(tmp_path / "loaded.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    def shaped_by(text):
        (tmp_path / "loaded.py").write_text(text)
        meaning.cache_clear()
        return fingerprint(origin_of(steps=5))

    first = shaped_by(PROGRAM)
    assert shaped_by(PROGRAM.replace("# a comment", "# another")) == first
    assert shaped_by(PROGRAM.replace('"""A scale."""', '"""Of weights."""')) == first
    assert shaped_by(PROGRAM.replace("WEIGHT = 2", "WEIGHT = 3")) != first
    monkeypatch.delitem(sys.modules, module.__name__)
    assert fingerprint(origin_of(steps=5)) != first


def loaded_by(program):
    return {file.relative_to(ROOT).as_posix() for file in with_imports(ROOT / f"{program}.py")}


def test_a_program_runs_what_its_packages_and_the_names_that_it_imports_run():
    found = loaded_by("distill_student")
    assert found >= {
        "distill_student.py",
        "optical/transport/__init__.py",
        "optical/transport/solvers.py",
        "optical/settings/distillation.py",
    }
    assert not {name for name in found if name.startswith(("optical/report/", "optical/corpora/"))}


@pytest.mark.parametrize("program", ["pretrain_encoder", "train_teacher", "train_translator"])
def test_a_training_that_transports_nothing_does_not_follow_the_transport(program):
    found = loaded_by(program)
    assert "optical/training/trainer.py" in found
    assert not {name for name in found if name.startswith("optical/transport/")}
