"""The edge of a program: its options are made from the signature of its main function.

    def main(bitext: Path, settings: Distillation, output: Path, processes: int = 1) -> None:
        '''
        bitext: sentence pairs (.parquet)
        ...
        '''

A parameter is an option; without a default it is required. A dataclass stands for all its fields,
each of which is an option. Help is read from docstrings, so that a word in it changes no result.
"""

import argparse
import ast
import gc
import inspect
import os
import re
import shlex
import signal
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from stat import S_ISREG
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from optical.runtime.errors import INTERRUPTED, InputError

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Option:
    """A setting of a program: `type` as annotated, `default` or `REQUIRED`, and what it is."""

    name: str
    type: Any
    default: Any
    help: str
    positional: bool = False


def run_program(main: Callable[..., None], *, argument_files: bool = False) -> None:
    """Run a program on the options of the command line.

    A mistake of the user (`InputError`, or a file named on the command line that is not there) ends
    it with one line, and so does Ctrl-C; anything else with a traceback. argument_files: an
    argument @FILE stands for the arguments in FILE, one a line.
    """
    # Importing PyTorch and its kind makes millions of objects that stay: looking through them for
    # garbage after every 700 new ones, Python's default, is a tenth of the time of a short program.
    gc.set_threshold(100_000)
    parser = parser_of(main, argument_files=argument_files)
    values = vars(parser.parse_args())
    positional, named = grouped(main, values)
    # A log says which Python wrote it; at a terminal, who ran the program knows.
    if S_ISREG(os.fstat(2).st_mode):
        version = ".".join(map(str, sys.version_info[:3]))
        print(f"{sys.executable}: Python {version}", file=sys.stderr, flush=True)
    try:
        main(*positional, **named)
    except InputError as error:
        sys.exit(f"{parser.prog.removesuffix('.py')}: {error}")
    except KeyboardInterrupt:
        print(f"{parser.prog.removesuffix('.py')}: {INTERRUPTED}", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)  # as a shell says it
    except BrokenPipeError:
        # Who reads what is printed, such as `head`, has seen enough. Python would still flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(128 + signal.SIGPIPE)
    except FileNotFoundError as error:
        if not (told := absent(error, values.values())):
            raise
        sys.exit(f"{parser.prog.removesuffix('.py')}: {told}")


def parser_of(main: Callable, *, argument_files: bool = False) -> argparse.ArgumentParser:
    """The parser whose options are the parameters of a function."""
    parser = argparse.ArgumentParser(
        description=inspect.getmodule(main).__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fromfile_prefix_chars="@" if argument_files else None,
        epilog="An argument @FILE stands for the arguments in FILE, one a line."
        if argument_files
        else None,
    )
    for option in options_of(main):
        add_option(parser, option)
    return parser


def options_of(main: Callable) -> Iterator[Option]:
    """The options of a function, those of its dataclasses among them."""
    helps = described_arguments(main.__doc__ or "")
    types = get_type_hints(main, include_extras=True)
    for name, parameter in inspect.signature(main).parameters.items():
        if is_dataclass(types[name]):
            yield from fields_of(types[name])
        else:
            positional = parameter.kind is inspect.Parameter.POSITIONAL_ONLY
            yield Option(name, types[name], parameter.default, helps[name], positional)


def fields_of(kind: type) -> Iterator[Option]:
    """The fields of a dataclass as options, described by the texts below them."""
    helps, types = described_fields(kind), get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        yield Option(
            field.name,
            types[field.name],
            REQUIRED if default is MISSING else default,
            helps[field.name],
        )


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add an option to a parser, by its type."""
    kind, optional = bare(option.type)
    origin, inner = get_origin(kind), get_args(kind)
    required = option.default is REQUIRED and not optional
    settings: dict[str, Any] = {"help": option.help.replace("%", "%%")}
    if kind is bool:
        settings["action"] = argparse.BooleanOptionalAction
    elif origin is Literal:
        settings |= {"type": type(inner[0]), "choices": inner}
    elif origin in (list, Sequence):
        settings |= {"type": bare(inner[0])[0], "nargs": "+" if required else "*"}
    elif origin in (dict, tuple):
        settings |= {"type": pair_of(bare(inner[1])[0]), "metavar": "NAME=VALUE"}
        settings["nargs"] = None if origin is tuple else "+" if required else "*"
    else:
        settings["type"] = kind
    if option.default is not REQUIRED:
        settings["default"] = option.default
        if option.default not in (None, "", (), {}):
            settings["help"] += f" ({option.default})"
    if option.positional:
        parser.add_argument(option.name, **settings)
    else:
        parser.add_argument(flag(option.name), dest=option.name, required=required, **settings)


def grouped(main: Callable, values: Mapping[str, Any]) -> tuple[list, dict[str, Any]]:
    """The parsed values as (positional, named) arguments of the function."""
    types = get_type_hints(main, include_extras=True)
    positional: list = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(main).parameters.items():
        kind = types[name]
        if isinstance(kind, type) and is_dataclass(kind):
            named[name] = kind(**{field.name: values[field.name] for field in fields(kind)})
        elif parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            positional.append(values[name])
        else:
            value = values[name]
            is_pairs = get_origin(bare(kind)[0]) is dict and value is not None
            named[name] = dict(value) if is_pairs else value
    return positional, named


def flag(name: str) -> str:
    """The option of a parameter."""
    return f"--{name.replace('_', '-')}"


def command_line(values: Mapping[str, Any]) -> str:
    """Values by the names of parameters as the options of a command, what is null left out."""
    words: list[str] = []
    for name, value in values.items():
        if isinstance(value, bool):
            words.append(flag(name if value else f"no_{name}"))
        elif value is not None:
            words += [flag(name), *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def bare(kind: Any) -> tuple[Any, bool]:
    """A type without its bounds and without None, and whether it may be None."""
    optional = False
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            (kind,) = (one for one in get_args(kind) if one is not NoneType)
            optional = True
        else:
            return kind, optional


def pair_of(kind: type) -> Callable[[str], tuple[str, Any]]:
    """A reader of NAME=VALUE whose value is of a type."""

    def pair(text: str) -> tuple[str, Any]:
        name, _, value = text.partition("=")
        if not (name and value):
            raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
        return name, kind(value)

    return pair


def described_arguments(docstring: str) -> dict[str, str]:
    """{parameter: text} of the lines "name: text" of a docstring and those that go on below."""
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(docstring).splitlines():
        if match := re.fullmatch(r"(\w+): (.+)", line):
            name, found[match[1]] = match[1], match[2]
        elif name and line.startswith(" "):
            found[name] += f" {line.strip()}"
        else:
            name = ""
    return found


@cache
def described_fields(kind: type) -> dict[str, str]:
    """{field: text} of the texts below the fields of a dataclass and of those it is based on."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not is_dataclass(base):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(definition, ast.ClassDef)
        name = ""
        for node in definition.body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=name)):
                    pass
                case ast.Expr(value=ast.Constant(value=str(text))) if name:
                    found[name] = " ".join(inspect.cleandoc(text).split())
                    name = ""
    return found


def absent(error: FileNotFoundError, values: Iterable[Any]) -> str | None:
    """What to say of a file that is not there, if it is one that the command line names, or lies in
    one.
    """
    named = list(paths_in(values))
    if error.filename is None:  # some libraries say it in the text alone
        return str(error) if any(str(path) in str(error) for path in named) else None
    file = Path(error.filename).absolute()
    if any(file.is_relative_to(path.absolute()) for path in named):
        return f"{error.filename}: no such file or folder"
    return None


def paths_in(value: Any) -> Iterator[Path]:
    """The paths in the values of options, of pairs and lists too."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for one in value:
            yield from paths_in(one)
