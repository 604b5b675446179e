# Passages: embedded and indexed once for a teacher and collection, whoever asks.


rule embed_passages:
    message:
        "Embedding the passages of {wildcards.collection} with teacher {wildcards.teacher}"
    input:
        teacher="results/{study}/teachers/{teacher}",
        passages="results/{study}/data/collections/{collection}/passages.parquet",
    output:
        directory("results/{study}/passages/{teacher}/{collection}"),
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
        vectors="results/{study}/passages/{teacher}/{collection}",
    output:
        directory("results/{study}/indexes/{teacher}/{collection}"),
    log:
        "logs/{study}/build_index/{teacher}.{collection}.log",
    benchmark:
        "logs/{study}/build_index/{teacher}.{collection}.benchmark.tsv"
    params:
        code=code("build_index"),
        options=index_options,
    resources:
        gpu=gpus,
    conda:
        "../envs/index.yaml"
    shell:
        "python workflow_scripts/build_index.py --vectors {input.vectors} {params.options} --output {output} > {log} 2>&1"
