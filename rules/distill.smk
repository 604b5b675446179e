# The student: a query encoder for one language, distilled from bitext alone.
from optical.settings.distillation import Distillation
from optical.transport.settings import Transport


def unread_settings(wildcards):
    """The settings of the distillation that a method does not read."""
    unread = []
    if wildcards.method != "optical":
        unread += [field.name for field in fields(Transport)]
    if wildcards.method == "greedy":
        unread.append("marginals")  # it pairs tokens off, whatever their mass
    if study["distillation"]["batch_tokens"] is not None:
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
        targets=of_student(paths.TARGETS),
        bitext=paths.BITEXT,
    output:
        directory(paths.STUDENT),
    wildcard_constraints:
        method=one_of(DISTILLED),
    log:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("distill_student"),
        settings=options(
            Distillation,
            "distillation",
            without=unread_settings,
            learning_rate=learning_rate("distillation"),
        ),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/distill_student.py --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --bitext {input.bitext} --method {wildcards.method}"
        " {params.settings} --processes {resources.gpu} --seed {wildcards.seed} --output {output} > {log} 2>&1"
