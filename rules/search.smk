# Search: queries are embedded in one process and searched in another, because PyTorch and FAISS
# each bring an OpenMP of their own.
from optical.settings.search import Search


def query_encoder(wildcards):
    """The model that reads the queries: the teacher itself, or the trained student."""
    if study.trains(wildcards.method):
        return paths.STUDENT
    return of_student(paths.TEACHER)(wildcards)


def collections_in(lang):
    """The collections that have queries in a language."""
    return [name for name in study["collections"] if study.tests(name, lang)]


def leave_out(wildcards):
    """The option that leaves the passage of the query's own id out of a collection's runs."""
    value = study.of_collection(wildcards.collection, "leave_out_query")
    return command_line({"leave_out_query": value or None})


# All collections in one job: to load the libraries and the model takes longer than most queries.
rule embed_queries:
    message:
        "Embedding the {wildcards.lang} queries: {wildcards.student}, {wildcards.method}"
    input:
        encoder=query_encoder,
        base=base_of,
        queries=lambda wildcards: [
            paths.fill(queries_of(wildcards), collection=name)
            for name in collections_in(wildcards.lang)
        ],
    output:
        directory(paths.QUERY_VECTORS),
    log:
        "logs/{study}/embed_queries/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/embed_queries/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("embed_queries"),
        queries=lambda wildcards, input: [
            f"{name}={file}"
            for name, file in zip(collections_in(wildcards.lang), input.queries, strict=True)
        ],
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    # Before the next student is trained: one of which scores alone stay is removed after this.
    priority: 1
    shell:
        "python workflow_scripts/embed_queries.py --encoder {input.encoder} --queries {params.queries}"
        " --output {output} > {log} 2>&1"


rule search_passages:
    message:
        "Searching {wildcards.collection} in {wildcards.lang}:"
        " {wildcards.student}, {wildcards.method}"
    input:
        index=of_student(paths.INDEX),
        vectors=of_student(paths.PASSAGE_VECTORS),
        passages=paths.PASSAGES,
        query_vectors=paths.QUERY_VECTORS,
        queries=queries_of,
    output:
        run=paths.RUN,
        exact=paths.EXACT_RUN,
    log:
        "logs/{study}/search_passages/{student}.{method}.{lang}.seed-{seed}.{collection}.log",
    benchmark:
        "logs/{study}/search_passages/{student}.{method}.{lang}.seed-{seed}.{collection}.benchmark.tsv"
    params:
        code=code("search_passages"),
        # An exact index is searched in one way.
        settings=options(
            Search,
            "search",
            without=lambda wildcards: (
                ("probes", "candidates", "exact_queries") if always_exact else ()
            ),
        ),
        leave_out=leave_out,
    conda:
        "../envs/index.yaml"
    shell:
        "python workflow_scripts/search_passages.py --index {input.index} --vectors {input.vectors}"
        " --passages {input.passages} --query-vectors {input.query_vectors}/{wildcards.collection}"
        " --queries {input.queries} {params.settings} {params.leave_out}"
        " --output {output.run} --exact {output.exact} > {log} 2>&1"


def cut_as(wildcards):
    """The languages whose words queries and passages are cut into, as options."""
    translated = queries_of(wildcards) == paths.TRANSLATED
    language = study.pivot if translated else wildcards.lang
    # Passages in several languages are cut by rules that fit all, and so are the queries then.
    pooled = wildcards.collection in registry.POOLED
    names = ("mul", "mul") if pooled else (language, study.pivot)
    return command_line(dict(zip(("language", "passage_language"), names, strict=True)))


# The lexical floor: the query as it is, or translated, against the words of the passages.
rule search_lexical:
    message:
        "Searching {wildcards.collection} in {wildcards.lang} with {wildcards.method}"
    input:
        passages=paths.PASSAGES,
        queries=queries_of,
    output:
        paths.fill(paths.RUN, student="none", seed=0),
    wildcard_constraints:
        method=one_of(LEXICAL),
    log:
        "logs/{study}/search_lexical/{method}.{lang}.{collection}.log",
    benchmark:
        "logs/{study}/search_lexical/{method}.{lang}.{collection}.benchmark.tsv"
    params:
        code=code("search_lexical"),
        languages=cut_as,
        depth=setting("search/depth"),
        leave_out=leave_out,
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/search_lexical.py --passages {input.passages} --queries {input.queries}"
        " {params.languages} --depth {params.depth} {params.leave_out} --output {output} > {log} 2>&1"
