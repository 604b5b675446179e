"""What a training that diverges ends with."""


class NotFiniteError(ValueError):
    """A cost is not finite, as when the training that its vectors come from has diverged."""
