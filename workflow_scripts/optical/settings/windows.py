"""What can be set of the windows that long texts are cut into."""

from dataclasses import dataclass

from optical.settings.bounds import Positive


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Long texts of the test collections in parts, each of which is embedded; a text has the score
    of its best part (MaxP).
    """

    words: Positive | None = None
    """Words of a part. When null texts stay whole, and of a long one only the first
    model.passage_length tokens are read."""

    stride: Positive | None = None
    """Words from the beginning of one part to the next; half of words when null."""
