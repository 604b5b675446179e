# The answer: the tables.
from optical.settings.languages import GROUPS


def seeds_of(method):
    """The seeds of a method's runs; 0 for what was not trained, or by one teacher."""
    if method in LEXICAL:
        return 0
    return study["seeds"] if study.trains(method) else study.untrained_seeds


def all_scores(wildcards):
    """Per-query scores of every student, method, language, seed and collection of the study."""
    scores = []
    for collection in study["collections"]:
        for method in study.methods:
            scores += of_study(
                paths.SCORES,
                student="none" if method in LEXICAL else study.students_with(method),
                method=method,
                lang=[
                    lang
                    for lang in study.asked_languages(collection)
                    if method in study.tested_methods(lang)
                ],
                seed=seeds_of(method),
                collection=collection,
            )
    return scores


rule compare_gap:
    message:
        "Comparing high- and low-resource languages"
    input:
        scores=all_scores,
        encoders=[
            paths.fill(paths.ENCODER, encoder=student["encoder"])
            for student in study["students"].values()
        ],
    output:
        language_table=paths.fill(paths.TABLE, table="language"),
        gap_table=paths.fill(paths.TABLE, table="gap"),
        size_table=paths.fill(paths.TABLE, table="size"),
        contrast_table=paths.fill(paths.TABLE, table="contrast"),
        language_contrast_table=paths.fill(paths.TABLE, table="language_contrast"),
        gap_texts=multiext(f"{paths.GAP}/gap_table", ".md", ".tex"),
        gap_page=report(
            f"{paths.GAP}/gap_table.html",
            caption="../captions/gap_table.rst",
            category="Gap",
            labels={"picture": "table"},
        ),
        language_texts=multiext(f"{paths.GAP}/language_table", ".md", ".tex"),
        language_page=report(
            f"{paths.GAP}/language_table.html",
            caption="../captions/language_table.rst",
            category="Languages",
            labels={"picture": "table"},
        ),
        arguments=temp(f"{paths.GAP}/arguments.txt"),
    log:
        "logs/{study}/compare_gap.log",
    benchmark:
        "logs/{study}/compare_gap.benchmark.tsv"
    params:
        code=code("compare_gap"),
        groups=[
            f"{group}={','.join(study['languages'][group])}"
            for group in GROUPS
            if group in study["languages"]
        ],
        pivot=study.pivot,
        students=list(study["students"]),
        contrasts=command_line({"contrasts": [":".join(pair) for pair in study.contrasts]}),
        development=study["tuning"]["development"],
        metric=study["metric"],
        folder=lambda wildcards, output: Path(output.gap_table).parent,
    conda:
        "../envs/score.yaml"
    # A study may have more scores than a command line has room for.
    shell:
        "printf '%s\\n' {input.scores} > {output.arguments}"
        " && python workflow_scripts/compare_gap.py --groups {params.groups} --pivot {params.pivot}"
        " --students {params.students} --encoders {input.encoders}"
        " {params.contrasts} --development {params.development}"
        " --metric {params.metric} --output-folder {params.folder}"
        " --scores @{output.arguments} > {log} 2>&1"


# What jobs took is not the study's content: it is added up once there is a gap table.
rule sum_costs:
    message:
        "Adding up what the jobs of {wildcards.study} took"
    input:
        table=paths.fill(paths.TABLE, table="gap"),
    output:
        multiext(f"{paths.GAP}/cost_table", ".csv", ".md", ".tex"),
        report(
            f"{paths.GAP}/cost_table.html",
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
        results=of_study(paths.RESULTS),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/sum_costs.py --logs logs/{wildcards.study}"
        " --results {params.results} --output {output} > {log} 2>&1"
