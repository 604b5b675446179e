# The choice of learning rates, on development queries: not part of a study's answer, made by
# `snakemake tune --cores all`.
import json


def trial_scores(wildcards):
    """Per-query scores of every trial, in every language and collection."""
    if not study.trials:
        sys.exit("study: tuning.learning_rates: none; expected the learning rates to try")
    return [
        file
        for trial in study.trials
        for collection in study["collections"]
        for file in of_study(
            paths.SCORES,
            student=study.students_with(trial.partition("@")[0])[:1],
            method=trial,
            lang=study.tested_languages(collection),
            seed=study["seeds"][0],
            collection=collection,
        )
    ]


rule choose_learning_rates:
    message:
        "Choosing learning rates by {params.metric} on the development queries"
    input:
        trial_scores,
    output:
        table=f"{paths.TUNING}/learning_rates.csv",
        text=f"{paths.TUNING}/learning_rates.md",
        choice=f"{paths.TUNING}/variants.yaml",
        arguments=temp(f"{paths.TUNING}/arguments.txt"),
    log:
        "logs/{study}/choose_learning_rates.log",
    benchmark:
        "logs/{study}/choose_learning_rates.benchmark.tsv"
    params:
        code=code("choose_learning_rates"),
        rates=[f"{trial}={about['learning_rate']}" for trial, about in study.trials.items()],
        variants=json.dumps(study["variants"]),
        development=study["tuning"]["development"],
        metric=study["metric"],
    conda:
        "../envs/report.yaml"
    shell:
        "printf '%s\\n' {input} > {output.arguments}"
        " && python workflow_scripts/choose_learning_rates.py --rates {params.rates}"
        " --variants {params.variants:q}"
        " --development {params.development} --metric {params.metric}"
        " --table {output.table} --text {output.text} --choice {output.choice}"
        " --scores @{output.arguments} > {log} 2>&1"
