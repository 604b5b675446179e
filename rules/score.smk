# Scores: every query of every run, so that whatever is compared later is compared by query.


rule score_run:
    message:
        "Scoring {wildcards.collection} in {wildcards.lang}:"
        " {wildcards.student}, {wildcards.method}"
    input:
        run=run_of,
        exact=exact_run_of,
        pivot_run=pivot_run_of,
        qrels="results/{study}/data/collections/{collection}/qrels.txt",
        doubtful="results/{study}/data/collections/{collection}/queries/{lang}.doubtful.txt",
    output:
        "results/{study}/runs/{student}/{method}/{lang}/seed-{seed}/{collection}.scores.parquet",
    wildcard_constraints:
        student=one_of([*study["students"], "none"]),
    log:
        "logs/{study}/score_run/{student}.{method}.{lang}.seed-{seed}.{collection}.log",
    benchmark:
        "logs/{study}/score_run/{student}.{method}.{lang}.seed-{seed}.{collection}.benchmark.tsv"
    params:
        code=code("score_run"),
        metrics=" ".join(f"--metric {metric}" for metric in study["metrics"]),
        teacher=lambda wildcards: ("none" if wildcards.student == "none" else teacher_of(wildcards)),
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/score_run.py --run {input.run} --exact {input.exact} --qrels {input.qrels}"
        " --study {wildcards.study} --student {wildcards.student} --teacher {params.teacher}"
        " --method {wildcards.method} --language {wildcards.lang}"
        " --collection {wildcards.collection} --seed {wildcards.seed}"
        " --pivot-run {input.pivot_run} --doubtful {input.doubtful} {params.metrics}"
        " --output {output} > {log} 2>&1"
