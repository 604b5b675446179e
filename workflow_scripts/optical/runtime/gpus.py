"""Handing out the GPUs of a machine: each program has its own, whoever started it.

Snakemake counts GPUs and names none, so that every job would use the first one, or all of them.
Programs therefore take theirs by a lock on the device, which the system releases when they end,
however that happens. A scheduler's own choice, in CUDA_VISIBLE_DEVICES, is what they choose from.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from optical.runtime import file_locks
from optical.runtime.errors import InputError

POLL = 1.0
"""Seconds between two looks at devices that are all taken."""

SHARED = "two jobs may share a GPU; set TMPDIR to a folder of this machine"
"""What follows where the folder of temporary files has no locks."""


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, by the names that the driver gives them for good.

    All of them, or those that CUDA makes visible for CUDA_VISIBLE_DEVICES; none where the driver
    finds none, as on the login node of a cluster. What makes them fewer than named is said.
    """
    if not shutil.which("nvidia-smi"):
        return []
    query = nvidia_smi("--query-gpu=index,uuid,mig.mode.current", "--format=csv,noheader")
    if query.returncode:
        print(f"no GPU: nvidia-smi: {(query.stdout + query.stderr).strip()}", file=sys.stderr)
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in query.stdout.splitlines()]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    parted = any("Enabled" in row[2:] for row in rows) or "MIG-" in (chosen or "")
    instances = mig_instances(nvidia_smi("-L").stdout) if parted else {}
    gpus = [row[1] for row in rows]
    if chosen is None:
        return [name for gpu in gpus for name in instances.get(gpu) or [gpu]]
    names, reason = named_gpus(chosen, gpus, [name for one in instances.values() for name in one])
    if reason:
        print(f"CUDA_VISIBLE_DEVICES={chosen}: {reason}", file=sys.stderr)
    # Of a GPU that is parted CUDA shows the first instance.
    return [(instances.get(name) or [name])[0] for name in names]


def gpu_memory() -> float | None:
    """Bytes of the smallest GPU of this machine; None where the driver does not say, and where GPUs
    are parted (MIG).
    """
    if not shutil.which("nvidia-smi"):
        return None
    query = nvidia_smi("--query-gpu=memory.total,mig.mode.current", "--format=csv,noheader,nounits")
    rows = [re.fullmatch(r"(\d+), (.+)", line.strip()) for line in query.stdout.splitlines()]
    if query.returncode or not rows or not all(rows):
        return None
    if any(row[2] == "Enabled" for row in rows):
        return None
    return min(int(row[1]) for row in rows) * 2.0**20


def nvidia_smi(*options: str) -> subprocess.CompletedProcess[str]:
    """What the driver's program says."""
    return subprocess.run(["nvidia-smi", *options], capture_output=True, text=True)


def mig_instances(listed: str) -> dict[str, list[str]]:
    """The instances (MIG) of each GPU that is parted into some, from `nvidia-smi -L`."""
    found: dict[str, list[str]] = {}
    gpu = ""
    for name in re.findall(r"\(UUID: (\S+)\)", listed):
        if name.startswith("GPU-"):
            gpu = name
        else:
            found.setdefault(gpu, []).append(name)
    return found


def named_gpus(chosen: str, gpus: list[str], instances: list[str]) -> tuple[list[str], str]:
    """(names of GPUs and MIG instances, what is wrong) of a value of CUDA_VISIBLE_DEVICES.

    As CUDA reads it (CUDA C++ Programming Guide, "CUDA Environment Variables"): numbers, or names,
    of which the beginning is enough where no other has it. The first that is none hides all behind
    it, such as -1 or a name among numbers. One that is named twice hides all. Numbers are those of
    nvidia-smi, as with CUDA_DEVICE_ORDER=PCI_BUS_ID.

    gpus, instances: the names that there are. Where the driver tells of no instance, one is called
    what it is called here.
    """
    found: list[str] = []
    wanted = [name.strip() for name in chosen.split(",")]
    numbers = wanted[0].isdecimal()
    for name in wanted:
        if numbers:
            known = gpus[int(name) :][:1] if name.isdecimal() else []
        elif name.startswith("MIG-"):
            known = matching(name, instances) if instances else [name]
        else:
            known = matching(name, gpus) if name.startswith("GPU-") else []
        if len(known) != 1:
            there = map(str, range(len(gpus))) if numbers else [*gpus, *instances]
            what = "which begins several names" if known else f"not one of {', '.join(there)}"
            # Both of these are ways to say that there shall be no more.
            quiet = name in ("", "-1")
            return found, "" if quiet else f"CUDA shows no GPU from {name!r} on, {what}"
        if known[0] in found:
            return [], f"CUDA shows no GPU, since {name!r} is named before"
        found += known
    return found, ""


def matching(name: str, known: list[str]) -> list[str]:
    """The names that are this one, or else that begin so."""
    return [name] if name in known else [one for one in known if one.startswith(name)]


def take_gpus(number: int) -> None:
    """Take so many GPUs for this program and hide the others from it; wait while others have them.

    Of several programs that wait, one collects devices at a time, so that two never each hold what
    the other needs. On a machine without GPUs this does nothing. Raises InputError where fewer
    are visible. To be called before anything has used CUDA.
    """
    visible = visible_gpus()
    if not visible or not number:
        return
    if number > len(visible):
        raise InputError(f"{number} GPUs asked for, {len(visible)} visible: {', '.join(visible)}")
    if number > 1 and any(name.startswith("MIG-") for name in visible):
        raise InputError(
            f"{number} GPUs asked for, but CUDA shows a program one MIG instance alone"
        )
    folder = Path(tempfile.gettempdir(), f"optical-gpus-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    names: list[str] = []
    with open(folder / "queue", "a") as queue:
        file_locks.lock(queue.fileno(), queue.name, fcntl.LOCK_EX, SHARED)
        told = False
        while len(names) < number:
            for device in visible:
                if len(names) == number or device in names:
                    continue
                # Older drivers' names of MIG instances have slashes.
                if lock_device(folder / device.replace("/", ":")):
                    names.append(device)
            if len(names) < number:
                if not told:
                    print(f"waiting for a GPU: {', '.join(visible)} are in use", file=sys.stderr)
                told = True
                time.sleep(POLL)
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(names)


def lock_device(file: Path) -> bool:
    """Lock a device until this program ends, or what it becomes; say whether it was free."""
    device = os.open(file, os.O_CREAT | os.O_RDWR)
    try:
        file_locks.lock(device, file, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED)
    except BlockingIOError:
        os.close(device)
        return False
    os.set_inheritable(device, True)
    return True
