"""One training on several processes, one for each GPU."""

import os
import sys


def world_size() -> int:
    """Processes of this training, as torchrun says."""
    return int(os.environ.get("WORLD_SIZE", 1))


def spread(processes: int) -> None:
    """Start this program anew as so many processes of one training, if they are several."""
    if processes > 1 and "WORLD_SIZE" not in os.environ:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        os.execv(sys.executable, [sys.executable, *torchrun, str(processes), *sys.argv])
