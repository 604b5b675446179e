"""Pin the conda environments to requirements.txt: `make envs`, after a change of either.

An environment's file names the packages that its programs import. This program writes their
versions, and below them every package that those require, as the metadata of the installed ones
says it. To add a package, write its name as a new line and run this.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ENVS = Path(__file__).parent
LOCK = ENVS.parent / "requirements.txt"

REQUIRED = "      # What those require themselves\n"

# requirements.txt has faiss-cpu of the same version: see envs/index.yaml.
IN_CONDA = {"faiss-cpu": "faiss-gpu"}
# What faiss-gpu requires and faiss-cpu does not: no requirement of requirements.txt.
ONLY_IN_CONDA = {
    "faiss-gpu": [
        "nvidia-cublas-cu12==12.9.3.13",
        "nvidia-cuda-nvrtc-cu12==12.9.86",
        "nvidia-cuda-runtime-cu12==12.9.79",
        "nvidia-curand-cu12==10.3.10.19",
    ]
}

# What the environments run on: a requirement of other machines is none of theirs.
MACHINE = {
    "python_version": "3.11",
    "python_full_version": "3.11.14",
    "platform_system": "Linux",
    "sys_platform": "linux",
    "os_name": "posix",
}


def canonical(name: str) -> str:
    """The name of a distribution in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def locked() -> dict[str, str]:
    """{distribution: its line} of requirements.txt, with IN_CONDA instead of what they stand for.

    A line is name==version, perhaps with the marker of the machines that it is for.
    """
    lines = [line for line in LOCK.read_text().splitlines() if line and line[0] != "#"]
    lock = {canonical(line.partition("==")[0]): line for line in lines}
    for name, other in IN_CONDA.items():
        lock[other] = lock[name].replace(name, other)
    return lock


def requirements(name: str, extras: Iterable[str] = (), machine: dict | None = None) -> Iterator:
    """What an installed distribution requires, on a machine or else on this one.

    Raises ValueError if it is not installed.
    """
    try:
        texts = distribution(name).requires or ()
    except PackageNotFoundError:
        raise ValueError(f"{name} is not installed; first `pip install -r {LOCK.name}`") from None
    for requirement in map(Requirement, texts):
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate((machine or {}) | {"extra": extra}) for extra in ("", *extras)
        ):
            yield requirement


def closure(names: Iterable[str], machine: dict | None = None, lock: Iterable[str] = ()) -> set:
    """The names of distributions and of all that they require, to the end.

    lock: where it is given, a requirement that it lacks and that names one version alone is left
    out: who requires it has pinned it, as PyTorch does with the packages of CUDA.
    """
    found: set[str] = set()
    queue = [Requirement(name) for name in names]
    while queue:
        wanted = queue.pop()
        found.add(canonical(wanted.name))
        for needed in requirements(wanted.name, wanted.extras, machine):
            name = canonical(needed.name)
            pinned = [version.operator for version in needed.specifier] == ["=="]
            if name not in found and not (lock and name not in lock and pinned):
                queue.append(needed)
    return found


def pinned(text: str) -> str:
    """The content of an environment file, with the versions of requirements.txt and all required.

    Raises ValueError for a package that requirements.txt lacks.
    """
    above = text.partition(REQUIRED)[0]
    head, start, listed = above.partition("  - pip:\n")
    direct = [
        canonical(re.match(r" *- ([\w.-]+)", line)[1]) for line in listed.splitlines() if line
    ]
    lock = locked()
    check(direct, lock)
    instead = {other: name for name, other in IN_CONDA.items()}
    installed = {instead.get(name, name) for name in direct}
    required = closure(installed, MACHINE, lock) - installed
    check(required, lock)
    lines = [lock[name] for name in direct]
    others = [lock[name] for name in required]
    for name in direct:
        others += ONLY_IN_CONDA.get(name, ())
    return head + start + listing(lines) + (REQUIRED + listing(others) if others else "")


def check(names: Iterable[str], lock: Iterable[str]) -> None:
    """Raise ValueError for distributions that requirements.txt lacks, with their names."""
    if missing := sorted({*names} - {*lock}):
        raise ValueError(f"not in {LOCK.name}: {', '.join(missing)}")


def listing(lines: Iterable[str]) -> str:
    """Packages as the `pip:` list of an environment file has them, in the order of the alphabet."""
    return "".join(f"      - {line}\n" for line in sorted(lines, key=str.lower))


def main() -> None:
    """Write every environment file anew, and say which were changed."""
    for path in sorted(ENVS.glob("*.yaml")):
        before = path.read_text()
        after = pinned(before)
        if after != before:
            path.write_text(after)
            print(f"changed: {path.relative_to(ENVS.parent)}")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"pin: {error}")
