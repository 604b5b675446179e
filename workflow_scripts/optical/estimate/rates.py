"""What a machine does in a second: documented rates, or those that were measured on this one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path

MEASURED = Path("rates.yaml")
"""What `benchmarks/rates.py` writes, in the folder in which a study runs."""

DOCUMENTED = Path(__file__).parents[3] / "resources" / "rates.yaml"

START = ("table", "search", "embed", "train")
"""Kinds of programs by what they load: tables; an index; an encoder; a trainer."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The rates of a machine, of one GPU or of one core.

    name, about: what it is. gpu_memory: bytes of the GPU; 0 of a machine without one. peak:
    operations a second at most. share: of the peak that wide encoders reach. half_width: width of
    an encoder that reaches half of that. bandwidth: bytes a second between memory and arithmetic.
    step, layer: seconds of a training step, and of each layer of it, beside its arithmetic. The
    others are of one core: tokens that are tokenised, rows that are written, operations of MaxSim,
    in a second each; disk: bytes a second; start: seconds to load a program, by `START`.
    """

    name: str
    about: str
    gpu_memory: float
    peak: float
    share: float
    half_width: float
    bandwidth: float
    step: float
    layer: float
    tokens: float
    rows: float
    scan: float
    disk: float
    start: Mapping[str, float]

    @property
    def is_gpu(self) -> bool:
        """Whether trainings and embeddings run on a GPU."""
        return self.gpu_memory > 0

    def operations(self, width: int) -> float:
        """Operations a second of an encoder of a width."""
        return self.peak * self.share * width / (width + self.half_width)

    def plain(self) -> dict[str, Any]:
        """As a file has it, with three digits of each number."""

        def rounded(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {key: rounded(inner) for key, inner in value.items()}
            return float(f"{value:.3g}") if isinstance(value, float) else value

        return rounded(asdict(self))

    def write(self, file: Path) -> None:
        """Write a file that `read_rates` reads."""
        with atomic_path(file) as temporary:
            text = yaml.safe_dump([self.plain()], sort_keys=False, allow_unicode=True)
            temporary.write_text(text, encoding="utf-8")


def read_rates(file: Path) -> list[Rates]:
    """The machines of a file of rates.

    Raises InputError for a file that is absent or no list of machines, and for a machine with a
    rate missing, unknown, or not above 0.
    """
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{file}: no file of rates, {reason}; {REMEDY}") from error
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise InputError(f"{file}: no list of machines; {REMEDY}")
    return [rates_of(entry, f"{file}: machine {n}") for n, entry in enumerate(entries, start=1)]


REMEDY = "python benchmarks/rates.py writes it"

MAY_BE_ZERO = {"gpu_memory", "half_width", "step", "layer"}


def rates_of(entry: dict[str, Any], place: str) -> Rates:
    """The rates of an entry of a file. Raises InputError, which begins with the place."""
    names = {field.name for field in fields(Rates)}
    if names != entry.keys():
        odd = sorted(names ^ entry.keys())[0]
        what = "is missing" if odd in names else "is unknown"
        raise InputError(f"{place}: {odd} {what}; {REMEDY}")
    start = entry["start"]
    if not isinstance(start, dict) or start.keys() != set(START):
        raise InputError(f"{place}: start: expected seconds of {', '.join(START)}; {REMEDY}")
    numbers = {name: entry[name] for name in names - {"name", "about", "start"}}
    numbers |= {f"start.{name}": value for name, value in start.items()}
    for name, value in numbers.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or value < 0 or (value == 0 and name not in MAY_BE_ZERO):
            raise InputError(f"{place}: {name}: {value!r}, expected a number above 0")
    return Rates(**entry)


def documented() -> list[Rates]:
    """The machines of resources/rates.yaml: what its makers say, and what is assumed."""
    return read_rates(DOCUMENTED)


def machines(measured: Path = MEASURED) -> list[Rates]:
    """Those a study is reckoned for: this one where it was measured, and the documented ones.

    Raises InputError for a file that is absent, but for `MEASURED`.
    """
    here = [] if measured == MEASURED and not measured.exists() else read_rates(measured)
    return [*here, *documented()]
