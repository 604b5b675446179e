"""What to tell a user of steps that have failed: the last word of each, and where its log is."""

import re
from collections.abc import Iterable
from pathlib import Path

FAILED = re.compile(r"^Error in rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
LOG = re.compile(r"^    log: (\S+)", re.MULTILINE)


def failures(snakemake_logs: Iterable[Path]) -> list[str]:
    """A text for each step that failed in a run of Snakemake, read from its logs."""
    text = "".join(log.read_text(encoding="utf-8", errors="replace") for log in snakemake_logs)
    found: dict[str, None] = {}  # Snakemake may say it twice
    for rule, about in FAILED.findall(text):
        if log := LOG.search(about):
            words = last_line(Path(log[1]))
            found[f"{rule} failed{words and f': {words}'}\n    its log: {log[1]}"] = None
    return list(found)


def last_line(log: Path) -> str:
    """The last line of a log that says something."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
