# Scores: every query of every run, so that whatever is compared later is compared by query.


def run_of(wildcards):
    """The run to score: without training, all students of a teacher have the same."""
    student = wildcards.student
    if student != "none" and not study.trains(wildcards.method):
        student = student_of(teacher_of(wildcards))
    return paths.fill(paths.RUN, student=student)


def exact_run_of(wildcards):
    """The run of those queries that an approximate index's passages were searched exactly for."""
    if wildcards.student == "none" or always_exact:
        return []
    return run_of(wildcards).replace(".run.gz", ".exact.run.gz")


def pivot_run_of(wildcards):
    """The run of the same queries in the pivot language, if there are any: the teacher's own, or
    bm25's.
    """
    if not study.has_queries(wildcards.collection, study.pivot):
        return []
    student, method, seed = "none", "bm25", 0
    if wildcards.student != "none":
        student, method = student_of(teacher_of(wildcards)), "zero_shot"
        seed = study.untrained_seed(int(wildcards.seed))
    return paths.fill(paths.RUN, student=student, method=method, lang=study.pivot, seed=seed)


rule score_run:
    message:
        "Scoring {wildcards.collection} in {wildcards.lang}:"
        " {wildcards.student}, {wildcards.method}"
    input:
        run=run_of,
        exact=exact_run_of,
        pivot_run=pivot_run_of,
        qrels=paths.QRELS,
        queries=paths.QUERIES,
        doubtful=paths.DOUBTFUL,
    output:
        paths.SCORES,
    wildcard_constraints:
        student=one_of([*study["students"], "none"]),
    log:
        "logs/{study}/score_run/{student}.{method}.{lang}.seed-{seed}.{collection}.log",
    benchmark:
        "logs/{study}/score_run/{student}.{method}.{lang}.seed-{seed}.{collection}.benchmark.tsv"
    params:
        code=code("score_run"),
        metrics=command_line({"metrics": study["metrics"]}),
        level=lambda wildcards: study.of_collection(wildcards.collection, "relevance_level"),
        exact=lambda wildcards, input: command_line({"exact": input.exact or None}),
        pivot=lambda wildcards, input: command_line({"pivot_run": input.pivot_run or None}),
        teacher=lambda wildcards: ("none" if wildcards.student == "none" else teacher_of(wildcards)),
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/score_run.py --run {input.run} {params.exact} --qrels {input.qrels}"
        " --queries {input.queries} --relevance-level {params.level}"
        " --study {wildcards.study} --student {wildcards.student} --teacher {params.teacher}"
        " --method {wildcards.method} --language {wildcards.lang}"
        " --collection {wildcards.collection} --seed {wildcards.seed}"
        " {params.pivot} --doubtful {input.doubtful} {params.metrics}"
        " --output {output} > {log} 2>&1"
