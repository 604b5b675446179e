# Passages: embedded and indexed once for a teacher and collection, whoever asks.
from optical.estimate.amounts import Amounts
from optical.settings.index import EXACT_TOKENS, Index

always_exact = study["index"]["kind"] == "exact"


def cores_to_index(wildcards):
    """All cores for a large collection, as a study has few of them; one for what takes a second."""
    amounts, collection = Amounts(study), wildcards.collection
    tokens = amounts.passages(collection) * amounts.passage(collection)
    is_large = tokens > EXACT_TOKENS and not always_exact
    return workflow.cores if is_large and workflow.cores else 1


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
    threads: cores_to_index
    resources:
        gpu=gpus,
    conda:
        "../envs/index.yaml"
    shell:
        "python workflow_scripts/build_index.py --vectors {input.vectors} {params.settings} --output {output} > {log} 2>&1"
