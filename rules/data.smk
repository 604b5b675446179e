# Data: constructed, downloaded or local text becomes bitext, a training set and collections.


if studies.is_constructed(study):
    training_source = "constructed"
    training_folder = source_folder("constructed")
    training_files = source_files("constructed")
elif study["training_set"]["source"] in datasets:
    training_source = study["training_set"]["source"]
    training_folder = source_folder(training_source)
    training_files = source_files(training_source)
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

brought = [name for name in datasets if not study_files.is_users(name, datasets)]
exported_sets = [name for name in brought if study_files.is_exported(name, datasets)]
downloaded_sets = [name for name in brought if name not in exported_sets]


rule construct_world:
    message:
        "Constructing the world that the data of {wildcards.study} tells of"
    output:
        "results/{study}/data/world/world.json",
    log:
        "logs/{study}/construct_world.log",
    benchmark:
        "logs/{study}/construct_world.benchmark.tsv"
    params:
        code=code("construct_world"),
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
        "python workflow_scripts/construct_world.py --seed {params.seed} --entities {params.entities}"
        " --relations {params.relations} --zipf {params.zipf} --facts-per-passage {params.facts}"
        " --passages {params.passages} --queries {params.queries}"
        " --output {output} > {log} 2>&1"


rule download_file:
    message:
        "Downloading {wildcards.dataset}: {wildcards.file}"
    # No code among the parameters: its checksum says what a file is, whatever program brought it.
    output:
        "downloads/{dataset}/{file}",
    wildcard_constraints:
        dataset=one_of(downloaded_sets),
    log:
        "logs/downloads/{dataset}/{file}.log",
    benchmark:
        "logs/downloads/{dataset}/{file}.benchmark.tsv"
    params:
        url=lambda wildcards: datasets[wildcards.dataset]["files"][wildcards.file]["url"],
        options=download_options,
        # Where a file comes from is the machine's business: functions of `resources` are not
        # tracked, so another mirror reruns nothing.
        mirrors=lambda wildcards, resources: study["mirror"],
        access=lambda wildcards, resources: [
            f"--access={text}" for text in [datasets[wildcards.dataset].get("access")] if text
        ],
    localrule: True
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/download_file.py --url {params.url:q} {params.options} {params.access:q}"
        " --lock downloads/lock.tsv --mirrors {params.mirrors:q} --output {output} > {log} 2>&1"


rule export_ir_dataset:
    message:
        "Exporting {wildcards.file} of {params.id} from ir_datasets; progress in {log}"
    output:
        "downloads/{dataset}/{file}",
    wildcard_constraints:
        dataset=one_of(exported_sets),
    log:
        "logs/downloads/{dataset}/{file}.log",
    benchmark:
        "logs/downloads/{dataset}/{file}.benchmark.tsv"
    params:
        id=lambda wildcards: datasets[wildcards.dataset]["files"][wildcards.file]["id"],
        part=lambda wildcards: wildcards.file.split(".")[0],
    localrule: True
    conda:
        "../envs/ir_datasets.yaml"
    shell:
        "python workflow_scripts/export_ir_dataset.py --id {params.id:q} --part {params.part} --output {output}"
        " > {log} 2>&1"


rule prepare_bitext:
    message:
        "Preparing {wildcards.lang}-{params.pivot} bitext"
    input:
        files=lambda wildcards: [
            file
            for source in bitext_sources(wildcards.lang)
            for file in source_files(source, wildcards.lang)
        ],
        tests=lambda wildcards: tested_texts(wildcards.lang),
        pivot_tests=tested_texts(pivot),
    output:
        bitext="results/{study}/data/bitext/{lang}.parquet",
        held_out="results/{study}/data/bitext/{lang}.held_out.parquet",
        cleaning="results/{study}/data/bitext/{lang}.cleaning.csv",
    log:
        "logs/{study}/prepare_bitext/{lang}.log",
    benchmark:
        "logs/{study}/prepare_bitext/{lang}.benchmark.tsv"
    params:
        code=lambda wildcards: code(
            "prepare_bitext",
            tuple(registry.bitext_module(name)[0] for name in bitext_names(wildcards)),
        ),
        pivot=pivot,
        # Not in the command: tracked in place of the folders, which are not.
        names=bitext_names,
        sources=bitext_folders,
        pairs=at_most("--pairs", study["bitext"]["pairs"]),
        share=setting("bitext/held_out"),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_bitext.py --language {wildcards.lang} --pivot {params.pivot}"
        " --sources {params.sources:q} --tests {input.tests} --pivot-tests {input.pivot_tests}"
        " {params.pairs} --held-out-share {params.share} --output {output.bitext}"
        " --held-out {output.held_out} --cleaning {output.cleaning} > {log} 2>&1"


rule prepare_training_set:
    message:
        "Preparing the teacher's training set"
    input:
        files=training_files,
        tests=[file for folder in guarded_collections() for file in collection_files(folder, pivot)],
    output:
        training_set=directory("results/{study}/data/training_set"),
        counts="results/{study}/data/training_set.csv",
    log:
        "logs/{study}/prepare_training_set.log",
    benchmark:
        "logs/{study}/prepare_training_set.benchmark.tsv"
    params:
        code=code("prepare_training_set", (registry.TRAINING_SETS[training_source],)),
        # A local folder is the machine's business, as a mirror is; its files are inputs.
        source=lambda wildcards, resources: f"{training_source}={training_folder}",
        queries=at_most("--queries", study["training_set"]["queries"]),
        tests=guarded_collections(),
        pivot=pivot,
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_training_set.py --source {params.source:q} {params.queries}"
        " --tests {params.tests} --pivot {params.pivot} --output {output.training_set}"
        " --counts {output.counts} > {log} 2>&1"


rule mine_negatives:
    message:
        "Mining hard negatives for the teacher with BM25"
    input:
        training_set="results/{study}/data/training_set",
    output:
        "results/{study}/data/negatives.parquet",
    log:
        "logs/{study}/mine_negatives.log",
    benchmark:
        "logs/{study}/mine_negatives.benchmark.tsv"
    params:
        code=code("mine_negatives"),
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/mine_negatives.py --training-set {input.training_set} --output {output}"
        " > {log} 2>&1"


rule prepare_text:
    message:
        "Preparing {wildcards.lang} text to pre-train encoders on"
    input:
        text=text_of,
    output:
        "results/{study}/data/text/{lang}.parquet",
    log:
        "logs/{study}/prepare_text/{lang}.log",
    benchmark:
        "logs/{study}/prepare_text/{lang}.benchmark.tsv"
    params:
        code=lambda wildcards: code("prepare_text", ("optical.corpora.constructed",)),
        texts=setting("pretraining/text/{lang}"),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_text.py --language {wildcards.lang} --from {input.text}"
        " --texts {params.texts} --output {output} > {log} 2>&1"


rule prepare_collection:
    message:
        "Preparing the passages and judgements of {wildcards.collection}"
    input:
        files=lambda wildcards: tested_files(wildcards.collection),
    output:
        passages="results/{study}/data/collections/{collection}/passages.parquet",
        qrels="results/{study}/data/collections/{collection}/qrels.txt",
    log:
        "logs/{study}/prepare_collection/{collection}.log",
    benchmark:
        "logs/{study}/prepare_collection/{collection}.benchmark.tsv"
    params:
        code=collection_code("prepare_collection"),
        collection=collection_name,
        folder=collection_folder,
        window=at_most("--window", study["windows"]["words"]),
        stride=at_most("--stride", study["windows"]["stride"]),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_collection.py --collection {params.collection} --folder {params.folder:q}"
        " {params.window} {params.stride} --passages {output.passages} --qrels {output.qrels} > {log} 2>&1"


rule prepare_queries:
    message:
        "Preparing the {wildcards.lang} queries of {wildcards.collection}"
    input:
        files=lambda wildcards: tested_files(wildcards.collection, wildcards.lang),
        qrels="results/{study}/data/collections/{collection}/qrels.txt",
    output:
        queries="results/{study}/data/collections/{collection}/queries/{lang}.tsv",
        doubtful="results/{study}/data/collections/{collection}/queries/{lang}.doubtful.txt",
    log:
        "logs/{study}/prepare_queries/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/prepare_queries/{collection}.{lang}.benchmark.tsv"
    params:
        code=collection_code("prepare_queries"),
        collection=collection_name,
        folder=collection_folder,
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_queries.py --collection {params.collection} --folder {params.folder:q}"
        " --language {wildcards.lang} --qrels {input.qrels} --output {output.queries}"
        " --doubtful {output.doubtful} > {log} 2>&1"


rule hash_collection:
    message:
        "Hashing what {wildcards.collection} says in {wildcards.lang}"
    input:
        queries="results/{study}/data/collections/{collection}/queries/{lang}.tsv",
        passages=lambda wildcards: (
            "results/{study}/data/collections/{collection}/passages.parquet"
            if wildcards.lang == pivot
            else []
        ),
    output:
        "results/{study}/data/collections/{collection}/runs/{lang}.u64",
    log:
        "logs/{study}/hash_collection/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/hash_collection/{collection}.{lang}.benchmark.tsv"
    params:
        code=code("hash_collection"),
        passages=lambda wildcards, input: f"--passages {input.passages}" if input.passages else "",
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/hash_collection.py --language {wildcards.lang} --queries {input.queries}"
        " {params.passages} --output {output} > {log} 2>&1"
