# Models to publish: not part of a study's answer, made by `snakemake models --cores all`.


def judged_counts(wildcards):
    """How many judged pairs a student is fine-tuned on, where it is."""
    if wildcards.method == "wikiclir" and wildcards.lang in judged_sources:
        return paths.fill(paths.PAIR_COUNTS, method="wikiclir")
    return []


def cleaning_counts(wildcards):
    """What the cleaning kept of a student's bitext, where it may have learnt from any."""
    if wildcards.method == "translate_train" or judged_counts(wildcards):
        return []
    return paths.CLEANING if bitext_sources(wildcards.lang) else []


def queries_translator(wildcards):
    """Who translated the training queries that a student is fine-tuned on, where it is."""
    return translator_of_queries(wildcards) if wildcards.method == "translate_train" else None


def data_licences(wildcards):
    """The licences of what a student's pairs, or the translator of its queries, were made from."""
    if judged_counts(wildcards):
        return licences_of([judged_sources[wildcards.lang]])
    if wildcards.method != "translate_train":
        return licences_of(bitext_sources(wildcards.lang))
    sources = [study["training_set"]["source"]]
    if wildcards.lang not in published_queries and not study["translation"]["hub"]:
        sources += bitext_sources(wildcards.lang)
    return licences_of(dict.fromkeys(sources))


def teacher_licences(wildcards):
    """The licences of a teacher's training set, and of the scores that it learns from."""
    of_set = study["training_set"]
    return licences_of(filter(None, [of_set["source"], of_set["scores"]]))


def licences_of(sources):
    """NAME=LICENCE of each source, and its homepage."""
    licences = []
    for source in sources:
        made = source == "constructed"
        licence = "none needed: made by a program" if made else "not stated: the user's own set"
        about = study.datasets.get(source, {"licence": licence})
        licences.append(f"{source}={about['licence']} {about.get('homepage', '')}".strip())
    return licences


def all_models(wildcards):
    """Every student of the study, and the teachers that read passages for them."""
    teachers = {student["teacher"] for student in study["students"].values()}
    return [
        *of_study(paths.EXPORTED_TEACHER, teacher=study.teacher_names(sorted(teachers))),
        *of_students(paths.EXPORTED_STUDENT, study.trained_methods),
    ]


rule merge_student:
    message:
        "Merging student {wildcards.student}, {wildcards.method}, {wildcards.lang}, into its base"
    input:
        model=paths.STUDENT,
        base=base_of,
    output:
        temp(directory(paths.MERGED_STUDENT)),
    log:
        "logs/{study}/merge_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/merge_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("merge_student"),
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/merge_student.py --model {input.model} --output {output} > {log} 2>&1"


rule export_student:
    message:
        "Exporting student {output}"
    input:
        model=paths.STUDENT if study["keep"] == "models" else paths.MERGED_STUDENT,
        settings=paths.SETTINGS,
        language_table=paths.fill(paths.TABLE, table="language"),
        picture=f"{paths.GAP}/map_by_language.png",
        cleaning=cleaning_counts,
        judged=judged_counts,
    output:
        directory(paths.EXPORTED_STUDENT),
    log:
        "logs/{study}/export_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/export_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("export_student"),
        teacher=teacher_of,
        licences=data_licences,
        pairs=lambda wildcards, input: command_line(
            {
                "cleaning": input.cleaning or None,
                "judged": input.judged or None,
                "queries": queries_translator(wildcards),
            }
        ),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/export_student.py --model {input.model} --study {wildcards.study}"
        " --settings {input.settings} --language-table {input.language_table}"
        " --student {wildcards.student} --method {wildcards.method} --language {wildcards.lang}"
        " --teacher {params.teacher} {params.pairs}"
        " --licences {params.licences:q} --picture {input.picture}"
        " --output {output} > {log} 2>&1"


rule export_teacher:
    message:
        "Exporting teacher {output}"
    input:
        model=paths.TEACHER,
        settings=paths.SETTINGS,
        language_table=paths.fill(paths.TABLE, table="language"),
        picture=f"{paths.GAP}/map_by_language.png",
    output:
        directory(paths.EXPORTED_TEACHER),
    log:
        "logs/{study}/export_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/export_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("export_teacher"),
        student=lambda wildcards: student_of(encoder_of(wildcards.teacher)),
        licences=teacher_licences,
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/export_teacher.py --model {input.model} --study {wildcards.study}"
        " --settings {input.settings} --language-table {input.language_table}"
        " --student {params.student} --licences {params.licences:q} --picture {input.picture}"
        " --output {output} > {log} 2>&1"
