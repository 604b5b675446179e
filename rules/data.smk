# Data: constructed, downloaded or local text becomes bitext, a training set and collections.
from optical.settings.clef import Clef, ClefDocuments
from optical.settings.constructed import Constructed
from optical.settings.windows import Windows


def source_files(source, *langs):
    """The files of a source to learn from that these languages need."""
    return study_files.source_files(study, source, *langs)


def bitext_sources(lang):
    """The study's sources of bitext that have a language."""
    return study_files.bitext_sources(study, lang)


def bitext_names(wildcards):
    """The sources of a language's bitext as programs are given them."""
    return [study_files.named(source, study) for source in bitext_sources(wildcards.lang)]


def bitext_folders(wildcards, resources):
    """NAME=FOLDER of the same sources. Of `resources`, so not tracked: folders are the machine's."""
    return [
        f"{study_files.named(source, study)}={study_files.source_folder(study, source)}"
        for source in bitext_sources(wildcards.lang)
    ]


def other_codes(wildcards):
    """NAME=CODE of those of them that have the language under another code."""
    codes = {
        study_files.named(source, study): study.code_in(source, wildcards.lang)
        for source in bitext_sources(wildcards.lang)
    }
    other = [f"{name}={code}" for name, code in codes.items() if code != wildcards.lang]
    return command_line({"codes": other or None})


def code_option(source, lang):
    """The option that names the code of a language in a source, where that is another."""
    code = study.code_in(source, lang)
    return command_line({"code": code if code != lang else None})


def code_of_queries(wildcards):
    """That of a job's language in its collection."""
    return code_option(dataset_of(wildcards.collection), wildcards.lang)


def bitext_files(wildcards):
    """The files of the same sources."""
    return [
        file
        for source in bitext_sources(wildcards.lang)
        for file in source_files(source, wildcards.lang)
    ]


# The collections whose texts must not be trained on. Constructed ones are not guarded: the sentences
# of a small world meet by chance, not by leaking, and bitext without those of the test would be
# without the test's commonest facts.
guarded = [] if study.is_constructed else list(study["collections"])


def tested_texts(lang):
    """The hashes of what the guarded collections say in a language; all have passages in the pivot."""
    tested = [name for name in guarded if lang == study.pivot or study.has_queries(name, lang)]
    return of_study(paths.NGRAMS, collection=tested, lang=lang)


def download_options(wildcards):
    """What is known of a file before it is downloaded, as options."""
    file = study.datasets[wildcards.dataset]["files"][wildcards.file]
    return command_line({key: file.get(key) for key in ("sha256", "md5", "bytes")})


def text_of(wildcards):
    """What the text to pre-train on is made of: the world, the bitext, or English passages."""
    if study.is_constructed:
        return f"{paths.WORLD}/world.json"
    return paths.TRAINING_SET if wildcards.lang == study.pivot else paths.BITEXT


def collection_name(wildcards):
    """A collection as programs are given it."""
    return study_files.named(wildcards.collection, study)


def collection_folder(wildcards, resources):
    """The folder of a collection's files: the machine's business, and not tracked."""
    return study_files.source_folder(study, dataset_of(wildcards.collection))


def collection_code(name):
    """The code of a program that reads a collection, with the module that reads that collection."""
    return lambda wildcards: code(
        name, (registry.collection_module(collection_name(wildcards))[0],)
    )


def clef_options(kind):
    """The settings of the collection clef, for its own jobs: those of others do not rerun."""
    values = options(kind, "clef")
    return lambda wildcards: values(wildcards) if wildcards.collection == "clef" else ""


if study.is_constructed:
    training_source = "constructed"
    training_folder = study_files.source_folder(study, "constructed")
    training_files = source_files("constructed")
elif study["training_set"]["source"] in study.datasets:
    training_source = study["training_set"]["source"]
    training_folder = study_files.source_folder(study, training_source)
    training_files = study_files.training_files(study)
else:
    training_source = "msmarco"
    training_folder = str(Path(study["local"], study["training_set"]["folder"]))
    training_files = [
        f"{training_folder}/{name}"
        for name in ("collection.tsv", "queries.train.tsv", "qrels.train.tsv")
    ]
    # Optional: hard negatives, or the articles of which all passages are some, and scores.
    training_files += [
        file
        for name in ("negatives.tsv", "negatives.jsonl.gz", "articles.tsv", "scores.tsv")
        if Path(file := f"{training_folder}/{name}").exists()
    ]
scores_file = study_files.scores_file(study)

# Snakemake tells of a missing file in a paragraph about a rule. Here is the line that a user needs.
if workflow.is_main_process and not Path(paths.REPORT.format(study=study.name)).exists():
    supplied = [*study_files.supplied_files(study)]
    supplied += training_files if training_source == "msmarco" else []
    if missing := [file for file in supplied if not Path(file).exists()]:
        more = f", and {len(missing) - 1} more" if missing[1:] else ""
        place = "it is yours to supply, below `local`"
        print(f"study: {missing[0]}: missing{more}; {place}", file=sys.stderr)

brought = [name for name in study.datasets if not study_files.is_users(name, study)]
exported_sets = [name for name in brought if study_files.is_exported(name, study)]
downloaded_sets = [name for name in brought if name not in exported_sets]


rule construct_world:
    message:
        "Constructing the world that the data of {wildcards.study} tells of"
    output:
        f"{paths.WORLD}/world.json",
    log:
        "logs/{study}/construct_world.log",
    benchmark:
        "logs/{study}/construct_world.benchmark.tsv"
    params:
        code=code("construct_world"),
        settings=options(Constructed, "constructed"),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/construct_world.py {params.settings} --output {output}"
        " > {log} 2>&1"


rule download_file:
    message:
        "Downloading {wildcards.dataset}: {wildcards.file}"
    # No code among the parameters: its checksum says what a file is, whatever program brought it.
    output:
        "downloads/{dataset}/{file}",
    wildcard_constraints:
        dataset=one_of(downloaded_sets),
    log:
        "logs/downloads/{dataset}/{file}.log",
    benchmark:
        "logs/downloads/{dataset}/{file}.benchmark.tsv"
    params:
        url=lambda wildcards: study.datasets[wildcards.dataset]["files"][wildcards.file]["url"],
        options=download_options,
        # Where a file comes from is the machine's business: functions of `resources` are not
        # tracked, so another mirror reruns nothing.
        mirrors=lambda wildcards, resources: study["mirror"],
        access=lambda wildcards, resources: [
            f"--access={text}"
            for text in [study.datasets[wildcards.dataset].get("access")]
            if text
        ],
    localrule: True
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/download_file.py --url {params.url:q} {params.options} {params.access:q}"
        " --lock downloads/lock.tsv --mirrors {params.mirrors:q} --output {output} > {log} 2>&1"


rule export_ir_dataset:
    message:
        "Exporting {wildcards.file} of {params.id} from ir_datasets; progress in {log}"
    output:
        "downloads/{dataset}/{file}",
    wildcard_constraints:
        dataset=one_of(exported_sets),
    log:
        "logs/downloads/{dataset}/{file}.log",
    benchmark:
        "logs/downloads/{dataset}/{file}.benchmark.tsv"
    params:
        id=lambda wildcards: study.datasets[wildcards.dataset]["files"][wildcards.file]["id"],
        part=lambda wildcards: study.datasets[wildcards.dataset]["files"][wildcards.file]["part"],
        known=lambda wildcards: command_line(
            {
                key: study.datasets[wildcards.dataset]["files"][wildcards.file].get(key)
                for key in ("fields", "rows")
            }
        ),
    localrule: True
    conda:
        "../envs/ir_datasets.yaml"
    shell:
        "python workflow_scripts/export_ir_dataset.py --id {params.id:q} --part {params.part}"
        " {params.known} --output {output} > {log} 2>&1"


rule prepare_bitext:
    message:
        "Preparing {wildcards.lang}-{params.pivot} bitext"
    input:
        files=bitext_files,
        tests=lambda wildcards: tested_texts(wildcards.lang),
        pivot_tests=tested_texts(study.pivot),
    output:
        bitext=paths.BITEXT,
        held_out=paths.HELD_OUT,
        cleaning=paths.CLEANING,
        removed=paths.REMOVED,
    log:
        "logs/{study}/prepare_bitext/{lang}.log",
    benchmark:
        "logs/{study}/prepare_bitext/{lang}.benchmark.tsv"
    params:
        code=lambda wildcards: code(
            "prepare_bitext",
            tuple(registry.bitext_module(name)[0] for name in bitext_names(wildcards)),
        ),
        pivot=study.pivot,
        # Not in the command: tracked in place of the folders, which are not.
        names=bitext_names,
        sources=bitext_folders,
        codes=other_codes,
        pairs=command_line({"pairs": study["bitext"]["pairs"]}),
        share=setting("bitext/held_out"),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_bitext.py --language {wildcards.lang} --pivot {params.pivot}"
        " --sources {params.sources:q} {params.codes} --tests {input.tests} --pivot-tests {input.pivot_tests}"
        " {params.pairs} --held-out-share {params.share} --output {output.bitext}"
        " --held-out {output.held_out} --cleaning {output.cleaning} --removed {output.removed}"
        " > {log} 2>&1"


rule prepare_training_set:
    message:
        "Preparing the teacher's training set"
    input:
        files=training_files,
        scores=scores_file or [],
        tests=[file for name in guarded for file in collection_texts(name, study.pivot)],
    output:
        training_set=directory(paths.TRAINING_SET),
        counts=paths.TRAINING_COUNTS,
    log:
        "logs/{study}/prepare_training_set.log",
    benchmark:
        "logs/{study}/prepare_training_set.benchmark.tsv"
    params:
        code=code("prepare_training_set", (registry.TRAINING_SETS[training_source],)),
        # A local folder is the machine's business, as a mirror is; its files are inputs.
        source=lambda wildcards, resources: f"{training_source}={training_folder}",
        scores=lambda wildcards, resources: command_line({"scores": scores_file}),
        margin=command_line({"margin": study["training_set"]["margin"] if scores_file else None}),
        queries=command_line({"queries": study["training_set"]["queries"]}),
        tests=of_study(paths.COLLECTION, collection=guarded),
        pivot=study.pivot,
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_training_set.py --source {params.source:q} {params.scores}"
        " {params.margin} {params.queries}"
        " --tests {params.tests} --pivot {params.pivot} --output {output.training_set}"
        " --counts {output.counts} > {log} 2>&1"


rule mine_negatives:
    message:
        "Mining hard negatives for the teacher with BM25"
    input:
        training_set=paths.TRAINING_SET,
    output:
        paths.NEGATIVES,
    log:
        "logs/{study}/mine_negatives.log",
    benchmark:
        "logs/{study}/mine_negatives.benchmark.tsv"
    params:
        code=code("mine_negatives"),
        pivot=study.pivot,
    conda:
        "../envs/score.yaml"
    shell:
        "python workflow_scripts/mine_negatives.py --training-set {input.training_set} --pivot {params.pivot}"
        " --output {output} > {log} 2>&1"


rule prepare_text:
    message:
        "Preparing {wildcards.lang} text to pre-train encoders on"
    input:
        text=text_of,
    output:
        paths.TEXT,
    log:
        "logs/{study}/prepare_text/{lang}.log",
    benchmark:
        "logs/{study}/prepare_text/{lang}.benchmark.tsv"
    params:
        code=code("prepare_text"),
        texts=setting("pretraining/text/{lang}"),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_text.py --language {wildcards.lang} --origin {input.text}"
        " --texts {params.texts} --output {output} > {log} 2>&1"


rule prepare_collection:
    message:
        "Preparing the passages and judgements of {wildcards.collection}"
    input:
        files=lambda wildcards: study_files.collection_files(study, wildcards.collection),
    output:
        passages=paths.PASSAGES,
        qrels=paths.QRELS,
        counts=paths.COLLECTION_COUNTS,
    log:
        "logs/{study}/prepare_collection/{collection}.log",
    benchmark:
        "logs/{study}/prepare_collection/{collection}.benchmark.tsv"
    params:
        code=collection_code("prepare_collection"),
        collection=collection_name,
        folder=collection_folder,
        windows=options(Windows, "windows"),
        clef=clef_options(ClefDocuments),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_collection.py --collection {params.collection} --folder {params.folder:q}"
        " {params.windows} {params.clef} --passages {output.passages} --qrels {output.qrels}"
        " --counts {output.counts} > {log} 2>&1"


rule prepare_queries:
    message:
        "Preparing the {wildcards.lang} queries of {wildcards.collection}"
    input:
        files=lambda wildcards: study_files.collection_files(
            study, wildcards.collection, wildcards.lang
        ),
        qrels=paths.QRELS,
    output:
        queries=paths.QUERIES,
        doubtful=paths.DOUBTFUL,
        counts=paths.QUERY_COUNTS,
    log:
        "logs/{study}/prepare_queries/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/prepare_queries/{collection}.{lang}.benchmark.tsv"
    params:
        code=collection_code("prepare_queries"),
        collection=collection_name,
        folder=collection_folder,
        language=code_of_queries,
        clef=clef_options(Clef),
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/prepare_queries.py --collection {params.collection} --folder {params.folder:q}"
        " --language {wildcards.lang} {params.language} --qrels {input.qrels} {params.clef} --output {output.queries}"
        " --doubtful {output.doubtful} --counts {output.counts} > {log} 2>&1"


def texts_of(wildcards, input):
    """A collection's texts in a language, as options: of passages in several languages its own."""
    pooled = wildcards.collection in registry.POOLED and wildcards.lang != study.pivot
    code = study.code_in(dataset_of(wildcards.collection), wildcards.lang)
    return command_line(
        {
            "queries": input.queries or None,
            "passages": input.passages or None,
            "begin": f"{code}." if pooled else None,
        }
    )


rule hash_collection:
    message:
        "Hashing what {wildcards.collection} says in {wildcards.lang}"
    input:
        queries=lambda wildcards: (
            paths.QUERIES if study.has_queries(wildcards.collection, wildcards.lang) else []
        ),
        passages=lambda wildcards: (
            paths.PASSAGES
            if wildcards.lang == study.pivot or wildcards.collection in registry.POOLED
            else []
        ),
    output:
        paths.NGRAMS,
    log:
        "logs/{study}/hash_collection/{collection}.{lang}.log",
    benchmark:
        "logs/{study}/hash_collection/{collection}.{lang}.benchmark.tsv"
    params:
        code=code("hash_collection"),
        texts=texts_of,
    conda:
        "../envs/data.yaml"
    shell:
        "python workflow_scripts/hash_collection.py --language {wildcards.lang} {params.texts}"
        " --output {output} > {log} 2>&1"
