"""The estimate of a study: the work of all its stages, and what follows for machines and disks."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from optical.estimate import models, preparing, searching
from optical.estimate import students as of_students
from optical.estimate.amounts import Amounts
from optical.estimate.rates import Rates
from optical.estimate.work import Work
from optical.study.study import Study

DOWNLOADING = ("download_", "export_ir_dataset", "fetch_")
"""What the stages begin with that need a network."""


@dataclass(frozen=True)
class Estimate:
    """What a study costs, from its first file to its report.

    works: by stage, in the order data flows. assumed: what nobody knows the size of before it is
    here.
    """

    works: list[Work]
    assumed: list[str]

    @property
    def stages(self) -> dict[str, list[Work]]:
        """The works of each stage, in order."""
        found: dict[str, list[Work]] = {}
        for work in self.works:
            found.setdefault(work.stage, []).append(work)
        return found

    @property
    def jobs(self) -> int:
        """Jobs of the whole study."""
        return sum(work.jobs for work in self.works)

    def hours(self, rates: Rates) -> tuple[float, float]:
        """(GPU hours, hours of one core) of all jobs on a machine; without a GPU cores do all."""
        gpu = hours([work for work in self.works if work.gpu], rates)
        cpu = hours([work for work in self.works if not work.gpu], rates)
        return (gpu, cpu) if rates.is_gpu else (0.0, gpu + cpu)

    @property
    def kept(self) -> float:
        """Bytes on disk when the study has finished: results, and the data that was downloaded."""
        return sum(work.jobs * work.kept for work in self.works)

    @property
    def trimmed(self) -> float:
        """Bytes on disk after `make trim`."""
        return self.kept - sum(work.jobs * work.used for work in self.works)

    @property
    def downloads(self) -> float:
        """Bytes that come from the network: data, and models of the hub."""
        works = (work for work in self.works if work.stage.startswith(DOWNLOADING))
        return sum(work.jobs * work.kept for work in works)

    @property
    def peak(self) -> float:
        """Bytes on disk at most: the largest training keeps checkpoints beside all else."""
        return self.kept + max((work.beside for work in self.works), default=0.0)

    @property
    def memory(self) -> float:
        """Bytes of a GPU that the largest stage takes."""
        return max((work.memory for work in self.works), default=0.0)


def hours(works: Iterable[Work], rates: Rates) -> float:
    """Hours of all jobs of some works, one after the other."""
    return sum(work.jobs * work.seconds(rates) for work in works) / 3600


def estimate(study: Study) -> Estimate:
    """The estimate of a study."""
    amounts = Amounts(study)
    works = chain(
        preparing.data(study, amounts),
        models.pretrained_encoders(study, amounts),
        models.fetched_models(study),
        models.trained_teachers(study, amounts),
        searching.targets(study, amounts),
        of_students.students(study, amounts),
        models.translators(study, amounts),
        searching.translations(study, amounts),
        searching.passages(study, amounts),
        searching.runs(study, amounts),
        preparing.report(study, amounts),
    )
    found = [work for work in works if work.jobs]
    return Estimate(found, [*sorted(amounts.assumed), *models.assumed_models(study)])
