# The answer: the tables, the pictures and the report.
gap_note = (
    "This study runs on constructed data: small artificial languages made by a program. It shows"
    " that the whole chain works, and how the gap behaves when languages differ above all in how"
    " much of their text the encoders have read. It says nothing about any natural language."
    if studies.is_constructed(study)
    else ""
)


rule compare_gap:
    message:
        "Comparing high- and low-resource languages"
    input:
        program=program("compare_gap"),
        scores=all_scores,
    output:
        language_table="results/{study}/gap/language_table.csv",
        gap_table="results/{study}/gap/gap_table.csv",
        texts=multiext("results/{study}/gap/gap_table", ".md", ".tex", ".html"),
        arguments=temp("results/{study}/gap/arguments.txt"),
    log:
        "logs/{study}/compare_gap.log",
    benchmark:
        "logs/{study}/compare_gap.benchmark.tsv"
    params:
        groups=[
            f"{group}={','.join(study['languages'][group])}"
            for group in studies.GROUPS
            if group in study["languages"]
        ],
        pivot=pivot,
        students=list(study["students"]),
        folder=lambda wildcards, output: Path(output.gap_table).parent,
    conda:
        "../envs/score.yaml"
    # A study may have more scores than a command line has room for.
    shell:
        "printf '%s\\n' {input.scores} > {output.arguments}"
        " && python {input.program[0]} --groups {params.groups} --pivot {params.pivot}"
        " --students {params.students} --output-folder {params.folder}"
        " --scores @{output.arguments} > {log} 2>&1"


rule plot_map:
    message:
        "Drawing MAP by language"
    input:
        program=program("plot_map"),
        table="results/{study}/gap/language_table.csv",
    output:
        multiext("results/{study}/gap/map_by_language", ".svg", ".png"),
    log:
        "logs/{study}/plot_map.log",
    benchmark:
        "logs/{study}/plot_map.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.program[0]} --language-table {input.table} --output {output} > {log} 2>&1"


rule plot_gap:
    message:
        "Drawing the gap by size"
    input:
        program=program("plot_gap"),
        table="results/{study}/gap/gap_table.csv",
    output:
        multiext("results/{study}/gap/gap_by_size", ".svg", ".png"),
    log:
        "logs/{study}/plot_gap.log",
    benchmark:
        "logs/{study}/plot_gap.benchmark.tsv"
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.program[0]} --gap-table {input.table} --output {output} > {log} 2>&1"


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
        settings=yaml.safe_dump(
            {key: value for key, value in study.items() if key not in ("mirror", "local")},
            sort_keys=False,
        ),
    conda:
        "../envs/report.yaml"
    shell:
        "printf '%s' {params.settings:q} > {output} 2> {log}"


rule write_report:
    message:
        "Writing {output}"
    input:
        program=program("write_report"),
        template="workflow_scripts/optical/report.html.j2",
        settings="results/{study}/study.yaml",
        language_table="results/{study}/gap/language_table.csv",
        gap_table="results/{study}/gap/gap_table.csv",
        map_picture="results/{study}/gap/map_by_language.svg",
        gap_picture="results/{study}/gap/gap_by_size.svg",
        cleaning=expand("results/{{study}}/data/bitext/{lang}.cleaning.csv", lang=languages),
        environments=[
            f"envs/{name}.yaml"
            for name in ("data", "encoder", "training", "index", "score", "report")
        ],
    output:
        "results/{study}/report.html",
    log:
        "logs/{study}/write_report.log",
    benchmark:
        "logs/{study}/write_report.benchmark.tsv"
    params:
        # As a list, because an empty text would be quoted into no argument at all.
        note=["--note", gap_note] if gap_note else [],
    conda:
        "../envs/report.yaml"
    shell:
        "python {input.program[0]} --study {wildcards.study} --settings {input.settings}"
        " --language-table {input.language_table} --gap-table {input.gap_table}"
        " --map-picture {input.map_picture} --gap-picture {input.gap_picture}"
        " --cleaning {input.cleaning} --environments {input.environments}"
        " {params.note:q} --output {output} > {log} 2>&1"
