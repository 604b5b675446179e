"""The edge of a program: options from a signature, and what ends it in one line."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pyarrow.parquet as pq
import pytest

from optical.runtime.errors import InputError
from optical.runtime.program import REQUIRED, bare, command_line, fields_of, parser_of, run_program
from trees import ROOT, SMOKE, copy_tree, edit_study, snakemake, succeeds

PROGRAMS = sorted(path.stem for path in (ROOT / "workflow_scripts").glob("*.py"))


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is inherited."""

    seed: int = 1
    """seed of the order"""


@dataclass(frozen=True, kw_only=True)
class Settings(Order):
    """What is set."""

    steps: Annotated[int, ("minimum", 1)]
    """steps of 100 %"""

    rate: float = 2e-05
    """its rate,
    at the peak"""


def given(monkeypatch, main, *arguments, **options):
    """Run a program that takes note of what it is given."""
    monkeypatch.setattr(sys, "argv", ["a_program.py", *map(str, arguments)])
    run_program(main, **options)


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "default", "arguments", "value"),
    [
        (str, REQUIRED, ["a b"], "a b"),
        (Path, REQUIRED, ["a/b"], Path("a/b")),
        (int, REQUIRED, ["7"], 7),
        (float, 0.5, ["2e-05"], 2e-05),
        (Annotated[int, ("minimum", 1)], 5, ["7"], 7),
        (Literal["one", "two"], "one", ["two"], "two"),
        (int | None, None, ["7"], 7),
        (Path | None, None, ["a"], Path("a")),
        (Annotated[int, ("minimum", 1)] | None, None, ["7"], 7),
        (list[Path], REQUIRED, ["a", "b"], [Path("a"), Path("b")]),
        (Sequence[int], (), ["1", "2"], [1, 2]),
        (Sequence[int], (), [], []),
        (dict[str, Path], REQUIRED, ["a=b", "c=d=e"], {"a": Path("b"), "c": Path("d=e")}),
        (dict[str, float] | None, None, ["a=1"], {"a": 1.0}),
        (tuple[str, Path], REQUIRED, ["a=b"], ("a", Path("b"))),
    ],
)
def test_an_option_is_read_by_the_type_of_its_parameter(
    monkeypatch, kind, default, arguments, value
):
    found = []

    def main(*, some_thing: kind = default) -> None:
        """some_thing: what it is"""
        found.append(some_thing)

    if default is REQUIRED:
        main.__kwdefaults__ = None
        with pytest.raises(SystemExit):
            given(monkeypatch, main)
        assert found == []
    else:
        given(monkeypatch, main)
        assert found.pop() == default
    given(monkeypatch, main, "--some-thing", *arguments)
    assert found == [value]
    assert type(found[0]) is type(value)


@pytest.mark.parametrize("default", [True, False])
def test_a_truth_value_is_said_or_denied(monkeypatch, default):
    found = []

    def main(*, write: bool = default) -> None:
        """write: whether"""
        found.append(write)

    for arguments in ([], ["--write"], ["--no-write"]):
        given(monkeypatch, main, *arguments)
    assert found == [default, True, False]


def test_a_positional_parameter_has_no_option(monkeypatch):
    found = []

    def main(question: str, /, *, number: int = 3) -> None:
        """
        question: what is asked
        number: how many
        """
        found.append((question, number))

    given(monkeypatch, main, "--number", 4, "who?")
    assert found == [("who?", 4)]


@pytest.mark.parametrize(
    ("kind", "argument", "message"),
    [
        (int, "many", "invalid int value: 'many'"),
        (Literal["one", "two"], "three", "choose from "),
        (dict[str, int], "three", "'three' is not NAME=VALUE"),
        (dict[str, int], "=3", "'=3' is not NAME=VALUE"),
        (tuple[str, Path], "three=", "'three=' is not NAME=VALUE"),
    ],
)
def test_a_value_of_another_type_is_refused(monkeypatch, capsys, kind, argument, message):
    def main(*, number: kind) -> None:
        """number: how many"""
        raise AssertionError

    with pytest.raises(SystemExit) as stopped:
        given(monkeypatch, main, "--number", argument)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def trains(*, settings: Settings, output: Path) -> None:
    """
    output: folder to write,
        which is new
    """


def test_a_dataclass_stands_for_its_fields_and_those_it_inherits(monkeypatch):
    found = []

    def main(*, settings: Settings, output: Path) -> None:
        found.append((settings, output))

    main.__doc__ = trains.__doc__
    given(monkeypatch, main, "--steps", 9, "--output", "x")
    given(monkeypatch, main, "--steps", 9, "--output", "x", "--seed", 2, "--rate", 1)
    assert found == [
        (Settings(steps=9, rate=2e-05, seed=1), Path("x")),
        (Settings(steps=9, rate=1.0, seed=2), Path("x")),
    ]
    with pytest.raises(SystemExit):
        given(monkeypatch, main, "--output", "x")


def test_help_has_the_texts_of_parameters_and_fields_and_the_defaults():
    parser = parser_of(trains)
    assert {action.dest: action.help for action in parser._actions if action.dest != "help"} == {
        "seed": "seed of the order (1)",
        "steps": "steps of 100 %%",
        "rate": "its rate, at the peak (2e-05)",
        "output": "folder to write, which is new",
    }
    assert "steps of 100 %" in " ".join(parser.format_help().split())
    assert __doc__.strip() in parser.format_help()


def test_a_parameter_or_a_field_that_is_not_described_is_an_error():
    def main(*, number: int, other: int) -> None:
        """number: how many"""

    with pytest.raises(KeyError, match="other"):
        parser_of(main)

    @dataclass
    class Undescribed:
        """Of one field."""

        number: int = 1

    def of_settings(*, settings: Undescribed) -> None:
        pass

    with pytest.raises(KeyError, match="number"):
        parser_of(of_settings)


def test_a_file_of_arguments_is_read_where_a_program_says_so(monkeypatch, tmp_path):
    found = []

    def main(*, names: list[str]) -> None:
        """names: of what"""
        found.append(names)

    (tmp_path / "arguments").write_text("--names\na b\nc\n")
    given(monkeypatch, main, f"@{tmp_path / 'arguments'}", argument_files=True)
    given(monkeypatch, main, "--names", "@c")
    assert found == [["a b", "c"], ["@c"]]


# --- programs -------------------------------------------------------------------------------------


def program(name: str) -> ModuleType:
    return import_module(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_describes_each_of_its_options(name, capsys):
    parser = parser_of(program(name).main)
    assert all(action.help for action in parser._actions)
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--help"])
    assert stopped.value.code == 0
    assert program(name).__doc__.strip() in capsys.readouterr().out


def settings_of_programs() -> set[type]:
    """The dataclasses that programs take their settings in."""
    return {
        kind
        for name in PROGRAMS
        for kind in get_type_hints(program(name).main).values()
        if is_dataclass(kind)
    }


def another(kind: Any, value: Any) -> Any:
    """A value of a type, another than this one."""
    kind, _ = bare(kind)
    if get_origin(kind) is Literal:
        return next(choice for choice in get_args(kind) if choice != value)
    if kind is bool:
        return not value
    if get_origin(kind) is list:
        return value[:-1]
    number = 0 if value in (None, REQUIRED) else value
    return number + 1 if kind is int else number / 3 + 1e-7


def test_a_parser_reads_back_the_command_line_of_settings():
    kinds = settings_of_programs()
    assert len(kinds) > 8
    for kind in kinds:
        options = list(fields_of(kind))
        others = {one.name: another(one.type, one.default) for one in options}
        assert all(others[one.name] != one.default for one in options)
        needed = {one.name: others[one.name] for one in options if one.default is REQUIRED}
        empty = dict.fromkeys((one.name for one in options if bare(one.type)[1]), None)

        def main(*, settings: kind) -> None:
            """A program that has these settings alone."""

        for values in (needed, needed | empty, others):
            settings = asdict(kind(**values))
            words = shlex.split(command_line(settings))
            assert vars(parser_of(main).parse_args(words)) == settings


def test_a_command_line_has_what_is_said_and_quotes_it():
    values = {"some_names": ["a b", "c"], "number": None, "write": True, "read": False, "rate": 0.1}
    assert command_line(values) == "--some-names 'a b' c --write --no-read --rate 0.1"


VARIED = {
    "windows": {"words": 60, "stride": 30},
    "index": {"kind": "approximate", "codec": "pq", "centroids": 64},
    "translation": {
        **{"hub": "a/translator", "revision": "0" * 40},
        "codes": {"alba": "al_X", "bero": "be_X", "ekti": "ek_X"},
    },
}


def test_programs_read_the_commands_of_a_study(tmp_path):
    """Of one that has every method and setting, so that each rule is among them."""
    edit_study(copy_tree(tmp_path) / SMOKE[1], **VARIED)
    done = succeeds(snakemake(tmp_path, "all", "models", "--dry-run", "--printshellcmds", *SMOKE))
    found = re.findall(r"python workflow_scripts/(\w+)\.py (.*) > ", done.stdout + done.stderr)
    commands = {name: shlex.split(words) for name, words in found}
    assert len(commands) > 30
    for name, words in commands.items():
        named = [word.removeprefix("@") for word in words]  # the file of arguments is not there yet
        parser_of(program(name).main).parse_args(named)


# --- errors ---------------------------------------------------------------------------------------


def failing(error):
    def main(*, file: Path = Path("given/file"), text: str = "", pairs: dict[str, Path]) -> None:
        """
        file: a file
        text: a text
        pairs: other files
        """
        raise error

    return main


def test_a_mistake_of_the_user_is_one_line(monkeypatch):
    with pytest.raises(SystemExit) as stopped:
        given(monkeypatch, failing(InputError("queries.tsv:3: no text")), "--pairs", "a=b")
    assert stopped.value.code == "a_program: queries.tsv:3: no text"


@pytest.mark.parametrize("error", [ValueError("bug"), KeyError("bug"), OSError(5, "bug", "file")])
def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch, error):
    with pytest.raises(type(error)) as stopped:
        given(monkeypatch, failing(error), "--pairs", "a=b")
    assert stopped.value is error


def test_who_reads_a_part_of_what_is_printed_sees_no_traceback():
    program = (
        "from optical.runtime.program import run_program\n"
        "def main():\n"
        "    for number in range(100_000):\n"
        "        print(number)\n"
        "run_program(main)"
    )
    writing = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writing.stdout.readline() == "0\n"
    writing.stdout.close()
    assert writing.stderr.read() == ""
    assert writing.wait() == 128 + signal.SIGPIPE


@pytest.mark.parametrize("file", ["given/file", "given/file/below", "other/a", Path("other/a")])
def test_a_named_file_that_is_not_there_is_one_line(monkeypatch, file):
    error = FileNotFoundError(2, "No such file or directory", file)
    with pytest.raises(SystemExit) as stopped:
        given(monkeypatch, failing(error), "--pairs", "x=there", "y=other")
    assert stopped.value.code == f"a_program: {file}: no such file or folder"


def test_a_named_file_is_one_line_where_the_error_has_it_in_its_text_alone(monkeypatch, tmp_path):
    def main(*, file: Path) -> None:
        """file: a file"""
        pq.ParquetFile(file)

    with pytest.raises(SystemExit, match=r"a_program: .*no\.parquet"):
        given(monkeypatch, main, "--file", tmp_path / "no.parquet")


@pytest.mark.parametrize("file", ["given/other", "unknown", "/etc/unknown", None])
def test_another_file_that_is_not_there_keeps_its_traceback(monkeypatch, file):
    error = FileNotFoundError(2, "No such file or directory", file)
    with pytest.raises(FileNotFoundError):
        given(monkeypatch, failing(error), "--pairs", "x=there")


# --- logs ----------------------------------------------------------------------------------------


def test_a_log_says_which_python_wrote_it_and_a_terminal_or_pipe_does_not(tmp_path):
    (tmp_path / "a_program.py").write_text(
        "from optical.runtime.program import run_program\n"
        "def main(): print('done')\n"
        "run_program(main)\n"
    )
    command = [sys.executable, tmp_path / "a_program.py"]
    path = {"PYTHONPATH": str(ROOT / "workflow_scripts")}
    options = {"env": os.environ | path, "check": True, "text": True}
    with open(tmp_path / "log", "w") as log:
        subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, **options)
    said, done = (tmp_path / "log").read_text().splitlines()
    assert said == f"{sys.executable}: Python {'.'.join(map(str, sys.version_info[:3]))}"
    assert done == "done"
    assert subprocess.run(command, capture_output=True, **options).stderr == ""
