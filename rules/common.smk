# What the rules of several stages share: the checked study, and how a rule names its settings, its
# code and its files.
import re
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow_scripts")
from optical.corpora import registry
from optical.runtime.code import ROOT, code_hash, module_files, with_imports
from optical.report.terminal import show_gap, show_models
from optical.runtime.errors import InputError
from optical.runtime.failures import failures, tell_interruption
from optical.runtime.program import command_line
from optical.runtime.wholeness import damaged
from optical.study import files as study_files
from optical.study import paths
from optical.study.loading import load_study, read_datasets
from optical.study.places import check_mirrors, check_results
from optical.study.study_file import DEFAULT, given_settings, overlaid, read_settings
from optical.settings.methods import FINETUNED, LEXICAL, TRANSLATED
from optical.study.study import dataset_of
from optical.study.trimming import trim

try:
    # Snakemake has read them, but for what it does not look at: keys given twice, and the types of
    # what stands below a setting of --config.
    for file in workflow.overwrite_configfiles or [DEFAULT]:
        read_settings(Path(file))
    given = given_settings(workflow.config_settings.config_args)
    study = load_study(overlaid(config, given), read_datasets())
    # A node of a cluster need not have what only downloads read.
    if workflow.is_main_process:
        check_mirrors(study.mirrors)
        check_results(study.name)
except InputError as error:
    # The whole message: what Snakemake would add is a line of this file.
    sys.exit(f"study: {error}")


def one_of(names):
    """The regular expression of a wildcard that is one of these names, or of none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    study=re.escape(study.name),
    lang=one_of(study.known_languages),
    encoder=one_of(study.encoders),
    teacher=one_of(study.teacher_names(study.encoders)),
    student=one_of(study["students"]),
    collection=one_of(study["collections"]),
    seed=r"\d+",
    length=r"\d+",


# --- settings, whose values are what makes Snakemake rerun a step when, and only when, one that it
# reads has changed


def setting(path):
    """A params function for one setting of the study, such as "teacher/steps"."""

    def value(wildcards):
        node = study.settings
        for key in path.split("/"):
            node = node[key.format(**wildcards)]
        return node

    return value


def settings_of(section, wildcards):
    """The settings of a section: its path in the study, or a function of the wildcards."""
    return section(wildcards) if callable(section) else setting(section)(wildcards)


def distillation(wildcards):
    """The settings of the distillation that the method or variant of a job has."""
    return study.distillation(wildcards.method)


def options(kind, section, *, without=lambda wildcards: (), **other):
    """A params function for the settings that a dataclass names, as options of a program.

    section: as `settings_of` takes it. without: of the wildcards, the names of those that the step
    does not read. other: values, of the wildcards, in place of the study's.
    """

    def values(wildcards):
        settings = settings_of(section, wildcards)
        # What a study may leave out, the program itself has a default for.
        given = (field.name for field in fields(kind) if field.name in settings)
        found = {name: settings[name] for name in given}
        found |= {name: value(wildcards) for name, value in other.items()}
        return command_line({key: found[key] for key in found if key not in without(wildcards)})

    return values


def learning_rate(section):
    """A params function for the learning rate of a stage, scaled for the encoder it trains."""

    def value(wildcards):
        names = dict(wildcards.items())
        encoder = names.get("encoder") or encoder_of(names.get("teacher", ""))
        if "student" in names:
            encoder = study["students"][wildcards.student]["encoder"]
        settings = settings_of(section, wildcards)
        return settings["learning_rate"] * study.encoders[encoder]["learning_rate_scale"]

    return value


# --- code


@cache
def code(name, modules=()):
    """What the program of a rule does, as a hash, so that an edit reruns its users: a comment or a
    docstring is none.

    modules: those that the program loads by name, and that its imports therefore do not show.
    """
    programs = with_imports(ROOT / f"{name}.py")
    for module in modules:
        for file in module_files(module):
            programs |= with_imports(file)
    return code_hash(programs)


# --- files


def of_student(path):
    """An input whose path names the {teacher} of the job's student, or as {encoder} the teacher
    that it starts as; of several seeds that of the job's.
    """

    def named(wildcards):
        student = study["students"][wildcards.student]
        names = {
            role: study.teacher_name(student[role], int(wildcards.seed))
            for role in ("encoder", "teacher")
        }
        return paths.fill(path, **names)

    return named


def kept_student(output):
    """The folder of a student, which Snakemake removes when it was read where scores alone stay."""
    return temp(output) if study["keep"] == "scores" else output


def kept_as(wildcards):
    """How a student is saved, as options of the program that trains it."""
    adapter = {"adapter": True, "precision": study["precision"]}
    return command_line({} if study["keep"] == "models" else adapter)


def base_of(wildcards):
    """The model that an adapter is read with, where the job's student is one."""
    if study["keep"] == "models" or not study.trains(wildcards.method):
        return []
    return of_student(paths.fill(paths.TEACHER, teacher="{encoder}"))(wildcards)


def encoder_of(teacher):
    """The encoder that a teacher is built on."""
    return teacher.partition("@")[0]


def seed_of_teacher(wildcards):
    """The seed of a teacher of several, or of the only one."""
    return int(wildcards.teacher.partition("@")[2] or study.teacher_seeds[0])


def teacher_of(wildcards):
    """The teacher of the job's student."""
    return study["students"][wildcards.student]["teacher"]


def student_of(teacher):
    """The first student of a teacher."""
    return next(name for name, other in study["students"].items() if other["teacher"] == teacher)


def queries_of(wildcards):
    """The queries that a method reads: as they are, or translated."""
    translated = wildcards.method in TRANSLATED and wildcards.lang != study.pivot
    if translated and wildcards.method != "translate_train":
        return paths.TRANSLATED
    return paths.QUERIES


def collection_texts(collection, lang):
    """The files of a collection that tell what it asks in a language, if it does, and what answers."""
    names = {"study": study.name, "collection": collection, "lang": lang}
    asked = [paths.QUERIES] if study.has_queries(collection, lang) else []
    return [path.format(**names) for path in (paths.PASSAGES, paths.QRELS, *asked)]


def of_study(path, **lists):
    """The files of a path in this study, for every combination of the names."""
    return expand(path, study=study.name, **lists)


def of_students(path, methods):
    """The files of a path for every student, method that trains one, language and seed."""
    return [
        file
        for method in methods
        for file in of_study(
            path,
            student=study.students_with(method),
            method=method,
            lang=study.languages,
            seed=study["seeds"],
        )
    ]
