"""An estimate for people: a table by stage, where its numbers come from, and two lines."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from optical.estimate.estimate import Estimate, hours
from optical.estimate.rates import Rates
from optical.runtime.errors import InputError

UNIT = 1e9
"""Disks and memories are told in units of 10^9 bytes."""


ESTIMATED = "# Estimated (make cost):"
"""What the sentence of a study's header begins with."""

FEW = 100.0
"""Hours of a core up to which a study is one for a machine without a GPU."""


def table(found: Estimate, machines: Sequence[Rates]) -> Iterator[str]:
    """The lines of the table: a stage each, then the sums."""
    head = ["stage", "jobs", "on", *(f"{rates.name}, h" for rates in machines)]
    rows = [[*head, "GPU memory, GB", "disk kept, GB", "temporary disk, GB"]]
    for stage, works in found.stages.items():
        rows.append(
            [
                stage,
                f"{sum(work.jobs for work in works):,}",
                "GPU" if any(work.gpu for work in works) else "core",
                *(amount(hours(works, rates)) for rates in machines),
                largest(work.memory for work in works),
                amount(sum(work.jobs * work.kept for work in works) / UNIT),
                largest(work.beside for work in works),
            ]
        )
    for title, place in (("all, GPU hours", 0), ("all, hours of a core", 1)):
        sums = [found.hours(rates)[place] for rates in machines]
        rows.append([title, f"{found.jobs:,}", "", *map(amount, sums), "", "", ""])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()


def largest(sizes: Iterable[float]) -> str:
    """The largest of some sizes in bytes, as a cell; none for 0."""
    most = max(sizes)
    return amount(most / UNIT) if most else ""


def amount(number: float) -> str:
    """A number with two digits, or all before the point: 0.012, 1.3, 140."""
    if number >= 10:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def totals(found: Estimate, machines: Sequence[Rates]) -> list[str]:
    """The whole in two lines."""
    times = "; ".join(f"{time(found, rates)} on {article(rates)}" for rates in machines)
    sizes = [found.kept, found.trimmed, found.peak, found.downloads, found.memory]
    kept, trimmed, peak, downloads, memory = (amount(size / UNIT) for size in sizes)
    return [
        f"Estimated for the whole study, {found.jobs:,} jobs: {times}",
        f"Estimated disk: {kept} GB kept, {trimmed} GB after `make trim`, {peak} GB at most, "
        f"downloads of {downloads} GB in it; GPU memory: {memory} GB",
    ]


def summary(found: Estimate, machines: Sequence[Rates]) -> str:
    """The whole in a sentence, as the header of a study has it."""
    gpus = [rates for rates in machines if rates.is_gpu]
    sizes = [found.kept, found.trimmed, found.peak, found.memory]
    kept, trimmed, peak, memory = (amount(size / UNIT) for size in sizes)
    cores = next(rates for rates in machines if not rates.is_gpu)
    _, cpu = found.hours(cores)
    if cpu < FEW:
        return (
            f"Estimated (make cost): {amount(cpu)} hours of a core of {article(cores)}; "
            f"disk {kept} GB kept, {peak} GB at most."
        )
    hours_on = ", ".join(
        f"{amount(found.hours(rates)[0])} GPU hours on {article(rates)}" for rates in gpus
    )
    return (
        f"Estimated (make cost): {hours_on}, {memory} GB of its memory; "
        f"disk {kept} GB kept, {trimmed} GB after `make trim`, {peak} GB at most."
    )


HEADER = re.compile(rf"{re.escape(ESTIMATED)}(?s:.*?) GB at\s(?:# )?most\.\n", re.M)


def with_header(text: str, sentence: str) -> str:
    """The text of a study file with this `summary` in its header, in place of the one there.

    Raises InputError for a file without a line `study: NAME` at its beginning, below comments.
    """
    lines = textwrap.wrap(sentence, 98, break_on_hyphens=False)
    header = "".join(f"# {line}\n" for line in lines)
    if HEADER.search(text):
        return HEADER.sub(lambda _: header, text, count=1)
    first = re.search(r"^study:", text, re.M)
    if not first or re.search(r"^[^#\n]", text[: first.start()], re.M):
        raise InputError("no header; expected comments and then `study: NAME`")
    return f"{text[: first.start()]}{header}{text[first.start() :]}"


def time(found: Estimate, rates: Rates) -> str:
    """The hours of a study on a machine."""
    gpu, cpu = found.hours(rates)
    if rates.is_gpu:
        return f"{amount(gpu)} GPU hours and {amount(cpu)} of a core"
    return f"{amount(cpu)} hours of a core"


def article(rates: Rates) -> str:
    """A machine in a sentence."""
    if rates.name.startswith("this "):
        return rates.name
    return f"{'an' if rates.name[0] in 'AEFHILMNORSX' else 'a'} {rates.name}"


def origins(found: Estimate, machines: Sequence[Rates]) -> Iterator[str]:
    """Where the numbers come from."""
    for rates in machines:
        share = f"; of that {rates.share:.0%} is assumed to be reached" if rates.share < 1 else ""
        yield f"{rates.name}: {rates.about}{share}"
    if not any(rates.share == 1 for rates in machines):
        yield "This machine was not measured: python benchmarks/rates.py does it"
    yield "A core's hours are of one core; as many jobs run at a time as there are cores and GPUs"
    if found.assumed:
        yield f"Sizes that are not known before they are here: {', '.join(found.assumed)}"
