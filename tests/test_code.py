"""What a program does, as a hash: statements count, words about them do not."""

import pytest

from optical.runtime.code import code_hash, imports, meaning, with_imports

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
