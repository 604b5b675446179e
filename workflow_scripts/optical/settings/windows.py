"""What can be set of the windows that long texts are cut into."""

from dataclasses import dataclass

from optical.settings.bounds import Positive


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows that long texts of the test collections are cut into. The score of a text is that of
    its best window (MaxP).
    """

    words: Positive | None = None
    """Words in a window. null means no windows: then a long text is truncated to
    model.passage_length tokens."""

    stride: Positive | None = None
    """Words from the start of one window to the next; null means half of words."""
