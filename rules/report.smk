# The report: the pictures, what the results came from, and the page.
import yaml

from optical.settings.distillation import Distillation
from optical.settings.study import Own
from optical.study.read_text import amounts_read

gap_note = (
    "This study runs on constructed data: small artificial languages made by a program. It shows"
    " that the whole chain works, and how the gap behaves when languages differ above all in how"
    " much of their text the encoders have read. It says nothing about any natural language."
    if study.is_constructed
    else ""
)
used_sources = {
    *study["bitext"]["sources"],
    *map(dataset_of, study["collections"]),
    study["training_set"]["source"],
    study["training_set"]["scores"],
    *judged_sources.values(),
}
relevance_levels = [
    f"{name}={level}"
    for name in study["collections"]
    if (level := study.of_collection(name, "relevance_level")) != Own.relevance_level
]
# Students that show their plans: of their teacher's size, so that before distillation they are it.
aligned_students = [
    name
    for name in (study.students_with("optical") if "optical" in study["methods"] else [])
    if study["students"][name]["encoder"] == study["students"][name]["teacher"]
]
pictures = ["gap_by_size", "map_by_language"]
# RankC compares with the same query in the pivot.
if any(study.has_queries(name, study.pivot) for name in study["collections"]):
    pictures.append("rankc_by_language")
if study.trained_methods:
    pictures.insert(1, "closed_by_size")
    pictures += ["map_by_amount", "training"]
if study.curve:
    pictures.append("map_by_pairs")
if aligned_students:
    pictures.append("plans")
# Those of the steps of every study; that of ir_datasets only exports.
environment_files = [
    f"envs/{name}.yaml" for name in ("data", "training", "index", "score", "report")
]


def trained_models(wildcards):
    """The folders of every encoder and teacher of the study, as they were trained."""
    students = study["students"].values()
    return [
        *of_study(paths.ENCODER, encoder=sorted({one["encoder"] for one in students})),
        *of_study(
            paths.TEACHER,
            teacher=study.teacher_names(sorted({one["teacher"] for one in students})),
        ),
    ]


def of_bitext(path):
    """The files of a path for every language of the study that has bitext."""
    return of_study(path, lang=study.languages_with_bitext)


def amounts_options(wildcards):
    """How much of each language the encoders have read, where that is known."""
    amounts, unit = amounts_read(study)
    texts = [f"{lang}={number}" for lang, number in amounts.items()]
    return command_line({"texts": texts, "unit": unit}) if texts else ""


def prepared_data(wildcards):
    """What the sources became: the bitext, the training set and the collections."""
    files = [*of_study(paths.TRAINING_SET), *of_bitext(paths.BITEXT)]
    files += of_study(paths.PAIRS, method="wikiclir", lang=list(judged_sources))
    for name in study["collections"]:
        for lang in study.asked_languages(name) or [study.pivot]:
            files += collection_texts(name, lang)
    return list(dict.fromkeys(files))


def collection_counts(wildcards):
    """How many passages, judgements and queries each collection has."""
    files = []
    for name in study["collections"]:
        langs = study.asked_languages(name)
        files += of_study(paths.COLLECTION_COUNTS, collection=name)
        files += of_study(paths.QUERY_COUNTS, collection=name, lang=langs)
    return files


def aligned(path):
    """A path of the student whose transport plans are shown, in a low-resource language."""

    def named(wildcards):
        student = aligned_students[0]
        about, seed = study["students"][student], study["seeds"][0]
        names = {role: study.teacher_name(about[role], seed) for role in ("encoder", "teacher")}
        return path.format(
            study=study.name,
            student=student,
            method="optical",
            lang=study["languages"]["low"][0],
            seed=seed,
            length=study.distillation("optical")["length"],
            **names,
        )

    return named


rule align_sentences:
    message:
        "Aligning some sentence pairs before and after distillation"
    input:
        start=aligned(paths.fill(paths.TEACHER, teacher="{encoder}")),
        student=aligned(paths.STUDENT),
        teacher=aligned(paths.TEACHER),
        targets=aligned(paths.TARGETS),
        bitext=aligned(paths.BITEXT),
    output:
        paths.PLANS,
    log:
        "logs/{study}/align_sentences.log",
    benchmark:
        "logs/{study}/align_sentences.benchmark.tsv"
    params:
        code=code("align_sentences"),
        settings=options(
            Distillation,
            lambda wildcards: study.distillation("optical"),
            without=lambda wildcards: ("steps", "learning_rate"),
        ),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/align_sentences.py --start {input.start} --student {input.student}"
        " --teacher {input.teacher} --targets {input.targets} --bitext {input.bitext}"
        " {params.settings} --output {output} > {log} 2>&1"


rule plot_map:
    message:
        "Drawing {wildcards.picture} by language"
    input:
        table=paths.fill(paths.TABLE, table="language"),
    output:
        report(
            f"{paths.GAP}/{{picture}}_by_language.svg",
            caption="../captions/by_language.rst",
            category="Languages",
            labels={"picture": "{picture} by language"},
        ),
        f"{paths.GAP}/{{picture}}_by_language.png",
    wildcard_constraints:
        picture="map|rankc",
    log:
        "logs/{study}/plot_map/{picture}.log",
    benchmark:
        "logs/{study}/plot_map/{picture}.benchmark.tsv"
    params:
        code=code("plot_map"),
        metric=lambda wildcards: "rankc" if wildcards.picture == "rankc" else study["metric"],
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_map.py --language-table {input.table} --metric {params.metric}"
        " --output {output} > {log} 2>&1"


rule plot_gap:
    message:
        "Drawing the {wildcards.picture} by size"
    input:
        table=paths.fill(paths.TABLE, table="gap"),
    output:
        report(
            f"{paths.GAP}/{{picture}}_by_size.svg",
            caption="../captions/by_size.rst",
            category="Gap",
            labels={"picture": "{picture} by size"},
        ),
        f"{paths.GAP}/{{picture}}_by_size.png",
    wildcard_constraints:
        picture="gap|closed",
    log:
        "logs/{study}/plot_gap/{picture}.log",
    benchmark:
        "logs/{study}/plot_gap/{picture}.benchmark.tsv"
    params:
        code=code("plot_gap"),
        metric=study["metric"],
        measure=lambda wildcards: "gap_closed" if wildcards.picture == "closed" else "relative_gap",
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_gap.py --gap-table {input.table} --metric {params.metric}"
        " --measure {params.measure} --output {output} > {log} 2>&1"


rule plot_amounts:
    message:
        "Drawing the values of languages over their amounts of text"
    input:
        table=paths.fill(paths.TABLE, table="language"),
        cleaning=of_bitext(paths.CLEANING),
    output:
        report(
            f"{paths.GAP}/map_by_amount.svg",
            caption="../captions/by_amount.rst",
            category="Languages",
            labels={"picture": "over amounts of text"},
        ),
        f"{paths.GAP}/map_by_amount.png",
    log:
        "logs/{study}/plot_amounts.log",
    benchmark:
        "logs/{study}/plot_amounts.benchmark.tsv"
    params:
        code=code("plot_amounts"),
        read=amounts_options,
        metric=study["metric"],
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_amounts.py --language-table {input.table} --cleaning {input.cleaning}"
        " {params.read} --metric {params.metric} --output {output} > {log} 2>&1"


rule plot_pairs:
    message:
        "Drawing the values of languages over their sentence pairs"
    input:
        table=paths.fill(paths.TABLE, table="language"),
        cleaning=of_bitext(paths.CLEANING),
    output:
        report(
            f"{paths.GAP}/map_by_pairs.svg",
            caption="../captions/by_pairs.rst",
            category="Languages",
            labels={"picture": "over sentence pairs"},
        ),
        f"{paths.GAP}/map_by_pairs.png",
    log:
        "logs/{study}/plot_pairs.log",
    benchmark:
        "logs/{study}/plot_pairs.benchmark.tsv"
    params:
        code=code("plot_pairs"),
        pairs=[f"{method}={number or 0}" for method, number in study.curve.items()],
        metric=study["metric"],
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_pairs.py --language-table {input.table} --cleaning {input.cleaning}"
        " --pairs {params.pairs} --metric {params.metric} --output {output} > {log} 2>&1"


rule plot_training:
    message:
        "Drawing the training curves"
    input:
        models=trained_models,
        students=of_students(paths.STUDENT_LOG, study.trained_methods),
    output:
        svg=report(
            f"{paths.GAP}/training.svg",
            caption="../captions/training.rst",
            category="Training",
            labels={"picture": "training curves"},
        ),
        png=f"{paths.GAP}/training.png",
        arguments=temp(f"{paths.GAP}/training.txt"),
    log:
        "logs/{study}/plot_training.log",
    benchmark:
        "logs/{study}/plot_training.benchmark.tsv"
    params:
        code=code("plot_training"),
    conda:
        "../envs/report.yaml"
    # An encoder that was fetched was not trained here, and has no log.
    shell:
        "(find {input.models} -name training.jsonl; printf '%s\\n' {input.students}) | sort"
        " > {output.arguments}"
        " && python workflow_scripts/plot_training.py --logs @{output.arguments} --output {output.svg} {output.png}"
        " > {log} 2>&1"


rule plot_plans:
    message:
        "Drawing transport plans before and after distillation"
    input:
        plans=paths.PLANS,
    output:
        report(
            f"{paths.GAP}/plans.svg",
            caption="../captions/plans.rst",
            category="Training",
            labels={"picture": "transport plans"},
        ),
        f"{paths.GAP}/plans.png",
    log:
        "logs/{study}/plot_plans.log",
    benchmark:
        "logs/{study}/plot_plans.benchmark.tsv"
    params:
        code=code("plot_plans"),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_plans.py --plans {input.plans} --output {output} > {log} 2>&1"


# The settings with every default filled in, as the report shows them.
rule describe_study:
    message:
        "Writing down the settings of {wildcards.study}"
    output:
        paths.SETTINGS,
    log:
        "logs/{study}/describe_study.log",
    benchmark:
        "logs/{study}/describe_study.benchmark.tsv"
    params:
        # A function, as a text with braces, such as {lang}, would be taken for a wildcard's.
        settings=lambda wildcards: yaml.safe_dump(
            {
                key: value
                for key, value in study.settings.items()
                if key not in ("mirror", "local")
            },
            sort_keys=False,
        ),
    localrule: True
    conda:
        "../envs/report.yaml"
    # First of all: it says whose results these are.
    priority: 3
    shell:
        "printf '%s' {params.settings:q} > {output} 2> {log}"


rule record_provenance:
    message:
        "Recording what the results of {wildcards.study} came from"
    input:
        settings=paths.SETTINGS,
        environments=environment_files,
        data=prepared_data,
        # Whatever changed them, the record is of the newest results.
        table=paths.fill(paths.TABLE, table="language"),
    output:
        paths.PROVENANCE,
    log:
        "logs/{study}/record_provenance.log",
    benchmark:
        "logs/{study}/record_provenance.benchmark.tsv"
    params:
        code=code("record_provenance"),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/record_provenance.py --settings {input.settings} --environments {input.environments}"
        " --data {input.data} --output {output} > {log} 2>&1"


rule write_report:
    message:
        "Writing {output}"
    input:
        template="workflow_scripts/optical/report/report.html.j2",
        settings=paths.SETTINGS,
        tables=of_study(
            paths.TABLE, table=["language", "gap", "size", "contrast", "language_contrast"]
        ),
        costs=paths.fill(paths.TABLE, table="cost"),
        datasets="resources/datasets.yaml",
        pictures=of_study(f"{paths.GAP}/{{picture}}.svg", picture=pictures),
        collections=collection_counts,
        cleaning=of_bitext(paths.CLEANING),
        removed=of_bitext(paths.REMOVED),
        translations=translation_scores,
        training=paths.TRAINING_COUNTS,
        environments=environment_files,
        provenance=paths.PROVENANCE,
    output:
        report(
            paths.REPORT,
            caption="../captions/report.rst",
            category="Gap",
            labels={"picture": "report"},
        ),
    log:
        "logs/{study}/write_report.log",
    benchmark:
        "logs/{study}/write_report.benchmark.tsv"
    params:
        code=code("write_report"),
        folder=lambda wildcards, input: Path(input.tables[0]).parent,
        metric=study["metric"],
        sources=[name for name in study.datasets if name in used_sources],
        # As a list, because an empty text would be quoted into no argument at all.
        note=["--note", gap_note] if gap_note else [],
        queries=command_line({"queries": study_files.origin_of_queries(study) or None}),
        pairs=command_line({"pairs": study_files.origin_of_pairs(study) or None}),
        levels=command_line({"levels": relevance_levels or None}),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/write_report.py --study {wildcards.study} --settings {input.settings}"
        " --tables {params.folder} --costs {input.costs} --pictures {input.pictures}"
        " --metric {params.metric} {params.queries} {params.pairs}"
        " --collections {input.collections} {params.levels}"
        " --cleaning {input.cleaning} --removed {input.removed} --translations {input.translations}"
        " --training {input.training}"
        " --datasets {input.datasets} --sources {params.sources} --environments {input.environments}"
        " --provenance {input.provenance} {params.note:q} --output {output} > {log} 2>&1"
