# The student: a query encoder for one language, distilled from bitext alone.
from optical.settings.distillation import Distillation, read_by
from optical.transport.settings import Ranking


def targets_of(wildcards):
    """The teacher's token vectors of the bitext, of sentences as long as the method reads them."""
    length = distillation(wildcards)["length"]
    return paths.fill(of_student(paths.TARGETS)(wildcards), length=length)


def unread_settings(wildcards):
    """The settings of the distillation that a method or variant does not read."""
    settings, read = distillation(wildcards), read_by(study.base(wildcards.method))
    unread = [name for name in settings if name not in read]
    if not settings["ranking"]:
        unread += [field.name for field in fields(Ranking)]
    if settings["batch_tokens"] is not None:
        unread.append("batch_size")
    return unread


rule distill_student:
    message:
        "Distilling {wildcards.lang} student {wildcards.student} by {wildcards.method};"
        " progress in {log}"
    input:
        # A student starts as the fine-tuned teacher of its own size.
        start=of_student(paths.fill(paths.TEACHER, teacher="{encoder}")),
        teacher=of_student(paths.TEACHER),
        targets=targets_of,
        bitext=paths.BITEXT,
    output:
        model=kept_student(directory(paths.STUDENT)),
        training=paths.STUDENT_LOG,
    wildcard_constraints:
        method=one_of([*study.distilled_methods, *study.trials]),
    log:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("distill_student"),
        method=lambda wildcards: study.base(wildcards.method),
        settings=options(
            Distillation,
            distillation,
            without=unread_settings,
            learning_rate=learning_rate(distillation),
        ),
        saved=kept_as,
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/distill_student.py --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --bitext {input.bitext} --method {params.method}"
        " {params.settings} {params.saved} --processes {resources.gpu} --seed {wildcards.seed}"
        " --output {output.model} > {log} 2>&1"
        " && cp {output.model}/training.jsonl {output.training}"
