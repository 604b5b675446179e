"""The checks of a loss in a training, without a wait for the GPU in each step.

They are by themselves, so that a training that transports nothing does not run again when the
transport changes.
"""

from transformers import TrainerCallback

from optical.transport.checks import Checks


class Look(TrainerCallback):
    """Has a GPU not wait for the checks of a loss, and looks at them where a step is logged.

    Args:
        checks: of the loss.

    Raises:
        ValueError: see `optical.transport.checks.Checks`.
    """

    def __init__(self, checks: Checks) -> None:
        self.checks = checks

    def on_train_begin(self, args, state, control, **_):
        """A CPU has nothing to wait for, and can say which step it was."""
        self.checks.later = args.device.type == "cuda"

    def on_log(self, args, state, control, logs=None, **_):
        """Wait for the device, as the logged loss does."""
        self.checks.look()

    def on_train_end(self, args, state, control, **_):
        """See the steps after the last log."""
        self.checks.look()
