# The study in one page: what is read, the stages in the order data flows, what is made.
import sys

from snakemake import __version__
from snakemake.utils import min_version

# Tried with 9.8.0, 9.14.0 and 9.27.1. No later major version promises what rules/machine.smk uses.
min_version("9.8")
if __version__.partition(".")[0] != "9":
    sys.exit(f"Snakemake {__version__}: expected 9.8 or newer, and older than 10")


# A study given by --configfile stands alone: nothing of the default one is below it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/machine.smk"
include: "rules/data.smk"
include: "rules/encoder.smk"
include: "rules/teacher.smk"
include: "rules/distill.smk"
include: "rules/translate.smk"
include: "rules/index.smk"
include: "rules/search.smk"
include: "rules/score.smk"
include: "rules/tune.smk"
include: "rules/gap.smk"
include: "rules/report.smk"
include: "rules/export.smk"


rule all:
    default_target: True
    input:
        of_study(paths.REPORT),
        of_study(paths.TABLE, table="gap"),
    localrule: True


rule models:
    message:
        "All models are in results/{study.name}/models/"
    input:
        all_models,
    localrule: True


rule tune:
    message:
        "Learning rates of {study.name} are in results/{study.name}/tuning/"
    input:
        rules.choose_learning_rates.output.choice.replace("{study}", study.name),
    localrule: True


# Of a finished study, what only a change of it would need again.
rule trim:
    message:
        "Removing the token vectors of {study.name} that were used"
    input:
        rules.all.input,
    log:
        f"logs/{study.name}/trim.log",
    localrule: True
    run:
        done = f"{trim(study.name) / 1e9:.2g} GB of token vectors were removed"
        print(done)
        Path(log[0]).write_text(f"{done}\n")


# All that needs a network: the rest then runs without one.
rule prefetch:
    message:
        "All downloads of {study.name} are here"
    input:
        study_files.downloads(study),
        list(study_files.hub_models(study)),
    localrule: True


# Before days and disks are spent: what of the jobs that are to run does not fit, by the estimate.
onstart:
    try:
        tell_room()
    except InputError as error:
        sys.exit(f"study: {error}")
    lift_limit()


# A run that was asked for less than the whole study ends without a report to show.
onsuccess:
    report_file, table = map(Path, rules.all.input)
    if is_asked("models"):
        show_models(study.name, *of_study(paths.MODELS))
    elif report_file.exists() and not is_asked("trim"):
        show_gap(table.with_suffix(".md").read_text(), report_file, gap_note)


# The last word of each failed step, and what is often behind it: a file that a disk or a copy has
# cut off.
onerror:
    for failure in failures(map(Path, log)):
        print(failure, file=sys.stderr)
    for remove, reason in damaged(Path(*of_study(paths.RESULTS))):
        print(
            f"Damaged: {reason}. Remove {remove} and start again: it is made anew.",
            file=sys.stderr,
        )
