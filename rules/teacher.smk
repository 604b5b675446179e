# The teacher: a late-interaction retriever of the pivot language, and its view of the bitext.
from optical.settings.teacher import Model, Teacher


def mined_negatives(wildcards):
    """The file of mined hard negatives, for a teacher that reads some."""
    mined = study["teacher"]["negatives"] and study["training_set"]["negatives"] == "bm25"
    return paths.NEGATIVES if mined else []


rule train_teacher:
    message:
        "Training teacher {wildcards.teacher}; progress in {log}"
    input:
        encoder=paths.fill(paths.ENCODER, encoder="{teacher}"),
        training_set=paths.TRAINING_SET,
        mined=mined_negatives,
    output:
        directory(paths.TEACHER),
    log:
        "logs/{study}/train_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/train_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("train_teacher"),
        model=options(Model, "model"),
        settings=options(Teacher, "teacher", learning_rate=learning_rate("teacher")),
        mined=lambda wildcards, input: f"--mined-negatives {input.mined}" if input.mined else "",
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    priority: 1
    shell:
        "python workflow_scripts/train_teacher.py --encoder {input.encoder}"
        " --training-set {input.training_set} {params.mined} {params.model} {params.settings}"
        " --processes {resources.gpu} --output {output} > {log} 2>&1"


# Once for a teacher, a language and a length of sentences: every method, epoch and seed reads them.
rule embed_targets:
    message:
        "Embedding the {wildcards.lang} bitext's pivot side with teacher {wildcards.teacher}"
    input:
        teacher=paths.TEACHER,
        bitext=paths.BITEXT,
    output:
        directory(paths.TARGETS),
    log:
        "logs/{study}/embed_targets/{teacher}.{lang}.{length}.log",
    benchmark:
        "logs/{study}/embed_targets/{teacher}.{lang}.{length}.benchmark.tsv"
    params:
        code=code("embed_targets"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_targets.py --teacher {input.teacher} --bitext {input.bitext}"
        " --length {wildcards.length} --output {output} > {log} 2>&1"
