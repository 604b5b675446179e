"""One program on several processes, one for each GPU."""

import os
import sys

from optical.runtime.gpus import take_gpus


def world_size() -> int:
    """Processes of this program, as torchrun says."""
    return int(os.environ.get("WORLD_SIZE", 1))


def local_rank() -> int:
    """The number of this process among them, which is also that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


def spread(processes: int) -> None:
    """Take a GPU for each of so many processes, where there are any, and start this program anew as
    that many processes that share its work, if they are several.
    """
    if "WORLD_SIZE" in os.environ:
        return
    take_gpus(processes)
    if processes > 1:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        os.execv(sys.executable, [sys.executable, *torchrun, str(processes), *sys.argv])
