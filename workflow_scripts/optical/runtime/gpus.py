"""Handing out the GPUs of a machine: each program has its own, whoever started it.

Snakemake counts GPUs and names none, so that every job would use the first one, or all of them.
Programs therefore take theirs by a lock on the device, which the system releases when they end,
however that happens. A scheduler's own choice, in CUDA_VISIBLE_DEVICES, is what they choose from.
"""

import fcntl
import os
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

    Those that CUDA_VISIBLE_DEVICES lists, as numbers or as names, or else all; none, with a word
    about it, where the driver finds none, as on the login node of a cluster. Raises InputError for
    a number that is not there.
    """
    if not shutil.which("nvidia-smi"):
        return []
    command = ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"no GPU: nvidia-smi: {(done.stdout + done.stderr).strip()}", file=sys.stderr)
        return []
    names = dict(line.split(", ") for line in done.stdout.splitlines())
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return list(names.values())
    devices = [device.strip() for device in chosen.split(",") if device.strip() not in ("", "-1")]
    for device in devices:
        if device.isdigit() and device not in names:
            raise InputError(
                f"CUDA_VISIBLE_DEVICES={chosen}: this machine has the GPUs {', '.join(names)}"
            )
    return [names.get(device, device) for device in devices]


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
    folder = Path(tempfile.gettempdir(), f"optical-gpus-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    names: list[str] = []
    with open(folder / "queue", "a") as queue:
        file_locks.lock(queue.fileno(), queue.name, fcntl.LOCK_EX, SHARED)
        told = False
        while len(names) < number:
            for device in visible:
                if len(names) < number and device not in names and lock_device(folder / device):
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
