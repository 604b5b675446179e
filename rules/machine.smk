# What touches the machine: the Python of the jobs, the locks of runs, the GPUs. Some of it is no
# documented interface of Snakemake: it was tried with the versions that the Snakefile accepts.
import atexit
import fcntl
import os
import shutil
from collections import Counter

from snakemake.settings.enums import Quietness
from snakemake.settings.types import DeploymentMethod

from optical.estimate.estimate import estimate
from optical.estimate.fit import Room, check_room
from optical.estimate.rates import machines
from optical.estimate.shown import totals
from optical.runtime import file_locks
from optical.runtime.gpus import gpu_memory, visible_gpus

# Rules run `python`: the one that runs Snakemake, unless a conda environment comes before it.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", os.defpath)]),
    PYTHONNOUSERSITE="1",
    # Waiting threads must not hold the cores that another job computes on.
    OMP_WAIT_POLICY="passive",
)

# `conda activate` puts a job's environment where an active one stands in PATH, behind the Python
# above. It therefore finds none active. Its failure stops nothing: each job looks at where it runs.
if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
    active = r"CONDA_(SHLVL|PREFIX(_\d+)?|STACKED_\d+|DEFAULT_ENV|PROMPT_MODIFIER)"
    for name in filter(re.compile(active).fullmatch, list(os.environ)):
        del os.environ[name]
    shell.prefix(
        "set -euo pipefail;"
        ' [ "$(command -v python)" = "${{CONDA_PREFIX:-none}}/bin/python" ] ||'
        " {{ echo \"$(command -v python): not the Python of the job's conda environment,"
        ' ${{CONDA_PREFIX:-of which none is active}}" >&2; exit 1; }}; '
    )

# A run that is killed leaves Snakemake's lock behind, which would stop the next. The system releases
# this one with the process: who has it alone may clear what others left.
if workflow.is_main_process:
    tell_interruption()
    Path(".snakemake/locks").mkdir(parents=True, exist_ok=True)
    runs_here = open(".snakemake/runs", "a+")
    by_hand = "after a killed run, remove its lock by hand: snakemake --unlock"

    def lock_runs(operation):
        return file_locks.lock(runs_here.fileno(), runs_here.name, operation, by_hand)

    try:
        if lock_runs(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for left in Path(".snakemake/locks").glob("*.lock"):
                left.unlink()
    except BlockingIOError:
        pass  # another run is at work here; Snakemake sees to it that they share no file
    lock_runs(fcntl.LOCK_SH)

# How many GPUs jobs may have at one time: those of this machine, unless a profile says it, as for a
# cluster whose GPUs are elsewhere. Which one a job has, it finds out itself: runtime/gpus.py.
if "gpu" not in workflow.global_resources and (here := len(visible_gpus())):
    workflow.register_resource("gpu", here)
# What a rule that uses a GPU asks for, where there are any.
gpus = min(1, workflow.global_resources["gpu"].value) if "gpu" in workflow.global_resources else 0


def is_asked(rule):
    """Whether a rule is one of the targets of this run."""
    return rule in workflow.dag_settings.targets


# Snakemake limits how many jobs start in a second, and looks after each second at all that could. Each
# job that ends adds one more such look a second, for good: after some hundred jobs they take up a core.
def lift_limit():
    """Let any number of jobs start in a second, where nobody asked for a limit: before the first job."""
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and (limit.max_jobs, limit.timespan) == (100, 1):  # Snakemake's default
        workflow.scheduler.job_rate_limiter = None


# What the study costs, and whether it fits: its disk is where it runs, and the memory of its GPUs that
# of this machine's, or what `--resources gpu_memory_mb=24000` says of those of a cluster.
def tell_room():
    """Print what of the jobs to run does not fit; raise InputError where that is certain."""
    # At the end of a dry run all of them are finished.
    to_run = workflow.dag.needrun_jobs(exclude_finished=False)
    jobs = Counter(job.rule.name for job in to_run)
    given = workflow.global_resources.get("gpu_memory_mb").value  # None where nobody gave it
    memory = gpu_memory() if given is None else given * 1e6
    disk = shutil.disk_usage("results" if Path("results").exists() else ".")
    room = Room(disk.free, memory)
    for line in check_room(estimate(study), room, jobs):
        print(f"warning: {line}", file=sys.stderr)


def tell_cost():
    """Print what the whole study costs, at the end of a dry run."""
    dry = workflow.dryrun and workflow.scheduler is not None
    if not dry or Quietness.ALL in (workflow.output_settings.quiet or ()):
        return
    try:
        print(*totals(estimate(study), machines()), sep="\n")
        tell_room()
    except InputError as error:
        print(f"study: {error}", file=sys.stderr)


if workflow.is_main_process:
    atexit.register(tell_cost)
