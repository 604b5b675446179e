# Encoders: made from scratch, or fetched from the hub or a folder.
from optical.settings.encoder import Pretraining, Shape

from_scratch = [name for name, encoder in study["encoders"].items() if "layers" in encoder]
from_hub = [name for name, encoder in study["encoders"].items() if "hub" in encoder]
from_folder = [name for name, encoder in study["encoders"].items() if "folder" in encoder]


rule pretrain_encoder:
    message:
        "Pre-training encoder {wildcards.encoder} from scratch; progress in {log}"
    input:
        text=of_study(paths.TEXT, lang=study["pretraining"]["text"]),
    output:
        directory(paths.ENCODER),
    wildcard_constraints:
        encoder=one_of(from_scratch),
    log:
        "logs/{study}/pretrain_encoder/{encoder}.log",
    benchmark:
        "logs/{study}/pretrain_encoder/{encoder}.benchmark.tsv"
    params:
        code=code("pretrain_encoder"),
        shape=options(Shape, "encoders/{encoder}"),
        settings=options(Pretraining, "pretraining", learning_rate=learning_rate("pretraining")),
    resources:
        gpu=gpus,
    conda:
        "../envs/training.yaml"
    # Everything else waits for the encoders and then the teachers: they go first.
    priority: 2
    shell:
        "python workflow_scripts/pretrain_encoder.py --text {input.text} {params.shape}"
        " {params.settings} --output {output} > {log} 2>&1"


rule fetch_encoder:
    message:
        "Fetching encoder {wildcards.encoder}, {params.hub}"
    # No code among the parameters: the revision says what it is, whatever program brought it.
    output:
        directory(paths.ENCODER),
    wildcard_constraints:
        encoder=one_of(from_hub),
    log:
        "logs/{study}/fetch_encoder/{encoder}.log",
    benchmark:
        "logs/{study}/fetch_encoder/{encoder}.benchmark.tsv"
    params:
        hub=setting("encoders/{encoder}/hub"),
        revision=setting("encoders/{encoder}/revision"),
    localrule: True
    conda:
        "../envs/training.yaml"
    priority: 2
    shell:
        "python workflow_scripts/fetch_encoder.py --hub {params.hub:q} --revision {params.revision}"
        " --commits downloads/lock.tsv --output {output} > {log} 2>&1"


rule copy_encoder:
    message:
        "Copying encoder {wildcards.encoder} from {params.folder}"
    output:
        directory(paths.ENCODER),
    wildcard_constraints:
        encoder=one_of(from_folder),
    log:
        "logs/{study}/copy_encoder/{encoder}.log",
    benchmark:
        "logs/{study}/copy_encoder/{encoder}.benchmark.tsv"
    params:
        code=code("fetch_encoder"),
        folder=setting("encoders/{encoder}/folder"),
    conda:
        "../envs/training.yaml"
    priority: 2
    shell:
        "python workflow_scripts/fetch_encoder.py --folder {params.folder:q} --output {output} > {log} 2>&1"
