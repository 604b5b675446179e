# Search: queries are embedded in one process and searched in another, because PyTorch and FAISS
# each bring an OpenMP of their own.


rule embed_queries:
    message:
        "Embedding the {wildcards.lang} queries of {wildcards.collection}:"
        " {wildcards.student}, {wildcards.method}"
    input:
        encoder=query_encoder,
        queries=queries_of,
    output:
        directory("results/{study}/queries/{student}/{method}/{lang}/seed-{seed}/{collection}"),
    log:
        "logs/{study}/embed_queries/{student}.{method}.{lang}.seed-{seed}.{collection}.log",
    benchmark:
        "logs/{study}/embed_queries/{student}.{method}.{lang}.seed-{seed}.{collection}.benchmark.tsv"
    params:
        code=code("embed_queries"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_queries.py --encoder {input.encoder} --queries {input.queries}"
        " --output {output} > {log} 2>&1"


rule search_passages:
    message:
        "Searching {wildcards.collection} in {wildcards.lang}:"
        " {wildcards.student}, {wildcards.method}"
    input:
        index=of_student("results/{study}/indexes/{teacher}/{collection}"),
        vectors=of_student("results/{study}/passages/{teacher}/{collection}"),
        passages="results/{study}/data/collections/{collection}/passages.parquet",
        query_vectors="results/{study}/queries/{student}/{method}/{lang}/seed-{seed}/{collection}",
        queries=queries_of,
    output:
        run="results/{study}/runs/{student}/{method}/{lang}/seed-{seed}/{collection}.run.gz",
        exact="results/{study}/runs/{student}/{method}/{lang}/seed-{seed}/{collection}.exact.run.gz",
    log:
        "logs/{study}/search_passages/{student}.{method}.{lang}.seed-{seed}.{collection}.log",
    benchmark:
        "logs/{study}/search_passages/{student}.{method}.{lang}.seed-{seed}.{collection}.benchmark.tsv"
    params:
        code=code("search_passages"),
        depth=setting("search/depth"),
        options=search_options,
    conda:
        "../envs/index.yaml"
    shell:
        "python workflow_scripts/search_passages.py --index {input.index} --vectors {input.vectors}"
        " --passages {input.passages} --query-vectors {input.query_vectors}"
        " --queries {input.queries} --depth {params.depth} {params.options}"
        " --output {output.run} --exact {output.exact} > {log} 2>&1"


# The lexical floor: the query as it is, or translated, against the words of the passages.
rule search_lexical:
    message:
        "Searching {wildcards.collection} in {wildcards.lang} with {wildcards.method}"
    input:
        passages="results/{study}/data/collections/{collection}/passages.parquet",
        queries=queries_of,
    output:
        "results/{study}/runs/none/{method}/{lang}/seed-0/{collection}.run.gz",
    wildcard_constraints:
        method=one_of(studies.LEXICAL),
    log:
        "logs/{study}/search_lexical/{method}.{lang}.{collection}.log",
    benchmark:
        "logs/{study}/search_lexical/{method}.{lang}.{collection}.benchmark.tsv"
    params:
        code=code("search_lexical"),
        depth=setting("search/depth"),
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/search_lexical.py --passages {input.passages} --queries {input.queries}"
        " --depth {params.depth} --output {output} > {log} 2>&1"
