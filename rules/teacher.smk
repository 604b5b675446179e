# The teacher: a late-interaction retriever of the pivot language, and its view of the bitext.


rule train_teacher:
    message:
        "Training teacher {wildcards.teacher}; progress in {log}"
    input:
        encoder="results/{study}/encoders/{teacher}",
        training_set="results/{study}/data/training_set",
        mined=mined_negatives,
    output:
        directory("results/{study}/teachers/{teacher}"),
    log:
        "logs/{study}/train_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/train_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("train_teacher"),
        dimension=setting("model/dimension"),
        query_length=setting("model/query_length"),
        passage_length=setting("model/passage_length"),
        steps=setting("teacher/steps"),
        batch_size=setting("teacher/batch_size"),
        learning_rate=learning_rate("teacher"),
        scale=setting("teacher/scale"),
        negatives=setting("teacher/negatives"),
        mined=lambda wildcards, input: f"--mined-negatives {input.mined}" if input.mined else "",
        loss=setting("teacher/loss"),
        accumulation=setting("teacher/accumulation"),
        mini_batch=at_most("--mini-batch", study["teacher"]["mini_batch"]),
        seed=setting("teacher/seed"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    priority: 1
    shell:
        "python workflow_scripts/train_teacher.py --encoder {input.encoder} --training-set {input.training_set}"
        " --dimension {params.dimension} --query-length {params.query_length}"
        " --passage-length {params.passage_length} --steps {params.steps}"
        " --batch-size {params.batch_size} --learning-rate {params.learning_rate}"
        " --scale {params.scale} --negatives {params.negatives} {params.mined}"
        " --loss {params.loss}"
        " --accumulation {params.accumulation} {params.mini_batch}"
        " --processes {resources.gpu} --seed {params.seed} --output {output} > {log} 2>&1"


# Once for a teacher and language: every method, epoch and seed reads the same vectors.
rule embed_targets:
    message:
        "Embedding the {wildcards.lang} bitext's pivot side with teacher {wildcards.teacher}"
    input:
        teacher="results/{study}/teachers/{teacher}",
        bitext="results/{study}/data/bitext/{lang}.parquet",
    output:
        directory("results/{study}/targets/{teacher}/{lang}"),
    log:
        "logs/{study}/embed_targets/{teacher}.{lang}.log",
    benchmark:
        "logs/{study}/embed_targets/{teacher}.{lang}.benchmark.tsv"
    params:
        code=code("embed_targets"),
        length=setting("distillation/length"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_targets.py --teacher {input.teacher} --bitext {input.bitext}"
        " --length {params.length} --output {output} > {log} 2>&1"
