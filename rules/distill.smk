# The student: a query encoder for one language, distilled from bitext alone.


rule distill_student:
    message:
        "Distilling {wildcards.lang} student {wildcards.student} by {wildcards.method};"
        " progress in {log}"
    input:
        # A student starts as the fine-tuned teacher of its own size.
        start=of_student("results/{study}/teachers/{encoder}"),
        teacher=of_student("results/{study}/teachers/{teacher}"),
        targets=of_student("results/{study}/targets/{teacher}/{lang}"),
        bitext="results/{study}/data/bitext/{lang}.parquet",
    output:
        directory("results/{study}/students/{student}/{method}/{lang}/seed-{seed}"),
    wildcard_constraints:
        method=one_of(studies.DISTILLED),
    log:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/distill_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("distill_student"),
        steps=setting("distillation/steps"),
        batch=batch_option,
        accumulation=setting("distillation/accumulation"),
        learning_rate=learning_rate("distillation"),
        length=setting("distillation/length"),
        loss=loss_options,
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/distill_student.py --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --bitext {input.bitext} --method {wildcards.method}"
        " --steps {params.steps} {params.batch} --accumulation {params.accumulation}"
        " --learning-rate {params.learning_rate} --length {params.length} {params.loss}"
        " --processes {resources.gpu} --seed {wildcards.seed} --output {output} > {log} 2>&1"
