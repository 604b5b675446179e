# Models to publish: not part of a study's answer, made by `snakemake models --cores all`.


rule export_student:
    message:
        "Exporting student {output}"
    input:
        model="results/{study}/students/{student}/{method}/{lang}/seed-{seed}",
        settings="results/{study}/study.yaml",
        language_table="results/{study}/gap/language_table.csv",
        cleaning="results/{study}/data/bitext/{lang}.cleaning.csv",
    output:
        directory("results/{study}/models/{student}.{method}.{lang}.seed-{seed}"),
    log:
        "logs/{study}/export_student/{student}.{method}.{lang}.seed-{seed}.log",
    benchmark:
        "logs/{study}/export_student/{student}.{method}.{lang}.seed-{seed}.benchmark.tsv"
    params:
        code=code("export_student"),
        teacher=teacher_of,
        licences=bitext_licences,
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/export_student.py --model {input.model} --study {wildcards.study}"
        " --settings {input.settings} --language-table {input.language_table}"
        " --student {wildcards.student} --method {wildcards.method} --language {wildcards.lang}"
        " --teacher {params.teacher} --cleaning {input.cleaning}"
        " --licences {params.licences:q} --output {output} > {log} 2>&1"


rule export_teacher:
    message:
        "Exporting teacher {output}"
    input:
        model="results/{study}/teachers/{teacher}",
        settings="results/{study}/study.yaml",
        language_table="results/{study}/gap/language_table.csv",
    output:
        directory("results/{study}/models/{teacher}"),
    log:
        "logs/{study}/export_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/export_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("export_teacher"),
        student=lambda wildcards: student_of(wildcards.teacher),
    conda:
        "../envs/report.yaml"
    shell:
        "python workflow_scripts/export_teacher.py --model {input.model} --study {wildcards.study}"
        " --settings {input.settings} --language-table {input.language_table}"
        " --student {params.student} --output {output} > {log} 2>&1"
