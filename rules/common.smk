# What the rules share: the checked study, the machine, and the sources of a program.
import fcntl
import os
import re
import sys
from functools import cache
from pathlib import Path

import yaml
from snakemake.settings.types import DeploymentMethod

sys.path.insert(0, f"{workflow.basedir}/workflow_scripts")
from optical.corpora import registry
from optical.runtime import file_locks
from optical import study as studies
from optical.runtime.code import ROOT, code_hash, module_files, with_imports
from optical.runtime.gpus import visible_gpus
from optical.study import files as study_files
from optical.study.loading import load_study
from optical.report.terminal import show_gap
from optical.runtime.wholeness import damaged

datasets = yaml.safe_load(open(f"{workflow.basedir}/resources/datasets.yaml"))
try:
    study = load_study(config, f"{workflow.basedir}/schemas/config.schema.yaml", datasets)
except ValueError as error:
    # The whole message: what Snakemake would add is a line of this file.
    sys.exit(f"study: {error}")
datasets = study_files.with_own(study, datasets)

# Rules run `python`: the one that runs Snakemake, unless a conda environment comes before it.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", os.defpath)]),
    PYTHONNOUSERSITE="1",
    # Waiting threads must not hold the cores that another job computes on.
    OMP_WAIT_POLICY="passive",
)

# `conda activate` puts a job's environment where an active one stands in PATH, behind the Python above.
# It therefore finds none active. Its failure stops nothing: each job looks at where it runs.
if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
    active = r"CONDA_(SHLVL|PREFIX(_\d+)?|STACKED_\d+|DEFAULT_ENV|PROMPT_MODIFIER)"
    for name in filter(re.compile(active).fullmatch, list(os.environ)):
        del os.environ[name]
    shell.prefix(
        "set -euo pipefail;"
        ' [ "$(command -v python)" = "${{CONDA_PREFIX:-none}}/bin/python" ] ||'
        " {{ echo \"$(command -v python): not the Python of the job's conda environment,"
        ' ${{CONDA_PREFIX:-of which none is active}}" >&2; exit 1; }}; '
    )

# A run that is killed leaves Snakemake's lock behind, which would stop the next. The system releases
# this one with the process: who has it alone may clear what others left.
if workflow.is_main_process:
    Path(".snakemake/locks").mkdir(parents=True, exist_ok=True)
    runs_here = open(".snakemake/runs", "a+")
    by_hand = "after a killed run, remove its lock by hand: snakemake --unlock"

    def lock_runs(operation):
        return file_locks.lock(runs_here.fileno(), runs_here.name, operation, by_hand)

    try:
        if lock_runs(fcntl.LOCK_EX | fcntl.LOCK_NB):
            for left in Path(".snakemake/locks").glob("*.lock"):
                left.unlink()
    except BlockingIOError:
        pass  # another run is at work here; Snakemake sees to it that they share no file
    lock_runs(fcntl.LOCK_SH)

# How many GPUs jobs may have at one time: those of this machine, unless a profile says it, as for a
# cluster whose GPUs are elsewhere. Which one a job has, it finds out itself: optical/runtime/gpus.py.
if "gpu" not in workflow.global_resources and (here := len(visible_gpus())):
    workflow.register_resource("gpu", here)
# What a rule that uses a GPU asks for, where there are any.
gpus = min(1, workflow.global_resources["gpu"].value) if "gpu" in workflow.global_resources else 0

pivot = study["pivot"]
languages = [language for _, language in studies.grouped_languages(study)]


def one_of(names):
    """The regular expression of a wildcard that is one of these names, or of none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    study=re.escape(study["study"]),
    lang=one_of(studies.known_languages(study, datasets)),
    encoder=one_of(study["encoders"]),
    teacher=one_of(study["encoders"]),
    student=one_of(study["students"]),
    collection=one_of(study["collections"]),
    seed=r"\d+",


def setting(path):
    """A params function for one setting of the study, such as "teacher/steps".

    Single values are what makes Snakemake rerun a step when, and only when, its own setting
    changed.
    """

    def value(wildcards):
        node = study
        for key in path.split("/"):
            node = node[key.format(**wildcards)]
        return node

    return value


def learning_rate(stage):
    """A params function for the learning rate of a stage, scaled for the encoder it trains."""

    def value(wildcards):
        names = dict(wildcards.items())
        encoder = names.get("encoder") or names.get("teacher")
        if "student" in names:
            encoder = study["students"][wildcards.student]["encoder"]
        return study[stage]["learning_rate"] * study["encoders"][encoder]["learning_rate_scale"]

    return value


def batch_option(wildcards):
    """The size of a batch, in sentence pairs or in tokens."""
    settings = study["distillation"]
    if settings["batch_tokens"] is None:
        return f"--batch-size {settings['batch_size']}"
    return f"--batch-tokens {settings['batch_tokens']}"


def loss_options(wildcards):
    """The options of a method's loss: only those that it reads, so that others rerun nothing."""
    settings = study["distillation"]
    names = ["solver", "epsilon", "iterations"] if wildcards.method == "optical" else []
    options = [f"--{name} {settings[name]}" for name in names]
    # Greedy alignment pairs tokens off, whatever their mass.
    marginals = "uniform" if wildcards.method == "greedy" else settings["marginals"]
    special = "" if settings["special_tokens"] else "no-"
    return " ".join([*options, f"--marginals {marginals}", f"--{special}special-tokens"])


def index_options(wildcards):
    """The options of the index: of one that is always exact only that it is."""
    settings = study["index"]
    if settings["kind"] == "exact":
        return "--kind exact"
    return " ".join(
        [
            f"--kind {settings['kind']} --codec {settings['codec']}",
            at_most("--centroids", settings["centroids"]),
        ]
    ).strip()


def search_options(wildcards):
    """The options of a search that is not exact by the study's settings."""
    if study["index"]["kind"] == "exact":
        return ""
    names = ["probes", "candidates", "exact_queries"]
    return " ".join(f"--{name.replace('_', '-')} {study['search'][name]}" for name in names)


@cache
def code(name, modules=()):
    """What the program of a rule does, as a hash, so that an edit reruns its users: a comment or a
    docstring is none.

    modules: those that the program loads by name, and that its imports therefore do not show.
    """
    files = with_imports(ROOT / f"{name}.py")
    for module in modules:
        for file in module_files(module):
            files |= with_imports(file)
    return code_hash(files)


def source_folder(source):
    """Where the files of a source lie."""
    return study_files.source_folder(study, datasets, source)


def source_files(source, *langs):
    """The files of a source to learn from that these languages need."""
    return study_files.source_files(study, datasets, source, *langs)


def tested_files(collection, *langs):
    """The files of a collection's passages, and of its queries in these languages."""
    return study_files.collection_files(study, datasets, collection, *langs)


def bitext_sources(lang):
    """The study's sources of bitext that have a language."""
    return study_files.bitext_sources(study, datasets, lang)


def bitext_names(wildcards):
    """The sources of a language's bitext as programs are given them."""
    return [study_files.named(source, study) for source in bitext_sources(wildcards.lang)]


def bitext_folders(wildcards, resources):
    """NAME=FOLDER of the same sources. Of `resources`, so not tracked: folders are the machine's."""
    return [
        f"{study_files.named(source, study)}={source_folder(source)}"
        for source in bitext_sources(wildcards.lang)
    ]


def guarded_collections():
    """The folders of the collections whose texts must not be trained on.

    Constructed ones are not guarded: the sentences of a small world meet by chance, not by leaking,
    and bitext without those of the test would be without the test's commonest facts.
    """
    if studies.is_constructed(study):
        return []
    return [f"results/{study['study']}/data/collections/{name}" for name in study["collections"]]


def collection_files(folder, lang):
    """The files of a collection that tell what it asks in a language and what answers."""
    return [f"{folder}/{name}" for name in ("passages.parquet", "qrels.txt", f"queries/{lang}.tsv")]


def tested_texts(lang):
    """The hashes of what the guarded collections say in a language."""
    return [
        f"{folder}/runs/{lang}.u64"
        for folder, name in zip(guarded_collections(), study["collections"])
        if lang in studies.collection_languages(name, datasets)
    ]


def download_options(wildcards):
    """What is known of a file before it is downloaded, as options."""
    file = datasets[wildcards.dataset]["files"][wildcards.file]
    options = [at_most(f"--{key}", file.get(key)) for key in ("sha256", "bytes")]
    return " ".join(filter(None, options))


def at_most(option, number):
    """A bound as a command-line option, or nothing where the study sets none."""
    return "" if number is None else f"{option} {number}"


def mined_negatives(wildcards):
    """The file of mined hard negatives, for a teacher that reads some."""
    if study["teacher"]["negatives"] and study["training_set"]["negatives"] == "bm25":
        return "results/{study}/data/negatives.parquet"
    return []


def text_of(wildcards):
    """What the text to pre-train on is made of: the world, the bitext, or English passages."""
    if studies.is_constructed(study):
        return "results/{study}/data/world/world.json"
    if wildcards.lang == pivot:
        return "results/{study}/data/training_set"
    return "results/{study}/data/bitext/{lang}.parquet"


def collection_name(wildcards):
    """A collection as programs are given it."""
    return study_files.named(wildcards.collection, study)


def collection_folder(wildcards, resources):
    """The folder of a collection's files: the machine's business, and not tracked."""
    return source_folder(studies.dataset_of(wildcards.collection))


def collection_code(name):
    """The code of a program that reads a collection, with the module that reads that collection."""
    return lambda wildcards: code(
        name, (registry.collection_module(collection_name(wildcards))[0],)
    )


def teacher_of(wildcards):
    return study["students"][wildcards.student]["teacher"]


def of_student(path):
    """An input whose path names the {encoder} or the {teacher} of the job's student."""

    def named(wildcards):
        student = study["students"][wildcards.student]
        return path.replace("{encoder}", student["encoder"]).replace(
            "{teacher}", student["teacher"]
        )

    return named


def queries_of(wildcards):
    """The queries that a method reads: as they are, or translated."""
    translated = wildcards.method in studies.TRANSLATED and wildcards.lang != pivot
    folder = "translated" if translated and wildcards.method != "translate_train" else "queries"
    return f"results/{{study}}/data/collections/{{collection}}/{folder}/{{lang}}.tsv"


def translator(source, target):
    """The translator of a direction: a model of the hub has all of them."""
    if study["translation"]["hub"]:
        return "results/{study}/translators/hub"
    return f"results/{{study}}/translators/{source}-{target}"


def translation_codes(source, target):
    """The codes of the two languages as options, for a translator that has them."""
    codes = study["translation"]["codes"]
    if not codes:
        return lambda wildcards: ""
    return lambda wildcards: " ".join(
        f"--{side}-code {codes[language.format(**wildcards)]}"
        for side, language in (("source", source), ("target", target))
    )


def finetuning_pairs(wildcards):
    """The (query, passage) pairs of a method that fine-tunes."""
    if wildcards.method == "wikiclir":
        return "results/{study}/data/bitext/{lang}.parquet"
    return "results/{study}/data/pairs/{method}/{lang}.parquet"


def finetuning_passages(wildcards):
    """The teacher's token vectors of their passages, row by row."""
    lang = pivot if wildcards.method == "translate_train" else wildcards.lang
    path = "results/{study}/pairs/{teacher}/{method}/"
    return of_student(path)(wildcards) + lang


def translated_training_queries(wildcards):
    """The training set's queries in a language; nothing for the pivot, in which they are asked."""
    return [] if wildcards.lang == pivot else "results/{study}/data/translated/{lang}.tsv"


def query_encoder(wildcards):
    """The model that reads the queries: the teacher itself, or the trained student."""
    if wildcards.method not in studies.trained_methods(study):
        return of_student("results/{study}/teachers/{teacher}")(wildcards)
    return "results/{study}/students/{student}/{method}/{lang}/seed-{seed}"


def student_of(teacher):
    """The first student of a teacher."""
    return next(name for name, other in study["students"].items() if other["teacher"] == teacher)


def run_of(wildcards):
    """The run to score: without training, all students of a teacher have the same."""
    student = wildcards.student
    if student != "none" and wildcards.method not in studies.trained_methods(study):
        student = student_of(teacher_of(wildcards))
    path = "results/{study}/runs/{student}/{method}/{lang}/seed-{seed}/{collection}.run.gz"
    return path.format(**dict(wildcards.items()) | {"student": student})


def exact_run_of(wildcards):
    """The run of those queries that an approximate index's passages were searched exactly for."""
    if wildcards.student == "none" or study["index"]["kind"] == "exact":
        return []
    return run_of(wildcards).replace(".run.gz", ".exact.run.gz")


def pivot_run_of(wildcards):
    """The run of the same queries in the pivot language: the teacher's own, or bm25's."""
    if wildcards.student == "none":
        path = "results/{study}/runs/none/bm25/{pivot}/seed-0/{collection}.run.gz"
        return path.format(pivot=pivot, **dict(wildcards.items()))
    student = student_of(teacher_of(wildcards))
    path = "results/{study}/runs/{student}/zero_shot/{pivot}/seed-0/{collection}.run.gz"
    return path.format(pivot=pivot, **dict(wildcards.items()) | {"student": student})


def all_scores(wildcards):
    """Per-query scores of every student, method, language, seed and collection of the study."""
    scores = []
    for collection in study["collections"]:
        tested = studies.collection_languages(collection, datasets)
        foreign = [language for language in languages if language in tested]
        for method in study["methods"]:
            trained = method in studies.trained_methods(study)
            lexical = method in studies.LEXICAL
            scores += expand(
                "results/{study}/runs/{student}/{method}/{lang}/seed-{seed}/{collection}.scores.parquet",
                study=wildcards.study,
                student="none" if lexical else studies.students_with(study, method),
                method=method,
                lang=[
                    lang
                    for lang in (pivot, *foreign)
                    if method in studies.tested_methods(study, lang)
                ],
                # What was not trained has no seed, which is written as seed 0.
                seed=study["seeds"] if trained else 0,
                collection=collection,
            )
    return scores


def bitext_licences(wildcards):
    """NAME=LICENCE of each source of a language's bitext, and where the source is at home."""
    licences = []
    for source in bitext_sources(wildcards.lang):
        made = "none needed: made by a program"
        about = datasets.get(source, {"licence": made})
        licences.append(f"{source}={about['licence']} {about.get('homepage', '')}".strip())
    return licences


def trained_models(wildcards):
    """The folders of every encoder, teacher and student of the study, as they were trained."""
    students = study["students"].values()
    folders = [f"encoders/{name}" for name in sorted({one["encoder"] for one in students})]
    folders += [f"teachers/{name}" for name in sorted({one["teacher"] for one in students})]
    for method in studies.trained_methods(study):
        folders += expand(
            "students/{student}/{method}/{lang}/seed-{seed}",
            student=studies.students_with(study, method),
            method=method,
            lang=languages,
            seed=study["seeds"],
        )
    return [f"results/{study['study']}/{folder}" for folder in folders]


# Those of the steps of every study; that of ir_datasets only exports.
environment_files = [
    f"envs/{name}.yaml" for name in ("data", "training", "index", "score", "report")
]


def prepared_data(wildcards):
    """What the sources became: the bitext, the training set and the collections."""
    folder = f"results/{study['study']}/data"
    files = [f"{folder}/training_set", *(f"{folder}/bitext/{lang}.parquet" for lang in languages)]
    for name in study["collections"]:
        tested = studies.collection_languages(name, datasets)
        for lang in (pivot, *(lang for lang in languages if lang in tested)):
            files += collection_files(f"{folder}/collections/{name}", lang)
    return list(dict.fromkeys(files))


def aligned(path):
    """A path of the student whose transport plans are shown, in a low-resource language."""
    student = aligned_students[0]
    names = study["students"][student] | {"student": student, "seed": study["seeds"][0]}
    folder = f"results/{study['study']}"
    return f"{folder}/{path.format(lang=study['languages']['low'][0], **names)}"


def all_models(wildcards):
    """Every student of the study, and the teachers that read passages for them."""
    names = sorted({student["teacher"] for student in study["students"].values()})
    for method in studies.trained_methods(study):
        names += expand(
            "{student}.{method}.{lang}.seed-{seed}",
            student=studies.students_with(study, method),
            method=method,
            lang=languages,
            seed=study["seeds"],
        )
    return [f"results/{study['study']}/models/{name}" for name in names]
