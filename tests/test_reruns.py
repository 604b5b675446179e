"""What each change of a finished study reruns: these jobs and no others, as README.md shows."""

import os
from pathlib import Path

import pytest
import yaml

from optical.study import paths
from trees import SMOKE, edit_study, pending, read_study, snakemake, succeeds

RESULTS = "results/smoke"
LIBRARY = "workflow_scripts/optical/"

REPORT = {"write_report"}
TABLES = {"compare_gap", "plot_map", "plot_gap", "plot_amounts", "plot_pairs", "sum_costs"} | REPORT
TABLES |= {"record_provenance"}
SCORES = {"embed_queries", "search_passages", "score_run"} | TABLES
STUDENTS = {"distill_student", "plot_training", "align_sentences", "plot_plans"} | SCORES
FINETUNED = {"finetune_student", "plot_training"} | SCORES
TEACHERS = STUDENTS | FINETUNED | {"embed_pairs", "embed_targets", "embed_passages", "build_index"}
TEACHERS |= {"train_teacher"}
TRANSLATED = {"translate_queries", "translate_training_queries", "prepare_pairs", "search_lexical"}
TRANSLATED |= FINETUNED | {"train_translator", "translate_from_pivot", "score_translations"}
DATA = {"construct_world", "prepare_bitext", "prepare_collection", "prepare_queries"}
DATA |= {"prepare_text", "prepare_training_set", "mine_negatives"}
PROGRAMS = DATA | {"pretrain_encoder"} | TEACHERS | TRANSLATED


def append(name, text="# a comment\n"):
    """An edit that adds a line to a file."""

    def edit(folder):
        with open(folder / name, "a", encoding="utf-8") as file:
            file.write(text)

    return edit


def program(name):
    """An edit that adds a statement to a program or a module of the library."""
    return append(name, "EXTRA = 1\n")


def reword(name, old, new):
    """An edit that puts another text in the place of one."""

    def edit(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return edit


def comment_all(folder):
    """A comment in every program and every module."""
    for path in code_files(folder):
        append(path)(folder)


def describe_all(folder):
    """Another docstring of every program and every module."""
    for path in code_files(folder):
        text = path.read_text()
        assert text.startswith('"""')
        path.write_text(text.replace('"""', '"""As before. ', 1))


def code_files(folder):
    files = list(folder.glob("workflow_scripts/**/*.py"))
    assert len(files) > 50
    return files


def setting(key, value):
    """An edit that changes one setting of the study, section.name."""

    def edit(folder):
        study = folder / SMOKE[1]
        section, _, name = key.partition(".")
        old = read_study(study).get(section, {} if name else None)
        edit_study(study, **{section: old | {name: value} if name else value})

    return edit


def touch_all(folder):
    for path in folder.rglob("*"):
        if path.suffix in (".py", ".smk", ".yaml", ".j2") and "results" not in path.parts:
            os.utime(path)


def check_out_again(folder):
    """As git writes files anew, with new dates."""
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if path.relative_to(folder).parts[0] not in ("results", "logs", ".snakemake"):
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)


def reorder_keys(folder):
    study = read_study(folder / SMOKE[1])
    turned = {key: turn(value) for key, value in reversed(study.items())}
    # Theirs is the order of rows.
    turned["variants"] = {name: turn(study["variants"][name]) for name in study["variants"]}
    (folder / SMOKE[1]).write_text(yaml.safe_dump(turned, sort_keys=False))


def turn(value):
    """A mapping with its keys in another order; lists as they are."""
    if isinstance(value, dict):
        return {key: turn(item) for key, item in reversed(value.items())}
    return value


def nothing(folder):
    """No edit: what differs is how it is run."""


def make_folder(folder):
    (folder / "elsewhere").mkdir()


def delete(name):
    return lambda folder: (folder / RESULTS / name).unlink()


# what a user does: (edit, options of the run, rules)
EDITS = {
    "touch every file": (touch_all, (), set()),
    "check the repository out again": (check_out_again, (), set()),
    "comment in the study": (append(SMOKE[1]), (), set()),
    "reorder the keys of the study": (reorder_keys, (), set()),
    "write a default into the study": (setting("metric", "map"), (), set()),
    "comment in a rule": (append("rules/distill.smk"), (), set()),
    "comment in all programs and modules": (comment_all, (), set()),
    "describe all programs and modules anew": (describe_all, (), set()),
    "describe an option of a program anew": (
        reword("workflow_scripts/distill_student.py", "start: model the", "start: folder of the"),
        (),
        set(),
    ),
    "describe a setting anew": (
        reword(LIBRARY + "settings/distillation.py", "Optimiser steps.", "Steps."),
        (),
        set(),
    ),
    "edit the README or a test": (append("README.md"), (), set()),
    "other folders of data": (
        *(make_folder, ("--config", "mirror=elsewhere", "local=elsewhere")),
        set(),
    ),
    "another number of cores": (nothing, ("--cores", "1"), set()),
    "another profile": (nothing, ("--workflow-profile", "profiles/slurm"), set()),
    "other GPUs": (nothing, ("--resources", "gpu=2"), set()),
    "edit what downloads": (program(LIBRARY + "runtime/downloads.py"), (), set()),
    # Modules of sources are loaded by name: those that the study reads count.
    "edit what constructs the data": (
        *(program(LIBRARY + "corpora/constructed.py"), ()),
        PROGRAMS - {"construct_world"},
    ),
    "edit a source that the study does not read": (program(LIBRARY + "corpora/xnli.py"), (), set()),
    "edit an environment": (append("envs/score.yaml"), (), REPORT | {"record_provenance"}),
    "edit the report's template": (append(LIBRARY + "report/report.html.j2"), (), REPORT),
    "edit the verdict": (program(LIBRARY + "report/verdict.py"), (), REPORT),
    "edit a picture's program": (
        program("workflow_scripts/plot_map.py"),
        (),
        {"plot_map"} | REPORT,
    ),
    "edit the pictures' library": (
        *(program(LIBRARY + "report/figures.py"), ()),
        {"plot_map", "plot_gap", "plot_amounts", "plot_pairs", "plot_training", "plot_plans"}
        | REPORT,
    ),
    "edit what sums the costs": (
        *(program(LIBRARY + "report/costs.py"), ()),
        {"sum_costs", "plot_training"} | REPORT,
    ),
    "edit the statistics of the gap": (
        *(program(LIBRARY + "evaluation/gap.py"), ()),
        TABLES | {"plot_training", "plot_plans"},
    ),
    "edit the resampling": (
        *(program(LIBRARY + "evaluation/resampling.py"), ()),
        TABLES | {"plot_training", "plot_plans"},
    ),
    "edit how translations are scored": (
        *(program("workflow_scripts/score_translations.py"), ()),
        {"score_translations"} | REPORT,
    ),
    "edit the scoring": (
        *(program(LIBRARY + "evaluation/scoring.py"), ()),
        {"score_run"} | TABLES,
    ),
    "edit the lexical search": (
        *(program("workflow_scripts/search_lexical.py"), ()),
        {"search_lexical", "score_run"} | TABLES,
    ),
    "edit the search": (
        *(program("workflow_scripts/search_passages.py"), ()),
        {"search_passages", "score_run"} | TABLES,
    ),
    "edit the transport": (
        *(program(LIBRARY + "transport/solvers.py"), ()),
        STUDENTS | {"finetune_student"},
    ),
    "edit the transport's kernel": (
        *(program(LIBRARY + "transport/kernel.py"), ()),
        STUDENTS | {"finetune_student"},
    ),
    "edit the package of the transport": (
        *(program(LIBRARY + "transport/__init__.py"), ()),
        STUDENTS | {"finetune_student"},
    ),
    "edit the package of the report": (
        *(program(LIBRARY + "report/__init__.py"), ()),
        TABLES | {"plot_training", "plot_plans"},
    ),
    "edit what all programs load": (program(LIBRARY + "runtime/program.py"), (), PROGRAMS),
    "edit the default of a setting that the study sets": (
        *(reword(LIBRARY + "settings/search.py", "4000", "4001"), ()),
        # The module of the index has its search too.
        {"build_index", "search_lexical", "search_passages", "score_run"} | TABLES,
    ),
    "edit the settings of the distillation": (
        *(program(LIBRARY + "settings/distillation.py"), ()),
        STUDENTS | {"finetune_student"},
    ),
    "edit the fine-tuning": (program(LIBRARY + "training/finetuning.py"), (), FINETUNED),
    "edit the translation": (program(LIBRARY + "training/translation.py"), (), TRANSLATED),
    "edit BM25": (
        *(program(LIBRARY + "retrieval/lexical.py"), ()),
        {"search_lexical", "mine_negatives"} | TEACHERS,
    ),
    "change the metric of the gap": (
        *(setting("metric", "recip_rank"), ()),
        {"describe_study"} | TABLES,
    ),
    "change the metrics": (
        *(setting("metrics", ["map", "ndcg_cut_10"]), ()),
        {"describe_study", "score_run"} | TABLES,
    ),
    "change the depth of the search": (
        *(setting("search.depth", 200), ()),
        {"describe_study", "search_lexical", "search_passages", "score_run"} | TABLES,
    ),
    "change how passages are found": (
        *(setting("search.candidates", 50), ()),
        {"describe_study", "search_passages", "score_run"} | TABLES,
    ),
    "change the index": (
        *(setting("index.codec", "float16"), ()),
        {"describe_study", "build_index", "search_passages", "score_run"} | TABLES,
    ),
    "change the distillation": (
        *(setting("distillation.epsilon", 0.123), ()),
        {"describe_study"} | STUDENTS,
    ),
    "change the fine-tuning": (setting("finetuning.steps", 61), (), {"describe_study"} | FINETUNED),
    "change the translation": (
        *(setting("translation.steps", 401), ()),
        {"describe_study"} | TRANSLATED,
    ),
    "change the teacher": (setting("teacher.steps", 81), (), {"describe_study"} | TEACHERS),
    "change the pre-training": (
        *(setting("pretraining.steps", 151), ()),
        {"describe_study", "pretrain_encoder"} | TEACHERS,
    ),
    "add a seed": (
        *(setting("seeds", [1, 2]), ()),
        {"describe_study", "distill_student"} | FINETUNED,
    ),
    "add a variant": (
        *(setting("variants.greedy-few", {"method": "greedy", "pairs": 500}), ()),
        {"describe_study", "distill_student", "plot_training"} | SCORES,
    ),
    "change a variant": (
        *(setting("variants.optical-few", {"method": "optical", "pairs": 499}), ()),
        {"describe_study", "distill_student", "plot_training"} | SCORES,
    ),
    "remove a method": (
        *(setting("methods", ["bm25", "zero_shot", "greedy", "optical"]), ()),
        {"describe_study", "plot_training"} | TABLES,
    ),
    "put the languages into other groups": (
        *(setting("languages", {"high": ["ekti"], "low": ["bero"]}), ()),
        {"describe_study", "align_sentences", "plot_plans"} | TABLES,
    ),
    "delete a run that is scored": (
        *(delete("runs/small/optical/ekti/seed-1/constructed.run.gz"), ()),
        set(),
    ),
    "delete the gap table": (delete("gap/gap_table.csv"), (), TABLES),
    "delete the report": (delete("report.html"), (), REPORT),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_reruns_what_depends_on_it(finished, name):
    edit, options, rules = EDITS[name]
    edit(finished)
    assert set(pending(finished, *SMOKE, *options).values()) == rules


def test_a_second_run_has_nothing_to_do(run):
    done = succeeds(snakemake(run[0], "--cores", 2, *SMOKE))
    assert "Nothing to be done" in done.stdout + done.stderr
    assert pending(run[0], *SMOKE) == {}


def test_a_new_language_reruns_only_its_own_jobs_and_the_tables(finished):
    study = finished / "studies/smoke.yaml"
    languages = read_study(study)["languages"]
    assert "gano" not in sum(languages.values(), [])
    edit_study(study, languages=languages | {"low": [*languages["low"], "gano"]})
    made = pending(finished, *SMOKE)
    shared = {rule for path, rule in made.items() if "gano" not in path}
    assert shared == TABLES | {"plot_training", "describe_study"}
    own = {rule for path, rule in made.items() if "gano" in path}
    assert own >= {"prepare_bitext", "embed_targets", "distill_student", "search_passages"}


def test_a_new_size_reruns_only_its_own_jobs_and_the_tables(finished):
    study = finished / "studies/smoke.yaml"
    encoders = read_study(study)["encoders"]
    *_, last = encoders.values()
    edit_study(study, encoders=encoders | {"huge": last | {"layers": 3}})
    made = pending(finished, *SMOKE)
    assert {rule for path, rule in made.items() if "huge" not in path} == (
        TABLES | {"plot_training", "describe_study"}
    )
    assert {rule for path, rule in made.items() if "huge" in path} >= {
        "pretrain_encoder",
        "train_teacher",
        "build_index",
        "distill_student",
    }


def test_a_setting_of_the_distillation_leaves_teachers_and_indexes_alone(finished):
    study = finished / "studies/smoke.yaml"
    edit_study(study, distillation=read_study(study)["distillation"] | {"epsilon": 0.123})
    made = pending(finished, *SMOKE)
    assert not any("zero_shot" in path or "bm25" in path for path in made)


@pytest.mark.parametrize(
    ("name", "value", "methods"),
    [
        ("epsilon", 0.123, {"optical"}),
        ("marginals", "uniform", {"optical", "sentence"}),
        ("batch_tokens", 1024, {"optical", "sentence", "greedy"}),
    ],
)
def test_a_setting_of_the_distillation_retrains_the_methods_that_read_it(
    finished, name, value, methods
):
    setting(f"distillation.{name}", value)(finished)
    made = pending(finished, *SMOKE)
    students = [paths.match(paths.STUDENT, Path(path)) for path in made]
    variants = read_study(finished / SMOKE[1])["variants"]
    of_these = {variant for variant, about in variants.items() if about["method"] in methods}
    assert {names["method"] for names in students if names} == methods | of_these
