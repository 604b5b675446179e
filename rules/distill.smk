# The student: a query encoder for one language, distilled from bitext alone.


def loss_options(wildcards):
    """The options of a method's loss: only those that it reads, so that others rerun nothing."""
    settings = study["distillation"]
    names = ["solver", "epsilon", "iterations"] if wildcards.method == "optical" else []
    options = [f"--{name} {settings[name]}" for name in names]
    # Greedy alignment pairs tokens off, whatever their mass.
    marginals = "uniform" if wildcards.method == "greedy" else settings["marginals"]
    special = "" if settings["special_tokens"] else "no-"
    return " ".join([*options, f"--marginals {marginals}", f"--{special}special-tokens"])


rule distill_student:
    message:
        "Distilling {wildcards.lang} student {wildcards.student} by {wildcards.method};"
        " progress in {log}"
    input:
        program=program("distill_student"),
        # A student starts as the fine-tuned teacher of its own size.
        start=of_student("results/{study}/teachers/{encoder}"),
        teacher=of_student("results/{study}/teachers/{teacher}"),
        targets=of_student("results/{study}/targets/{teacher}/{lang}"),
        bitext="results/{study}/data/bitext/{lang}.parquet",
    output:
        directory("results/{study}/students/{student}/{method}/{lang}/seed-{seed}"),
    log:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        steps=setting("distillation/steps"),
        batch_size=setting("distillation/batch_size"),
        learning_rate=learning_rate("distillation"),
        length=setting("distillation/length"),
        loss=loss_options,
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python {input.program[0]} --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --bitext {input.bitext} --method {wildcards.method}"
        " --steps {params.steps} --batch-size {params.batch_size}"
        " --learning-rate {params.learning_rate} --length {params.length} {params.loss}"
        " --seed {wildcards.seed} --output {output} > {log} 2>&1"
