"""Energy that the machine says it has used: its processors' and its GPUs' own counters."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pynvml
import torch

from optical.runtime.processes import world_size

RAPL = Path("/sys/class/powercap")
"""Where Linux shows the counters of Intel's and AMD's processors, mostly to root alone."""


class EnergyMeter:
    """Joules since it was made, of all processors, and of the GPUs that the processes train on.

    `joules()` is None where no counter can be read. Whatever else runs on the machine is counted
    too. A processor's counter wraps every few minutes or hours, so it has to be asked that often.
    """

    def __init__(self, rapl: Path = RAPL) -> None:
        self.counters = dict(processor_counters(rapl))
        self.last = {file: read(file) for file in self.counters}
        self.used = 0.0
        self.gpus = gpu_handles()
        self.gpu_start = sum(map(gpu_joules, self.gpus))

    def joules(self) -> float | None:
        """What was used until now."""
        if not self.counters and not self.gpus:
            return None
        for file, wraps_at in self.counters.items():
            now = read(file)
            self.used += ((now - self.last[file]) % wraps_at) / 1e6
            self.last[file] = now
        return self.used + sum(map(gpu_joules, self.gpus)) - self.gpu_start


def processor_counters(rapl: Path) -> Iterator[tuple[Path, int]]:
    """The counter of each processor, and the microjoules at which it starts again."""
    for folder in sorted(rapl.glob("*-rapl:[0-9]")):
        with suppress(OSError):
            read(folder / "energy_uj")
            yield folder / "energy_uj", read(folder / "max_energy_range_uj") + 1


def read(file: Path) -> int:
    """The number in a file."""
    return int(file.read_text())


def gpu_handles() -> list:
    """The GPUs that this training's processes use, of those that count their energy."""
    handles = []
    if not torch.cuda.is_available():
        return handles
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        for number in range(min(world_size(), torch.cuda.device_count())):
            # By its name: the numbers of NVML leave CUDA_VISIBLE_DEVICES out of account.
            name = f"GPU-{torch.cuda.get_device_properties(number).uuid}"
            handle = pynvml.nvmlDeviceGetHandleByUUID(name)
            gpu_joules(handle)
            handles.append(handle)
    return handles


def gpu_joules(handle) -> float:
    """What a GPU has used since its driver was loaded."""
    return pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
