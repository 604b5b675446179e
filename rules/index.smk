# Passages: embedded and indexed once for a teacher and collection, whoever asks.


rule embed_passages:
    message:
        "Embedding the passages of {wildcards.collection} with teacher {wildcards.teacher}"
    input:
        program=program("embed_passages"),
        teacher="results/{study}/teachers/{teacher}",
        passages="results/{study}/data/collections/{collection}/passages.parquet",
    output:
        directory("results/{study}/passages/{teacher}/{collection}"),
    log:
        "logs/{study}/embed_passages/{teacher}.{collection}.log",
    benchmark:
        "logs/{study}/embed_passages/{teacher}.{collection}.benchmark.tsv"
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python {input.program[0]} --teacher {input.teacher} --passages {input.passages}"
        " --processes {resources.gpu} --output {output} > {log} 2>&1"


rule build_index:
    message:
        "Indexing the passages of {wildcards.collection} for teacher {wildcards.teacher}"
    input:
        program=program("build_index"),
        vectors="results/{study}/passages/{teacher}/{collection}",
    output:
        directory("results/{study}/indexes/{teacher}/{collection}"),
    log:
        "logs/{study}/build_index/{teacher}.{collection}.log",
    benchmark:
        "logs/{study}/build_index/{teacher}.{collection}.benchmark.tsv"
    params:
        options=index_options,
    resources:
        gpu=gpus,
    conda:
        "../envs/index.yaml"
    shell:
        "python {input.program[0]} --vectors {input.vectors} {params.options} --output {output} > {log} 2>&1"
