"""Which side of a split a text is on, by the text alone."""

from hashlib import blake2b

from optical.corpora.leakage import units


def is_held_out(text: str, language: str, share: float) -> bool:
    """Whether a text belongs to the share that is held out, from 0 to 1.

    Neither other texts nor their order decide, so more data moves no text to the other side, and a
    larger share only adds texts. Texts that differ in case, punctuation or white space stay
    together.
    """
    words = " ".join(units(text, language)).encode()
    return int.from_bytes(blake2b(words, digest_size=8, person=b"split").digest()) < share * 2**64
