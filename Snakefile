# The study in one page: what is read, the stages in the order data flows, what is made.
from snakemake.utils import min_version

min_version("9.0")


# A study given by --configfile stands alone: nothing of the default one is below it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/data.smk"
include: "rules/encoder.smk"
include: "rules/teacher.smk"
include: "rules/distill.smk"
include: "rules/translate.smk"
include: "rules/index.smk"
include: "rules/search.smk"
include: "rules/score.smk"
include: "rules/gap.smk"
include: "rules/export.smk"


rule all:
    default_target: True
    input:
        f"results/{study['study']}/report.html",
        f"results/{study['study']}/gap/gap_table.csv",
    localrule: True


rule models:
    message:
        "All models are in results/{study[study]}/models/"
    input:
        all_models,
    localrule: True


# All that needs a network: the rest then runs without one.
rule prefetch:
    message:
        "All downloads of {study[study]} are here"
    input:
        study_files.downloads(study, datasets),
        list(study_files.hub_models(study)),
    localrule: True


# A run that was asked for less than the whole study ends without a report to show.
onsuccess:
    folder = Path("results", study["study"])
    if (folder / "report.html").exists():
        show_gap((folder / "gap/gap_table.md").read_text(), folder / "report.html", gap_note)


# What a step says of a file that a disk or a copy has cut off is often not that.
onerror:
    for remove, reason in damaged(Path("results", study["study"])):
        print(
            f"Damaged: {reason}. Remove {remove} and start again: it is made anew.",
            file=sys.stderr,
        )
