"""What results came from: the code, the libraries, the machine and the data, as one record."""

import contextlib
import importlib.metadata
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from optical.runtime.files import content


def provenance(
    settings: Mapping[str, object], environments: Sequence[Path], data: Sequence[Path]
) -> dict[str, object]:
    """The record of a study, the same for the same code, machine and data.

    settings: of the study, with every default. environments: conda environment files, whose
    packages are those that steps are to run with. data: files and folders that were prepared from
    the sources, by which two studies are compared.
    """
    return {
        "version": version(),
        "commit": commit(),
        "python": platform.python_version(),
        "packages": packages(environments),
        "machine": machine(),
        "seeds": settings["seeds"],
        "data": {str(path): content(path) for path in data},
        "study": settings,
    }


def version() -> str:
    """The version of this project: that of the folder, or else of what is installed."""
    project = Path(__file__).parents[3] / "pyproject.toml"
    if project.exists():
        return tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return importlib.metadata.version("optical-transport-distillation")


def commit() -> str:
    """The commit of this project, and whether it had been changed since."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=, changed"]
    with contextlib.suppress(FileNotFoundError):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return "unknown: this is no git repository"


def packages(environments: Sequence[Path]) -> dict[str, dict[str, str]]:
    """{package: {"asked": version, "here": version}} of what the environment files name.

    Where steps run without conda, "here" is what they ran with; it is missing for a package that
    this environment does not have.
    """
    found: dict[str, dict[str, str]] = {}
    for file in environments:
        for name, asked in re.findall(r"^ +- ([\w.-]+)==([\w.]+)", file.read_text(), re.MULTILINE):
            found[name] = {"asked": asked}
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                found[name]["here"] = importlib.metadata.version(name)
    return dict(sorted(found.items()))


def machine() -> dict[str, object]:
    """Processor, cores, memory and GPUs of the machine that the record is written on."""
    processor, memory = platform.processor() or platform.machine(), None
    with contextlib.suppress(FileNotFoundError):
        models = re.findall(
            r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE
        )
        processor = models[0] if models else processor
        kib = re.search(r"^MemTotal: +(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
        memory = round(int(kib[1]) / (1 << 20), 1) if kib else None
    gpus: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        gpus = done.stdout.splitlines() if done.returncode == 0 else []
    return {
        "system": platform.platform(),
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "gpus": gpus,
    }
