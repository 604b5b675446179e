"""What to tell a user of steps that have failed: the last word of each, and where its log is."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from optical.runtime.errors import INTERRUPTED

ENDED_BY_USER = "Terminating processes on user request"
"""What Snakemake writes into its log when Ctrl-C, or a SIGTERM, ends it."""

ENDED = re.compile(rf"(.*{INTERRUPTED}|KeyboardInterrupt|(Traceback.*)?)")
"""The last word of a step that was ended so; Python has none of its own while it imports."""

FAILED = re.compile(r"^Error in rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
LOG = re.compile(r"^    log: (\S+)", re.MULTILINE)


def failures(snakemake_logs: Iterable[Path]) -> list[str]:
    """A text for each step that failed in a run of Snakemake, read from its logs.

    Where the user ended the run, that is the last text, and steps that ended with it are none.
    """
    text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in snakemake_logs)
    interrupted = ENDED_BY_USER in text
    found: dict[str, None] = {}  # Snakemake may say it twice
    for rule, about in FAILED.findall(text):
        if log := LOG.search(about):
            # A program begins with its own name, which often is that of its rule.
            words = last_line(Path(log[1])).removeprefix(f"{rule}: ")
            if interrupted and ENDED.fullmatch(words):
                continue
            found[f"{rule} failed{words and f': {words}'}\n    its log: {log[1]}"] = None
    return [*found, INTERRUPTED] if interrupted else list(found)


def tell_interruption() -> None:
    """Say in one line from now on that Ctrl-C ended this process, where nothing else takes it."""
    before = sys.excepthook

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print(INTERRUPTED, file=sys.stderr)
        else:
            before(kind, error, trace)

    sys.excepthook = told


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
