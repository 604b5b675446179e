"""One program on several processes, one for each GPU."""

import os
import sys


def world_size() -> int:
    """Processes of this program, as torchrun says."""
    return int(os.environ.get("WORLD_SIZE", 1))


def local_rank() -> int:
    """The number of this process among them, which is also that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


def spread(processes: int) -> None:
    """Start this program anew as so many processes that share its work, if they are several."""
    if processes > 1 and "WORLD_SIZE" not in os.environ:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        os.execv(sys.executable, [sys.executable, *torchrun, str(processes), *sys.argv])
