# The teacher: a late-interaction retriever of the pivot language, trained or finished elsewhere, and
# its view of the bitext.
from optical.settings.teacher import Model, Teacher


def mined_negatives(wildcards):
    """The file of mined hard negatives, for a teacher that reads some."""
    mined = study["teacher"]["negatives"] and study["training_set"]["negatives"] == "bm25"
    return paths.NEGATIVES if mined else []


def finished_origin(wildcards):
    """What a finished teacher is, in words."""
    about = study["teachers"][wildcards.teacher]
    if "hub" in about:
        return f"{about['hub']} at {about['revision']}"
    return f"the folder {Path(about['folder']).name}"


rule train_teacher:
    message:
        "Training teacher {wildcards.teacher}; progress in {log}"
    input:
        encoder=lambda wildcards: paths.fill(paths.ENCODER, encoder=encoder_of(wildcards.teacher)),
        training_set=paths.TRAINING_SET,
        mined=mined_negatives,
    output:
        directory(paths.TEACHER),
    wildcard_constraints:
        teacher=one_of(study.teacher_names(study["encoders"])),
    log:
        "logs/{study}/train_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/train_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("train_teacher"),
        model=options(Model, "model"),
        settings=options(
            Teacher, "teacher", learning_rate=learning_rate("teacher"), seed=seed_of_teacher
        ),
        mined=lambda wildcards, input: f"--mined-negatives {input.mined}" if input.mined else "",
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    priority: 1
    shell:
        "python workflow_scripts/train_teacher.py --encoder {input.encoder}"
        " --training-set {input.training_set} {params.mined} {params.model} {params.settings}"
        " --processes {resources.gpu} --output {output} > {log} 2>&1"


# A finished teacher lies among the encoders as it came: it is the encoder of students that start as
# it.
rule fetch_teacher:
    message:
        "Fetching finished teacher {wildcards.encoder}, {params.hub}"
    # No code among the parameters: the revision says what it is, whatever program brought it.
    output:
        directory(paths.ENCODER),
    wildcard_constraints:
        encoder=one_of(name for name, about in study["teachers"].items() if "hub" in about),
    log:
        "logs/{study}/fetch_teacher/{encoder}.log",
    benchmark:
        "logs/{study}/fetch_teacher/{encoder}.benchmark.tsv"
    params:
        hub=setting("teachers/{encoder}/hub"),
        revision=setting("teachers/{encoder}/revision"),
        dimension=setting("model/dimension"),
    localrule: True
    conda:
        "../envs/training.yaml"
    priority: 2
    shell:
        "python workflow_scripts/fetch_encoder.py --hub {params.hub:q} --revision {params.revision}"
        " --commits downloads/lock.tsv --dimension {params.dimension} --output {output} > {log} 2>&1"


rule copy_teacher:
    message:
        "Copying finished teacher {wildcards.encoder} from {params.folder}"
    output:
        directory(paths.ENCODER),
    wildcard_constraints:
        encoder=one_of(name for name, about in study["teachers"].items() if "folder" in about),
    log:
        "logs/{study}/copy_teacher/{encoder}.log",
    benchmark:
        "logs/{study}/copy_teacher/{encoder}.benchmark.tsv"
    params:
        code=code("fetch_encoder"),
        folder=setting("teachers/{encoder}/folder"),
        dimension=setting("model/dimension"),
    conda:
        "../envs/training.yaml"
    priority: 2
    shell:
        "python workflow_scripts/fetch_encoder.py --folder {params.folder:q}"
        " --dimension {params.dimension} --output {output} > {log} 2>&1"


rule convert_teacher:
    message:
        "Converting finished teacher {wildcards.teacher}"
    input:
        model=paths.fill(paths.ENCODER, encoder="{teacher}"),
    output:
        directory(paths.TEACHER),
    wildcard_constraints:
        teacher=one_of(study["teachers"]),
    log:
        "logs/{study}/convert_teacher/{teacher}.log",
    benchmark:
        "logs/{study}/convert_teacher/{teacher}.benchmark.tsv"
    params:
        code=code("convert_teacher"),
        origin=finished_origin,
    conda:
        "../envs/training.yaml"
    priority: 1
    shell:
        "python workflow_scripts/convert_teacher.py --model {input.model} --origin {params.origin:q}"
        " --output {output} > {log} 2>&1"


# Once for a teacher, a language and a length of sentences: every method, epoch and seed reads them.
rule embed_targets:
    message:
        "Embedding the {wildcards.lang} bitext's pivot side with teacher {wildcards.teacher}"
    input:
        teacher=paths.TEACHER,
        bitext=paths.BITEXT,
    output:
        directory(paths.TARGETS),
    log:
        "logs/{study}/embed_targets/{teacher}.{lang}.{length}.log",
    benchmark:
        "logs/{study}/embed_targets/{teacher}.{lang}.{length}.benchmark.tsv"
    params:
        code=code("embed_targets"),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    shell:
        "python workflow_scripts/embed_targets.py --teacher {input.teacher} --bitext {input.bitext}"
        " --length {wildcards.length} --output {output} > {log} 2>&1"
