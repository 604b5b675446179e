# Passages: embedded and indexed once for a teacher and collection, whoever asks.
from optical.settings.index import Index

always_exact = study["index"]["kind"] == "exact"


rule embed_passages:
    message:
        "Embedding the passages of {wildcards.collection} with teacher {wildcards.teacher}"
    input:
        teacher=paths.TEACHER,
        passages=paths.PASSAGES,
    output:
        directory(paths.PASSAGE_VECTORS),
    log:
        "logs/{study}/embed_passages/{teacher}.{collection}.log",
    benchmark:
        "logs/{study}/embed_passages/{teacher}.{collection}.benchmark.tsv"
    params:
        code=code("embed_passages"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_passages.py --teacher {input.teacher} --passages {input.passages}"
        " --processes {resources.gpu} --output {output} > {log} 2>&1"


rule build_index:
    message:
        "Indexing the passages of {wildcards.collection} for teacher {wildcards.teacher}"
    input:
        vectors=paths.PASSAGE_VECTORS,
    output:
        directory(paths.INDEX),
    log:
        "logs/{study}/build_index/{teacher}.{collection}.log",
    benchmark:
        "logs/{study}/build_index/{teacher}.{collection}.benchmark.tsv"
    params:
        code=code("build_index"),
        # Of an index that is always exact only that it is.
        settings=options(
            Index,
            "index",
            without=lambda wildcards: ("codec", "centroids") if always_exact else (),
        ),
    resources:
        gpu=gpus,
    conda:
        "../envs/index.yaml"
    shell:
        "python workflow_scripts/build_index.py --vectors {input.vectors} {params.settings} --output {output} > {log} 2>&1"
