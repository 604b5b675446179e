# What the distillation is compared with: machine translation, and fine-tuning on pairs that it made
# or that stand in for judgements.


rule train_translator:
    message:
        "Training a translator from {wildcards.source} to {wildcards.target}; progress in {log}"
    input:
        bitext=lambda wildcards: "results/{study}/data/bitext/"
        + (wildcards.target if wildcards.source == pivot else wildcards.source)
        + ".parquet",
    output:
        directory("results/{study}/translators/{source}-{target}"),
    wildcard_constraints:
        source=one_of([pivot, *languages]),
        target=one_of([pivot, *languages]),
    log:
        "logs/{study}/train_translator/{source}-{target}.log",
    benchmark:
        "logs/{study}/train_translator/{source}-{target}.benchmark.tsv"
    params:
        code=code("train_translator"),
        direction=lambda wildcards: "--reverse" if wildcards.source == pivot else "",
        layers=setting("translation/layers"),
        width=setting("translation/width"),
        heads=setting("translation/heads"),
        vocabulary=setting("translation/vocabulary"),
        length=setting("translation/length"),
        steps=setting("translation/steps"),
        batch_size=setting("translation/batch_size"),
        learning_rate=setting("translation/learning_rate"),
        seed=setting("translation/seed"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/train_translator.py --bitext {input.bitext} {params.direction}"
        " --layers {params.layers} --width {params.width} --heads {params.heads}"
        " --vocabulary {params.vocabulary} --length {params.length} --steps {params.steps}"
        " --batch-size {params.batch_size} --learning-rate {params.learning_rate}"
        " --seed {params.seed} --output {output} > {log} 2>&1"


rule fetch_translator:
    message:
        "Fetching the translator {params.hub}"
    # No code among the parameters: the revision says what it is, whatever program brought it.
    output:
        directory("results/{study}/translators/hub"),
    log:
        "logs/{study}/fetch_translator.log",
    benchmark:
        "logs/{study}/fetch_translator.benchmark.tsv"
    params:
        hub=setting("translation/hub"),
        revision=setting("translation/revision"),
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/fetch_encoder.py --hub {params.hub:q} --revision {params.revision}"
        " --output {output} > {log} 2>&1"


rule translate_queries:
    message:
        "Translating the {wildcards.lang} queries of {wildcards.collection}"
    input:
        translator=translator("{lang}", pivot),
        queries="results/{study}/data/collections/{collection}/queries/{lang}.tsv",
    output:
        "results/{study}/data/collections/{collection}/translated/{lang}.tsv",
    log:
        "logs/{study}/translate_queries/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/translate_queries/{collection}.{lang}.benchmark.tsv"
    params:
        code=code("translate_queries"),
        length=setting("translation/length"),
        beams=setting("translation/beams"),
        codes=translation_codes("{lang}", pivot),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/translate_queries.py --translator {input.translator} --queries {input.queries}"
        " --length {params.length} --beams {params.beams} {params.codes}"
        " --output {output} > {log} 2>&1"


rule translate_training_queries:
    message:
        "Translating the training queries to {wildcards.lang}; progress in {log}"
    input:
        translator=translator(pivot, "{lang}"),
        training_set="results/{study}/data/training_set",
    output:
        "results/{study}/data/translated/{lang}.tsv",
    log:
        "logs/{study}/translate_training_queries/{lang}.log",
    benchmark:
        "logs/{study}/translate_training_queries/{lang}.benchmark.tsv"
    params:
        code=code("translate_queries"),
        length=setting("translation/length"),
        codes=translation_codes(pivot, "{lang}"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    # Many queries, to be learnt from and not to be read: the search is greedy.
    shell:
        "python workflow_scripts/translate_queries.py --translator {input.translator}"
        " --queries {input.training_set}/queries.tsv"
        " --length {params.length} --beams 1 {params.codes} --output {output} > {log} 2>&1"


# In the pivot too: those are the pairs whose passages a teacher embeds for all languages.
rule prepare_pairs:
    message:
        "Pairing {wildcards.lang} training queries with their passages"
    input:
        translated=translated_training_queries,
        training_set="results/{study}/data/training_set",
    output:
        "results/{study}/data/pairs/translate_train/{lang}.parquet",
    log:
        "logs/{study}/prepare_pairs/{lang}.log",
    benchmark:
        "logs/{study}/prepare_pairs/{lang}.benchmark.tsv"
    params:
        code=code("prepare_pairs"),
        queries=lambda wildcards, input: input.translated or f"{input.training_set}/queries.tsv",
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_pairs.py --queries {params.queries}"
        " --training-set {input.training_set} --output {output} > {log} 2>&1"


# Once for a teacher, as the targets of the distillation are; those of translate_train are the same
# passages in every language.
rule embed_pairs:
    message:
        "Embedding the passages of {wildcards.method} for {wildcards.lang}, {wildcards.teacher}"
    input:
        teacher="results/{study}/teachers/{teacher}",
        pairs=finetuning_pairs,
    output:
        directory("results/{study}/pairs/{teacher}/{method}/{lang}"),
    wildcard_constraints:
        method=one_of(studies.FINETUNED),
    log:
        "logs/{study}/embed_pairs/{teacher}.{method}.{lang}.log",
    benchmark:
        "logs/{study}/embed_pairs/{teacher}.{method}.{lang}.benchmark.tsv"
    params:
        code=code("embed_targets"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_targets.py --teacher {input.teacher} --bitext {input.pairs}"
        " --as document --output {output} > {log} 2>&1"


rule finetune_student:
    message:
        "Fine-tuning {wildcards.lang} student {wildcards.student} by {wildcards.method};"
        " progress in {log}"
    input:
        start=of_student("results/{study}/teachers/{encoder}"),
        teacher=of_student("results/{study}/teachers/{teacher}"),
        targets=finetuning_passages,
        pairs=finetuning_pairs,
    output:
        directory("results/{study}/students/{student}/{method}/{lang}/seed-{seed}"),
    wildcard_constraints:
        method=one_of(studies.FINETUNED),
    log:
        "logs/{study}/finetune_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/finetune_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("finetune_student"),
        steps=setting("finetuning/steps"),
        batch_size=setting("finetuning/batch_size"),
        learning_rate=learning_rate("finetuning"),
        scale=setting("teacher/scale"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/finetune_student.py --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --pairs {input.pairs} --method {wildcards.method}"
        " --steps {params.steps} --batch-size {params.batch_size}"
        " --learning-rate {params.learning_rate} --scale {params.scale}"
        " --seed {wildcards.seed} --output {output} > {log} 2>&1"
