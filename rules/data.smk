# Data: constructed, downloaded or local text becomes bitext, a training set and collections.


if studies.is_constructed(study):
    training_source = "constructed"
    training_folder = source_folder("constructed")
    training_files = source_files("constructed")
else:
    training_source = "msmarco"
    training_folder = str(Path(study["local"], study["training_set"]["folder"]))
    training_files = [
        f"{training_folder}/{name}"
        for name in ("collection.tsv", "queries.train.tsv", "qrels.train.tsv")
    ]
    # Optional: hard negatives, or the articles of which all passages are some, and scores.
    training_files += [
        file
        for name in ("negatives.tsv", "articles.tsv", "scores.tsv")
        if Path(file := f"{training_folder}/{name}").exists()
    ]


rule construct_world:
    message:
        "Constructing the world that the data of {wildcards.study} tells of"
    input:
        program=program("construct_world"),
    output:
        "results/{study}/data/world/world.json",
    log:
        "logs/{study}/construct_world.log",
    benchmark:
        "logs/{study}/construct_world.benchmark.tsv"
    params:
        seed=setting("constructed/seed"),
        entities=setting("constructed/entities"),
        relations=setting("constructed/relations"),
        zipf=setting("constructed/zipf"),
        facts=setting("constructed/facts_per_passage"),
        passages=setting("constructed/passages"),
        queries=setting("constructed/queries"),
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --seed {params.seed} --entities {params.entities}"
        " --relations {params.relations} --zipf {params.zipf} --facts-per-passage {params.facts}"
        " --passages {params.passages} --queries {params.queries}"
        " --output {output} > {log} 2>&1"


rule download_file:
    message:
        "Downloading {wildcards.dataset}: {wildcards.file}"
    input:
        program=program("download_file"),
    output:
        "downloads/{dataset}/{file}",
    log:
        "logs/downloads/{dataset}/{file}.log",
    benchmark:
        "logs/downloads/{dataset}/{file}.benchmark.tsv"
    params:
        url=lambda wildcards: datasets[wildcards.dataset]["files"][wildcards.file]["url"],
        sha256=lambda wildcards: datasets[wildcards.dataset]["files"][wildcards.file]["sha256"],
        bytes=lambda wildcards: datasets[wildcards.dataset]["files"][wildcards.file]["bytes"],
        # Where a file comes from is the machine's business: functions of `resources` are not
        # tracked, so another mirror reruns nothing.
        mirrors=lambda wildcards, resources: study["mirror"],
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --url {params.url:q} --sha256 {params.sha256}"
        " --bytes {params.bytes} --mirrors {params.mirrors:q} --output {output} > {log} 2>&1"


rule prepare_bitext:
    message:
        "Preparing {wildcards.lang}-{params.pivot} bitext"
    input:
        program=lambda wildcards: program(
            "prepare_bitext", [corpora.BITEXT[name] for name in bitext_sources(wildcards.lang)]
        ),
        files=lambda wildcards: [
            file
            for source in bitext_sources(wildcards.lang)
            for file in source_files(source, wildcards.lang)
        ],
    output:
        bitext="results/{study}/data/bitext/{lang}.parquet",
        cleaning="results/{study}/data/bitext/{lang}.cleaning.csv",
    log:
        "logs/{study}/prepare_bitext/{lang}.log",
    benchmark:
        "logs/{study}/prepare_bitext/{lang}.benchmark.tsv"
    params:
        pivot=pivot,
        sources=lambda wildcards: [
            f"{source}={source_folder(source)}" for source in bitext_sources(wildcards.lang)
        ],
        pairs=at_most("--pairs", study["bitext"]["pairs"]),
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --language {wildcards.lang} --pivot {params.pivot}"
        " --sources {params.sources} {params.pairs}"
        " --output {output.bitext} --cleaning {output.cleaning} > {log} 2>&1"


rule prepare_training_set:
    message:
        "Preparing the teacher's training set"
    input:
        program=program("prepare_training_set", [corpora.TRAINING_SETS[training_source]]),
        files=training_files,
    output:
        directory("results/{study}/data/training_set"),
    log:
        "logs/{study}/prepare_training_set.log",
    benchmark:
        "logs/{study}/prepare_training_set.benchmark.tsv"
    params:
        # A local folder is the machine's business, as a mirror is; its files are inputs.
        source=lambda wildcards, resources: f"{training_source}={training_folder}",
        queries=at_most("--queries", study["training_set"]["queries"]),
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --source {params.source:q} {params.queries}"
        " --output {output} > {log} 2>&1"


rule mine_negatives:
    message:
        "Mining hard negatives for the teacher with BM25"
    input:
        program=program("mine_negatives"),
        training_set="results/{study}/data/training_set",
    output:
        "results/{study}/data/negatives.parquet",
    log:
        "logs/{study}/mine_negatives.log",
    benchmark:
        "logs/{study}/mine_negatives.benchmark.tsv"
    conda:
        "../envs/score.yaml"
    shell:
        "python {input.program[0]} --training-set {input.training_set} --output {output}"
        " > {log} 2>&1"


rule prepare_text:
    message:
        "Preparing {wildcards.lang} text to pre-train encoders on"
    input:
        program=lambda wildcards: program("prepare_text", ["optical.constructed"]),
        text=text_of,
    output:
        "results/{study}/data/text/{lang}.parquet",
    log:
        "logs/{study}/prepare_text/{lang}.log",
    benchmark:
        "logs/{study}/prepare_text/{lang}.benchmark.tsv"
    params:
        texts=setting("pretraining/text/{lang}"),
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --language {wildcards.lang} --from {input.text}"
        " --texts {params.texts} --output {output} > {log} 2>&1"


rule prepare_collection:
    message:
        "Preparing the passages and judgements of {wildcards.collection}"
    input:
        program=collection_program("prepare_collection"),
        files=lambda wildcards: source_files(studies.dataset_of(wildcards.collection)),
    output:
        passages="results/{study}/data/collections/{collection}/passages.parquet",
        qrels="results/{study}/data/collections/{collection}/qrels.txt",
    log:
        "logs/{study}/prepare_collection/{collection}.log",
    benchmark:
        "logs/{study}/prepare_collection/{collection}.benchmark.tsv"
    params:
        folder=collection_folder,
        window=at_most("--window", study["windows"]["words"]),
        stride=at_most("--stride", study["windows"]["stride"]),
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --collection {wildcards.collection} --folder {params.folder}"
        " {params.window} {params.stride} --passages {output.passages} --qrels {output.qrels} > {log} 2>&1"


rule prepare_queries:
    message:
        "Preparing the {wildcards.lang} queries of {wildcards.collection}"
    input:
        program=collection_program("prepare_queries"),
        files=lambda wildcards: source_files(
            studies.dataset_of(wildcards.collection), wildcards.lang
        ),
        qrels="results/{study}/data/collections/{collection}/qrels.txt",
    output:
        "results/{study}/data/collections/{collection}/queries/{lang}.tsv",
    log:
        "logs/{study}/prepare_queries/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/prepare_queries/{collection}.{lang}.benchmark.tsv"
    params:
        folder=collection_folder,
    conda:
        "../envs/data.yaml"
    shell:
        "python {input.program[0]} --collection {wildcards.collection} --folder {params.folder}"
        " --language {wildcards.lang} --qrels {input.qrels} --output {output} > {log} 2>&1"
