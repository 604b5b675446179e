"""Mistakes of the user, told apart from those of the program, and what the user ends."""

INTERRUPTED = "interrupted: run the same again"
"""What is said after Ctrl-C: everything goes on where it was."""


class InputError(ValueError):
    """What the user gave cannot be used: a setting, a file, a data set.

    Its text is one line that says what, where, and what was expected. A program ends with that line
    alone; any other exception is a bug, and keeps its traceback.
    """
