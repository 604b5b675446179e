# What the distillation is compared with: machine translation, and fine-tuning on pairs that it made
# or that stand in for judgements.
from optical.settings.finetuning import Finetuning
from optical.settings.translation import Decoding, Translator, TranslatorShape
from optical.study.translators import kind_of


def translator(source, target):
    """The translator of a direction: a model of the hub has all of them."""
    if study["translation"]["hub"]:
        made_here = study["translation"]["weights"] == "random"
        return paths.RANDOM_TRANSLATOR if made_here else paths.HUB_TRANSLATOR
    return paths.fill(paths.TRANSLATOR, source=source, target=target)


def translation_codes(source, target):
    """The codes of the two languages as options, for a translator that has them."""
    codes = study["translation"]["codes"]
    if not codes:
        return lambda wildcards: ""
    return lambda wildcards: command_line(
        {
            f"{side}_code": codes[language.format(**wildcards)]
            for side, language in (("source", source), ("target", target))
        }
    )


published_queries = study_files.translated_queries(study)

JUDGED_TRANSLATIONS = 500
"""Queries that are translated to judge a translator."""


def of_direction(wildcards):
    """The languages of a direction."""
    pair = {"source": wildcards.lang, "target": study.pivot}
    if wildcards.direction == "translated":
        return pair
    return {"source": pair["target"], "target": pair["source"]}


def translation_scores(wildcards):
    """How good each translator is that a row of the study depends on."""
    found = []
    for lang in study.languages:
        # A translation is compared with what people asked in the other language.
        tested = [
            name
            for name in study["collections"]
            if study.has_queries(name, lang) and study.has_queries(name, study.pivot)
        ]
        methods = study.tested_methods(lang)
        if {"bm25_translated", "translate_query"} & {*methods}:
            found += of_study(
                paths.TRANSLATION_SCORE, collection=tested, direction="translated", lang=lang
            )
        if "translate_train" in methods and lang not in published_queries:
            found += of_study(
                paths.TRANSLATION_SCORE, collection=tested[:1], direction="from_pivot", lang=lang
            )
    return found


def translated_training_queries(wildcards):
    """The training set's queries in a language, published or translated here; nothing for the pivot,
    in which they are asked.
    """
    if wildcards.lang == study.pivot:
        return []
    return published_queries.get(wildcards.lang, paths.TRAINING_QUERIES)


def translator_of_queries(wildcards):
    """Who translated them, in words; None for the pivot's."""
    if wildcards.lang == study.pivot:
        return None
    if wildcards.lang in published_queries:
        return f"published with {study['training_set']['source']}"
    return "translated here by " + (study["translation"]["hub"] or "a model trained on the bitext")


judged_sources = study_files.judged_sources(study)


def finetuning_pairs(wildcards):
    """The (query, passage) pairs of a method that fine-tunes."""
    if wildcards.method == "wikiclir" and wildcards.lang not in judged_sources:
        return paths.BITEXT
    return paths.PAIRS


def finetuning_passages(wildcards):
    """The teacher's token vectors of their passages, row by row."""
    lang = study.pivot if wildcards.method == "translate_train" else wildcards.lang
    return paths.fill(of_student(paths.PAIR_VECTORS)(wildcards), lang=lang)


rule train_translator:
    message:
        "Training a translator from {wildcards.source} to {wildcards.target}; progress in {log}"
    input:
        bitext=lambda wildcards: paths.fill(
            paths.BITEXT,
            lang=wildcards.target if wildcards.source == study.pivot else wildcards.source,
        ),
    output:
        directory(paths.TRANSLATOR),
    wildcard_constraints:
        source=one_of([study.pivot, *study.languages]),
        target=one_of([study.pivot, *study.languages]),
    log:
        "logs/{study}/train_translator/{source}-{target}.log",
    benchmark:
        "logs/{study}/train_translator/{source}-{target}.benchmark.tsv"
    params:
        code=code("train_translator"),
        direction=lambda wildcards: "--reverse" if wildcards.source == study.pivot else "",
        settings=options(Translator, "translation"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/train_translator.py --bitext {input.bitext} {params.direction}"
        " {params.settings} --output {output} > {log} 2>&1"


rule fetch_translator:
    message:
        "Fetching the translator {params.hub}"
    output:
        directory(paths.HUB_TRANSLATOR),
    log:
        "logs/{study}/fetch_translator.log",
    benchmark:
        "logs/{study}/fetch_translator.benchmark.tsv"
    params:
        hub=setting("translation/hub"),
        revision=setting("translation/revision"),
    # No code among the parameters: the revision says what it is, whatever program brought it.
    # On the login node, as all downloads are: nodes may have no network.
    localrule: True
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/fetch_encoder.py --hub {params.hub:q} --revision {params.revision}"
        " --commits downloads/lock.tsv --output {output} > {log} 2>&1"


rule imitate_translator:
    message:
        "Making a translator like {params.hub}, with random weights"
    input:
        text=of_study(paths.TEXT, lang=study["pretraining"]["text"]),
    output:
        directory(paths.RANDOM_TRANSLATOR),
    log:
        "logs/{study}/imitate_translator.log",
    benchmark:
        "logs/{study}/imitate_translator.benchmark.tsv"
    params:
        code=code("imitate_translator"),
        hub=setting("translation/hub"),
        kind=lambda wildcards: kind_of(study["translation"]["hub"]),
        codes=lambda wildcards: command_line(
            {"codes": sorted(set(study["translation"]["codes"].values())) or None}
        ),
        shape=options(TranslatorShape, "translation"),
        seed=setting("translation/seed"),
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/imitate_translator.py --text {input.text} --kind {params.kind}"
        " {params.codes} {params.shape} --seed {params.seed} --output {output} > {log} 2>&1"


rule translate_queries:
    message:
        "Translating the {wildcards.lang} queries of {wildcards.collection}"
    input:
        translator=translator("{lang}", study.pivot),
        queries=paths.QUERIES,
    output:
        paths.TRANSLATED,
    log:
        "logs/{study}/translate_queries/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/translate_queries/{collection}.{lang}.benchmark.tsv"
    params:
        code=code("translate_queries"),
        settings=options(Decoding, "translation"),
        codes=translation_codes("{lang}", study.pivot),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/translate_queries.py --translator {input.translator} --queries {input.queries}"
        " {params.settings} {params.codes} --output {output} > {log} 2>&1"


# The translator of the training queries is judged by what it makes of queries that people translated.
rule translate_from_pivot:
    message:
        "Translating the {study.pivot} queries of {wildcards.collection} to {wildcards.lang}"
    input:
        translator=translator(study.pivot, "{lang}"),
        queries=paths.fill(paths.QUERIES, lang=study.pivot),
    output:
        paths.FROM_PIVOT,
    log:
        "logs/{study}/translate_from_pivot/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/translate_from_pivot/{collection}.{lang}.benchmark.tsv"
    params:
        code=code("translate_queries"),
        settings=options(Decoding, "translation", beams=lambda wildcards: 1),
        codes=translation_codes(study.pivot, "{lang}"),
        most=JUDGED_TRANSLATIONS,
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/translate_queries.py --translator {input.translator} --queries {input.queries}"
        " {params.settings} {params.codes} --most {params.most} --output {output} > {log} 2>&1"


rule score_translations:
    message:
        "Scoring the translations of {wildcards.collection}: {wildcards.lang}, {wildcards.direction}"
    input:
        translations=f"{paths.COLLECTION}/{{direction}}/{{lang}}.tsv",
        references=lambda wildcards: paths.fill(
            paths.QUERIES, lang=of_direction(wildcards)["target"]
        ),
    output:
        paths.TRANSLATION_SCORE,
    wildcard_constraints:
        direction="translated|from_pivot",
    log:
        "logs/{study}/score_translations/{collection}.{direction}.{lang}.log",
    benchmark:
        "logs/{study}/score_translations/{collection}.{direction}.{lang}.benchmark.tsv"
    params:
        code=code("score_translations"),
        languages=lambda wildcards: command_line(of_direction(wildcards)),
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/score_translations.py --translations {input.translations}"
        " --references {input.references} --collection {wildcards.collection} {params.languages}"
        " --output {output} > {log} 2>&1"


rule translate_training_queries:
    message:
        "Translating the training queries to {wildcards.lang}; progress in {log}"
    input:
        translator=translator(study.pivot, "{lang}"),
        training_set=paths.TRAINING_SET,
    output:
        paths.TRAINING_QUERIES,
    log:
        "logs/{study}/translate_training_queries/{lang}.log",
    benchmark:
        "logs/{study}/translate_training_queries/{lang}.benchmark.tsv"
    params:
        code=code("translate_queries"),
        # Many queries, to be learnt from and not to be read: the search is greedy.
        settings=options(Decoding, "translation", beams=lambda wildcards: 1),
        codes=translation_codes(study.pivot, "{lang}"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/translate_queries.py --translator {input.translator}"
        " --queries {input.training_set}/queries.tsv"
        " {params.settings} {params.codes} --output {output} > {log} 2>&1"


# In the pivot too: those are the pairs whose passages a teacher embeds for all languages.
rule prepare_pairs:
    message:
        "Pairing {wildcards.lang} training queries with their passages"
    input:
        translated=translated_training_queries,
        training_set=paths.TRAINING_SET,
    output:
        paths.fill(paths.PAIRS, method="translate_train"),
    log:
        "logs/{study}/prepare_pairs/{lang}.log",
    benchmark:
        "logs/{study}/prepare_pairs/{lang}.benchmark.tsv"
    params:
        code=code("prepare_pairs"),
        queries=lambda wildcards, input: input.translated or f"{input.training_set}/queries.tsv",
        # It says where they come from in the log, and changes no result.
        origin=lambda wildcards, resources: command_line(
            {"origin": translator_of_queries(wildcards)}
        ),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_pairs.py --queries {params.queries}"
        " --training-set {input.training_set} {params.origin} --output {output} > {log} 2>&1"


rule prepare_judged_pairs:
    message:
        "Pairing {wildcards.lang} queries of {params.name} with the documents judged best for them"
    input:
        files=lambda wildcards: source_files(judged_sources[wildcards.lang], wildcards.lang),
        tests=lambda wildcards: tested_texts(wildcards.lang),
        answers=of_study(paths.PASSAGES, collection=guarded)
        + of_study(paths.QRELS, collection=guarded),
    output:
        pairs=paths.fill(paths.PAIRS, method="wikiclir"),
        counts=paths.fill(paths.PAIR_COUNTS, method="wikiclir"),
    wildcard_constraints:
        lang=one_of(judged_sources),
    log:
        "logs/{study}/prepare_judged_pairs/{lang}.log",
    benchmark:
        "logs/{study}/prepare_judged_pairs/{lang}.benchmark.tsv"
    params:
        code=lambda wildcards: code(
            "prepare_judged_pairs", (registry.JUDGED[judged_sources[wildcards.lang]],)
        ),
        # Tracked in place of the folder, which is not.
        name=lambda wildcards: judged_sources[wildcards.lang],
        folder=lambda wildcards, resources: study_files.source_folder(
            study, judged_sources[wildcards.lang]
        ),
        language=lambda wildcards: code_option(judged_sources[wildcards.lang], wildcards.lang),
        tests=lambda wildcards, input: command_line({"tests": input.tests or None}),
        collections=command_line(
            {"collections": of_study(paths.COLLECTION, collection=guarded) or None}
        ),
        pivot=study.pivot,
        pairs=command_line({"pairs": study["judged_pairs"]["pairs"]}),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_judged_pairs.py --source {params.name}={params.folder:q}"
        " --language {wildcards.lang} {params.language} --pivot {params.pivot}"
        " {params.tests} {params.collections}"
        " {params.pairs} --output {output.pairs} --counts {output.counts} > {log} 2>&1"


# Once for a teacher, as the targets of the distillation are; those of translate_train are the same
# passages in every language.
rule embed_pairs:
    message:
        "Embedding the passages of {wildcards.method} for {wildcards.lang}, {wildcards.teacher}"
    input:
        teacher=paths.TEACHER,
        pairs=finetuning_pairs,
    output:
        directory(paths.PAIR_VECTORS),
    wildcard_constraints:
        method=one_of(FINETUNED),
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
        " --task document --output {output} > {log} 2>&1"


rule finetune_student:
    message:
        "Fine-tuning {wildcards.lang} student {wildcards.student} by {wildcards.method};"
        " progress in {log}"
    input:
        start=of_student(paths.fill(paths.TEACHER, teacher="{encoder}")),
        teacher=of_student(paths.TEACHER),
        targets=finetuning_passages,
        pairs=finetuning_pairs,
    output:
        model=kept_student(directory(paths.STUDENT)),
        training=paths.STUDENT_LOG,
    wildcard_constraints:
        method=one_of(FINETUNED),
    log:
        "logs/{study}/finetune_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/finetune_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("finetune_student"),
        settings=options(Finetuning, "finetuning", learning_rate=learning_rate("finetuning")),
        saved=kept_as,
        scale=setting("teacher/scale"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/finetune_student.py --start {input.start} --teacher {input.teacher}"
        " --targets {input.targets} --pairs {input.pairs} --method {wildcards.method}"
        " {params.settings} {params.saved} --scale {params.scale}"
        " --seed {wildcards.seed} --output {output.model} > {log} 2>&1"
        " && cp {output.model}/training.jsonl {output.training}"
