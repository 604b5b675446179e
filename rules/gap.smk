# The answer: the tables, the pictures and the report.
gap_note = (
    "This study runs on constructed data: small artificial languages made by a program. It shows"
    " that the whole chain works, and how the gap behaves when languages differ above all in how"
    " much of their text the encoders have read. It says nothing about any natural language."
    if studies.is_constructed(study)
    else ""
)
# How much of each language the encoders have read, where that is known.
read_text, read_unit = study["pretraining"]["text"], "texts that the encoders have read"
if not read_text and any(
    "xlm-r" in encoder.get("hub", "") for encoder in study["encoders"].values()
):
    cc100 = yaml.safe_load(open(f"{workflow.basedir}/resources/cc100.yaml"))
    read_text = {lang: cc100[lang] for lang in languages if lang in cc100}
    read_unit = "GiB of CC-100 that XLM-R has read"
used_sources = {
    *study["bitext"]["sources"],
    *map(studies.dataset_of, study["collections"]),
    study["training_set"]["source"],
}
gap_pictures = ["gap_by_size", "map_by_language", "rankc_by_language"]
if studies.trained_methods(study):
    gap_pictures.insert(1, "closed_by_size")
    gap_pictures += ["map_by_amount", "training"]
# Students that show their plans: of their teacher's size, so that before distillation they are it.
aligned_students = [
    name
    for name in (studies.students_with(study, "optical") if "optical" in study["methods"] else [])
    if study["students"][name]["encoder"] == study["students"][name]["teacher"]
]
if aligned_students:
    gap_pictures.append("plans")


rule compare_gap:
    message:
        "Comparing high- and low-resource languages"
    input:
        scores=all_scores,
        encoders=[
            f"results/{{study}}/encoders/{student['encoder']}"
            for student in study["students"].values()
        ],
    output:
        language_table="results/{study}/gap/language_table.csv",
        gap_table="results/{study}/gap/gap_table.csv",
        size_table="results/{study}/gap/size_table.csv",
        contrast_table="results/{study}/gap/contrast_table.csv",
        gap_texts=multiext("results/{study}/gap/gap_table", ".md", ".tex"),
        gap_page=report(
            "results/{study}/gap/gap_table.html",
            caption="../captions/gap_table.rst",
            category="Gap",
            labels={"picture": "table"},
        ),
        language_texts=multiext("results/{study}/gap/language_table", ".md", ".tex"),
        language_page=report(
            "results/{study}/gap/language_table.html",
            caption="../captions/language_table.rst",
            category="Languages",
            labels={"picture": "table"},
        ),
        arguments=temp("results/{study}/gap/arguments.txt"),
    log:
        "logs/{study}/compare_gap.log",
    benchmark:
        "logs/{study}/compare_gap.benchmark.tsv"
    params:
        code=code("compare_gap"),
        groups=[
            f"{group}={','.join(study['languages'][group])}"
            for group in studies.GROUPS
            if group in study["languages"]
        ],
        pivot=pivot,
        students=list(study["students"]),
        metric=study["metric"],
        folder=lambda wildcards, output: Path(output.gap_table).parent,
    conda:
        "../envs/score.yaml"
    # A study may have more scores than a command line has room for.
    shell:
        "printf '%s\\n' {input.scores} > {output.arguments}"
        " && python workflow_scripts/compare_gap.py --groups {params.groups} --pivot {params.pivot}"
        " --students {params.students} --encoders {input.encoders}"
        " --metric {params.metric} --output-folder {params.folder}"
        " --scores @{output.arguments} > {log} 2>&1"


rule plot_map:
    message:
        "Drawing {wildcards.picture} by language"
    input:
        table="results/{study}/gap/language_table.csv",
    output:
        report(
            "results/{study}/gap/{picture}_by_language.svg",
            caption="../captions/by_language.rst",
            category="Languages",
            labels={"picture": "{picture} by language"},
        ),
        "results/{study}/gap/{picture}_by_language.png",
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
        table="results/{study}/gap/gap_table.csv",
    output:
        report(
            "results/{study}/gap/{picture}_by_size.svg",
            caption="../captions/by_size.rst",
            category="Gap",
            labels={"picture": "{picture} by size"},
        ),
        "results/{study}/gap/{picture}_by_size.png",
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
        table="results/{study}/gap/language_table.csv",
        cleaning=expand("results/{{study}}/data/bitext/{lang}.cleaning.csv", lang=languages),
    output:
        report(
            "results/{study}/gap/map_by_amount.svg",
            caption="../captions/by_amount.rst",
            category="Languages",
            labels={"picture": "over amounts of text"},
        ),
        "results/{study}/gap/map_by_amount.png",
    log:
        "logs/{study}/plot_amounts.log",
    benchmark:
        "logs/{study}/plot_amounts.benchmark.tsv"
    params:
        code=code("plot_amounts"),
        texts=[f"{lang}={number}" for lang, number in read_text.items()],
        unit=read_unit,
        metric=study["metric"],
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/plot_amounts.py --language-table {input.table} --cleaning {input.cleaning}"
        " --texts {params.texts} --unit {params.unit:q} --metric {params.metric} --output {output} > {log} 2>&1"


rule plot_training:
    message:
        "Drawing the training curves"
    input:
        models=lambda wildcards: trained_models(wildcards),
    output:
        svg=report(
            "results/{study}/gap/training.svg",
            caption="../captions/training.rst",
            category="Training",
            labels={"picture": "training curves"},
        ),
        png="results/{study}/gap/training.png",
        arguments=temp("results/{study}/gap/training.txt"),
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
        "find {input.models} -name training.jsonl | sort > {output.arguments}"
        " && python workflow_scripts/plot_training.py --logs @{output.arguments} --output {output.svg} {output.png}"
        " > {log} 2>&1"


rule align_sentences:
    message:
        "Aligning some sentence pairs before and after distillation"
    input:
        start=lambda wildcards: aligned("teachers/{encoder}"),
        student=lambda wildcards: aligned("students/{student}/optical/{lang}/seed-{seed}"),
        teacher=lambda wildcards: aligned("teachers/{teacher}"),
        targets=lambda wildcards: aligned("targets/{teacher}/{lang}"),
        bitext=lambda wildcards: aligned("data/bitext/{lang}.parquet"),
    output:
        "results/{study}/gap/plans.json",
    log:
        "logs/{study}/align_sentences.log",
    benchmark:
        "logs/{study}/align_sentences.benchmark.tsv"
    params:
        code=code("align_sentences"),
        solver=setting("distillation/solver"),
        epsilon=setting("distillation/epsilon"),
        iterations=setting("distillation/iterations"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/align_sentences.py --start {input.start} --student {input.student}"
        " --teacher {input.teacher} --targets {input.targets} --bitext {input.bitext}"
        " --solver {params.solver} --epsilon {params.epsilon} --iterations {params.iterations}"
        " --output {output} > {log} 2>&1"


rule plot_plans:
    message:
        "Drawing transport plans before and after distillation"
    input:
        plans="results/{study}/gap/plans.json",
    output:
        report(
            "results/{study}/gap/plans.svg",
            caption="../captions/plans.rst",
            category="Training",
            labels={"picture": "transport plans"},
        ),
        "results/{study}/gap/plans.png",
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


# What jobs took is not the study's content: it is added up once there is a gap table.
rule sum_costs:
    message:
        "Adding up what the jobs of {wildcards.study} took"
    input:
        table="results/{study}/gap/gap_table.csv",
    output:
        multiext("results/{study}/gap/cost_table", ".csv", ".md", ".tex"),
        report(
            "results/{study}/gap/cost_table.html",
            caption="../captions/cost_table.rst",
            category="Training",
            labels={"picture": "what it took"},
        ),
    log:
        "logs/{study}/sum_costs.log",
    benchmark:
        "logs/{study}/sum_costs.benchmark.tsv"
    params:
        code=code("sum_costs"),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/sum_costs.py --logs logs/{wildcards.study}"
        " --results results/{wildcards.study} --output {output} > {log} 2>&1"


# The settings with every default filled in, as the report shows them.
rule describe_study:
    message:
        "Writing down the settings of {wildcards.study}"
    output:
        "results/{study}/study.yaml",
    log:
        "logs/{study}/describe_study.log",
    benchmark:
        "logs/{study}/describe_study.benchmark.tsv"
    params:
        # A function, as a text with braces, such as {lang}, would be taken for a wildcard's.
        settings=lambda wildcards: yaml.safe_dump(
            {key: value for key, value in study.items() if key not in ("mirror", "local")},
            sort_keys=False,
        ),
    localrule: True
    conda:
        "../envs/report.yaml"
    shell:
        "printf '%s' {params.settings:q} > {output} 2> {log}"


rule record_provenance:
    message:
        "Recording what the results of {wildcards.study} came from"
    input:
        settings="results/{study}/study.yaml",
        environments=environment_files,
        data=prepared_data,
        # Whatever changed them, the record is of the newest results.
        table="results/{study}/gap/language_table.csv",
    output:
        "results/{study}/provenance.json",
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
        settings="results/{study}/study.yaml",
        tables=[
            f"results/{{study}}/gap/{name}_table.csv"
            for name in ("language", "gap", "size", "contrast")
        ],
        costs="results/{study}/gap/cost_table.csv",
        datasets="resources/datasets.yaml",
        pictures=[f"results/{{study}}/gap/{name}.svg" for name in gap_pictures],
        cleaning=expand("results/{{study}}/data/bitext/{lang}.cleaning.csv", lang=languages),
        training="results/{study}/data/training_set.csv",
        environments=environment_files,
        provenance="results/{study}/provenance.json",
    output:
        report(
            "results/{study}/report.html",
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
        sources=[name for name in datasets if name in used_sources],
        # As a list, because an empty text would be quoted into no argument at all.
        note=["--note", gap_note] if gap_note else [],
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/write_report.py --study {wildcards.study} --settings {input.settings}"
        " --tables {params.folder} --costs {input.costs} --pictures {input.pictures}"
        " --metric {params.metric}"
        " --cleaning {input.cleaning} --training {input.training}"
        " --datasets {input.datasets} --sources {params.sources} --environments {input.environments}"
        " --provenance {input.provenance} {params.note:q} --output {output} > {log} 2>&1"
