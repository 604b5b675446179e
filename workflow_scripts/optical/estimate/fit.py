"""Whether a study fits: its disk and its GPU's memory, before it starts."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from optical.estimate.estimate import Estimate
from optical.estimate.shown import UNIT, amount
from optical.estimate.work import Work
from optical.runtime.errors import InputError
from optical.study import paths
from optical.study.study import Study


class Room(NamedTuple):
    """What a machine has: free bytes of the disk, and bytes of a GPU; None where nobody knows."""

    disk: float | None
    memory: float | None


def free_bytes(study: Study) -> float:
    """Bytes that a whole study may take on its disk: what is free, and what its results and all
    downloads take already.
    """
    results = Path(paths.RESULTS.format(study=study.name))
    there = [results, Path("downloads")]
    files = (file for folder in there for file in folder.rglob("*"))
    taken = sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())
    disk = next(folder for folder in (results, results.parent, Path()) if folder.exists())
    return shutil.disk_usage(disk).free + taken


def pending(found: Estimate, jobs: Mapping[str, int] | None) -> Iterator[Work]:
    """The works of which jobs are to run, with as many of them as there are.

    jobs: {rule: its jobs that are to run}; None for all of a study. Of a rule's jobs that are not
    all to run, those are taken that leave least.
    """
    if jobs is None:
        yield from found.works
        return
    for stage, works in found.stages.items():
        left = jobs.get(stage, 0)
        for work in sorted(works, key=lambda work: work.kept):
            number = min(left, work.jobs)
            left -= number
            if number:
                yield work.times(number)


def check_room(found: Estimate, room: Room, jobs: Mapping[str, int] | None = None) -> list[str]:
    """What of a study does not fit by the estimate, a line each.

    jobs: as `pending` takes it. Raises InputError, one line, where it certainly does not fit: the
    models alone are larger than the disk, or the weights and the optimiser's state larger than the
    memory.
    """
    works = list(pending(found, jobs))
    warnings = []
    if room.disk is not None:
        models = sum(work.jobs * work.sure for work in works)
        if models > room.disk:
            raise InputError(
                f"disk: the models alone take {told(models)} or more, and {told(room.disk)} are "
                "free; expected more room, or fewer languages, methods, seeds or students"
            )
        whole = sum(work.jobs * work.kept for work in works)
        whole += max((work.beside for work in works), default=0.0)
        if whole > room.disk:
            warnings.append(
                f"disk: the study takes about {told(whole)} by estimate, and {told(room.disk)} "
                "are free"
            )
    if room.memory:
        warnings += memory_warnings(works, room.memory)
    return warnings


def memory_warnings(works: list[Work], memory: float) -> Iterator[str]:
    """A line for each stage and model that may not fit into a GPU; raises as `check_room` does."""
    seen = set()
    for work in works:
        what = f"{work.stage} {work.of}".strip()
        if work.least > memory:
            raise InputError(
                f"GPU memory: {what} holds at least {told(work.least)}, weights and optimiser "
                f"alone, and the GPU has {told(memory)}; expected a larger GPU or a smaller model"
            )
        if work.memory > memory and what not in seen:
            seen.add(what)
            yield (
                f"GPU memory: {what} takes about {told(work.memory)} by estimate, and the GPU has "
                f"{told(memory)}; a smaller batch takes less, with accumulation for the same step"
            )


def told(size: float) -> str:
    """Bytes in a message."""
    return f"{amount(size / UNIT)} GB"
