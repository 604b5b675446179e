"""The workflow as a user runs it: dry runs of every study, one real run, and what a change reruns.

Every test works on a copy of the tree, so that runs in the tree itself are never touched.
"""

import csv
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from optical.estimate.estimate import estimate
from optical.evaluation.gap import GAP_COLUMNS, LANGUAGE_COLUMNS, read_table
from optical.settings.methods import DISTILLED, FINETUNED
from optical.study.files import (
    downloads,
    hub_models,
    is_users,
    needed_files,
    translated_queries,
)
from optical.study.loading import load_study, read_datasets
from trees import ROOT, SMOKE, copy_tree, pending, read_study, snakemake, succeeds

STUDIES = ["config.yaml", *(f"studies/{path.name}" for path in sorted(ROOT.glob("studies/*.yaml")))]


def job_counts(folder, *arguments):
    """{rule: number of jobs} of a dry run."""
    shown = succeeds(snakemake(folder, "--dry-run", *arguments)).stdout
    table = re.search(r"^Job stats:\n(.*?)^total", shown, flags=re.MULTILINE | re.DOTALL)
    return {rule: int(number) for rule, number in re.findall(r"(?m)^(\w+) +(\d+)$", table[1] or "")}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree in which nothing is run."""
    return copy_tree(tmp_path_factory.mktemp("tree"))


# --- before anything runs ------------------------------------------------------------------------


def test_a_study_without_learning_rates_to_try_says_so_before_it_tunes(tree):
    done = snakemake(tree, "tune", "--dry-run", *SMOKE)
    assert done.returncode
    last = (done.stdout + done.stderr).splitlines()[-1]
    assert last == "study: tuning.learning_rates: none; expected the learning rates to try"


def test_a_missing_file_of_the_user_is_told_in_one_line(tree, tmp_path):
    settings = read_study(tree / "studies/smoke.yaml") | {
        "study": "mine",
        "pivot": "en",
        "languages": {"high": ["fr"], "low": ["sw"]},
        "own": {
            "letters": {"folder": "letters", "layout": "tsv", "languages": ["fr", "sw"]},
            "clips": {"folder": "clips", "layout": "msmarco", "languages": ["fr", "sw"]},
        },
        "bitext": {"sources": ["letters"]},
        "training_set": {"source": "local", "folder": "training"},
        "collections": ["clips"],
        "methods": ["zero_shot", "optical"],
        "pretraining": {"text": {"en": 100, "fr": 100, "sw": 100}},
        "local": str(tmp_path),
    }
    (tree / "mine.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/fr.tsv").touch()
    told = f"study: {tmp_path}/letters/sw.tsv: missing, and 8 more; it is yours to supply, below"
    assert told in snakemake(tree, "--dry-run", "--configfile", "mine.yaml").stderr


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("smoke", "studies/smoke.yaml"),
        ("config.yaml", "config.yaml"),
        ("mine", "mine"),
        ("", "config.yaml"),
    ],
)
def test_make_takes_a_study_by_its_file_or_by_its_name(given, file):
    command = ["make", "--dry-run", "cost", f"STUDY={given}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert f"--study {file} " in succeeds(done).stdout


TRANSLATING = {"bm25_translated", "translate_query"}


def trainings(study, methods):
    """How many students are trained by any of the methods, or a variant of one."""
    students = sum(
        len(study.students_with(name)) for name in study.methods if study.base(name) in methods
    )
    return students * len(study.languages) * len(study["seeds"])


def read_by_teachers(study, method, languages):
    """How many models read queries without training: a teacher reads once for all its students."""
    students = study.students_with(method) if method in study["methods"] else []
    return teachers_of(study, students) * languages


def teachers_of(study, students):
    """How many teachers students have: of each encoder one for each of its seeds."""
    encoders = {study["students"][name]["teacher"] for name in students}
    return len(encoders) * len(study["teacher"]["seeds"] or [None])


# What the estimate of a study counts together.
REPORTING = {
    *("plot_gap", "plot_map", "plot_training", "plot_amounts", "plot_pairs", "plot_plans"),
    *("sum_costs", "record_provenance", "describe_study", "write_report", "all"),
}


@pytest.mark.parametrize("path", STUDIES)
def test_a_dry_run_names_every_step_of_a_study(tree, tmp_path, path):
    settings = read_study(tree / path) | {"local": str(tmp_path)}
    study = load_study(settings, read_datasets())
    supplied = []
    if study["training_set"]["source"] == "local":
        names = ("collection.tsv", "queries.train.tsv", "qrels.train.tsv")
        supplied += [tmp_path / study["training_set"]["folder"] / name for name in names]
    for source, files in needed_files(study).items():
        supplied += map(Path, files) if is_users(source, study) else ()
    for file in supplied:
        file.parent.mkdir(exist_ok=True)
        file.touch()
    machine = ["--config", f"local={tmp_path}", f"mirror={tmp_path}"]
    counts = job_counts(tree, *machine, "--configfile", path)
    languages = len(study.languages)
    teachers = teachers_of(study, study["students"])
    kinds = [set(encoder) for encoder in study["encoders"].values()]
    expected = {
        "construct_world": 1 if study.is_constructed else None,
        "prepare_bitext": languages,
        "prepare_training_set": 1,
        "mine_negatives": study["training_set"]["negatives"] == "bm25" or None,
        "pretrain_encoder": sum("layers" in kind for kind in kinds),
        "fetch_encoder": sum("hub" in kind for kind in kinds),
        "copy_encoder": sum("folder" in kind for kind in kinds),
        "train_teacher": teachers,
        # What is shared is made once, whatever the number of languages, students and seeds.
        "embed_targets": teachers * languages,
        "embed_passages": teachers * len(study["collections"]),
        "build_index": teachers * len(study["collections"]),
        # The pivot's queries are read by the teachers alone.
        "embed_queries": trainings(study, [*DISTILLED, *FINETUNED])
        + read_by_teachers(study, "zero_shot", languages + 1)
        + read_by_teachers(study, "translate_query", languages),
        "distill_student": trainings(study, DISTILLED),
        "finetune_student": trainings(study, FINETUNED),
        "translate_queries": len(TRANSLATING & {*study["methods"]}) > 0
        and sum(
            len(study.collection_languages(name) & {*study.languages})
            for name in study["collections"]
        ),
        # mMARCO's own translations are read, where it has the language.
        "translate_training_queries": "translate_train" in study["methods"]
        and len({*study.languages} - translated_queries(study).keys()),
        "compare_gap": 1,
        "write_report": 1,
    }
    assert {rule: counts.get(rule) for rule in expected} == {
        rule: number or None for rule, number in expected.items()
    }
    assert ("download_file" in counts) != study.is_constructed
    estimated = {
        stage: sum(work.jobs for work in works)
        for stage, works in estimate(study).stages.items()
        if stage != "pictures and report"
    }
    assert {rule: counts.get(rule) for rule in estimated} == estimated
    assert counts.keys() - estimated.keys() <= REPORTING


def made(folder, *arguments):
    """{output: rule} of everything that is made on the way to a target."""
    done = succeeds(snakemake(folder, "--summary", *arguments))
    rows = csv.DictReader(io.StringIO(done.stdout), delimiter="\t")
    return {row["output_file"]: row["rule"] for row in rows}


OWN_STUDY = """
study: own
pivot: en
languages: {high: [fr, es], low: [sw]}
encoders:
  base: {hub: FacebookAI/xlm-roberta-base, revision: e73636d4f797dec63c3081bb6ed5c7b0bb3f2089}
  mine: {layers: 1, width: 32, heads: 2, vocabulary: 500}
bitext: {sources: [tatoeba, letters]}
training_set: {source: local, folder: squad}
collections: [xnli-premise, clippings, marco]
pretraining: {text: {en: 100, ru: 100}}
own:
  letters: {folder: letters, layout: tsv, languages: [sw]}
  clippings: {folder: clippings, layout: beir, languages: [fr, sw]}
  marco:
    layout: ir_datasets
    passages: msmarco-passage/dev/small
    queries: mmarco/v2/{lang}/dev/small
    languages: [es, fr]
"""


@pytest.mark.parametrize("path", [*STUDIES, "own.yaml"])
def test_what_a_study_needs_of_the_network_is_prefetched_and_nothing_else(tree, tmp_path, path):
    file = tree / path
    if path == "own.yaml":
        file = tmp_path / path
        file.write_text(OWN_STUDY)
    settings = read_study(file) | {"local": str(tmp_path)}
    study = load_study(settings, read_datasets())
    # The files that are the user's are there.
    needed = [name for names in needed_files(study).values() for name in names]
    own = [Path(name) for name in needed if not name.startswith("downloads/")]
    if settings["training_set"]["source"] == "local":
        names = ("collection.tsv", "queries.train.tsv", "qrels.train.tsv")
        own += [tmp_path / settings["training_set"]["folder"] / name for name in names]
    for name in own:
        name.parent.mkdir(exist_ok=True)
        name.touch()
    machine = ["--configfile", file, "--config", f"local={tmp_path}"]
    expected = sorted([*downloads(study), *hub_models(study)])
    rules = made(tree, *machine)
    bring = {"download_file", "export_ir_dataset", "fetch_encoder", "fetch_translator"}
    fetched = [name for name in rules if rules[name] in bring]
    assert sorted(fetched) == expected
    assert sorted(made(tree, "prefetch", *machine)) == expected


def commands(folder, *arguments):
    """{program: options of each command} of a dry run."""
    shown = succeeds(snakemake(folder, "--dry-run", "--printshellcmds", *arguments)).stdout
    found = {}
    for name, words in re.findall(r"python workflow_scripts/(\w+)\.py ([^>]*)>", shown):
        found.setdefault(name, []).append(shlex.split(words))
    return found


def test_programs_are_given_the_settings_that_they_read_and_no_others(tree):
    study = read_study(tree / "studies/smoke.yaml") | {"study": "told"}
    study["index"] = {"kind": "exact", "codec": "pq", "centroids": 8}
    study["distillation"] |= {"batch_tokens": 512, "special_tokens": False}
    study["encoders"]["small"]["learning_rate_scale"] = 0.5
    (tree / "told.yaml").write_text(yaml.safe_dump(study))
    told = commands(tree, "--configfile", "told.yaml")
    for words in told["distill_student"]:
        method = words[words.index("--method") + 1]
        assert ("--epsilon" in words) == ("--solver" in words) == (method == "optical")
        assert ("--marginals" in words) == (method != "greedy")
        assert "--no-special-tokens" in words
        assert "--batch-size" not in words
        rate = float(words[words.index("--learning-rate") + 1])
        assert rate == study["distillation"]["learning_rate"] / 2
    assert {words[words.index("--method") + 1] for words in told["distill_student"]} == {*DISTILLED}
    (index,) = told["build_index"]
    assert index[index.index("--kind") + 1] == "exact"
    assert not {"--codec", "--centroids"} & {*index}
    for words in told["search_passages"]:
        assert words[words.index("--depth") + 1] == "100"
        assert not {"--probes", "--candidates", "--exact-queries"} & {*words}


def test_a_student_of_another_size_learns_from_its_teacher_and_searches_its_index(tree):
    study = read_study(tree / "studies/smoke.yaml")
    study["study"] = "sizes"
    study["encoders"]["large"] = study["encoders"]["small"] | {"width": 64}
    study["students"] = {
        "large": {"encoder": "large", "teacher": "large"},
        "cross": {"encoder": "small", "teacher": "large", "methods": ["zero_shot", "optical"]},
    }
    (tree / "sizes.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    made = pending(tree, "--configfile", "sizes.yaml")
    assert "results/sizes/students/cross/optical/ekti/seed-1" in made
    assert "results/sizes/students/cross/greedy/ekti/seed-1" not in made
    assert "results/sizes/teachers/small" in made  # which the student starts as
    assert not any(path.startswith("results/sizes/indexes/small/") for path in made)
    # Without training, the query encoder is the teacher: its run is made once, and scored for both.
    run = "results/sizes/runs/{}/zero_shot/ekti/seed-0/constructed.run.gz"
    assert run.format("large") in made
    assert run.format("cross") not in made
    assert run.format("cross").replace("run.gz", "scores.parquet") in made


def test_a_study_given_by_configfile_inherits_nothing(tree):
    study = read_study(tree / "studies/smoke.yaml") | {"study": "second"}
    for section in ("teacher", "distillation", "search", "seeds", "methods"):
        study.pop(section, None)
    (tree / "second.yaml").write_text(yaml.safe_dump(study))
    target = "results/second/study.yaml"
    succeeds(snakemake(tree, "--cores", 1, target, "--configfile", "second.yaml"))
    loaded = load_study(study, read_datasets())
    assert read_study(tree / target) == {
        key: value for key, value in loaded.settings.items() if key not in ("mirror", "local")
    }
    assert all(
        path.startswith("results/second/") for path in pending(tree, "--configfile", "second.yaml")
    )


def looks(tmp_path, *arguments):
    """How often Snakemake looks for jobs that could start, while six take over a second each."""
    folder = copy_tree(tmp_path)
    (folder / "waits.smk").write_text("""include: "Snakefile"
rule wait:
    output: temp("waits/{i}")
    shell: "sleep 1.3; touch {output}"
rule wait_all:
    input: expand("waits/{i}", i=range(6))
""")
    said = ("--snakefile", "waits.smk", "--cores", 1, "--verbose", "--forceall", "wait_all")
    return succeeds(snakemake(folder, *said, *arguments)).stderr.count("Ready jobs: ")


def test_jobs_that_have_ended_do_not_keep_snakemake_busy(tmp_path):
    assert looks(tmp_path) <= 6 + 2


def test_a_limit_on_the_jobs_that_start_is_kept_where_somebody_asks_for_one(tmp_path):
    assert looks(tmp_path, "--max-jobs-per-timespan", "50/1s") > 6 + 2


def refusal(folder, *arguments):
    """The one line that a run is refused with, after those of Snakemake on what it reads."""
    done = snakemake(folder, "--cores", 1, *arguments)
    assert done.returncode == 1
    reads = ("Config file ", "Using workflow specific profile ")
    lines = [line for line in done.stderr.splitlines() if not line.startswith(reads)]
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


def test_a_key_that_a_study_lacks_is_not_taken_from_the_default_one(tree):
    study = read_study(tree / "studies/smoke.yaml")
    del study["collections"]
    (tree / "incomplete.yaml").write_text(yaml.safe_dump(study))
    assert "'collections'" in refusal(tree, "--configfile", "incomplete.yaml")


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("colour=red", ["'colour'", "expected one of"]),
        ("teacher={step: 5}", ["teacher", "'step'", "steps"]),
        ("teacher={learning_rate: 1e-5}", ["teacher.learning_rate", "'1e-5'", "1.0e-5"]),
        ("languages={low: [fussa]}", ["languages.low", "'fussa'", "fusa"]),
        ("collections=[trec]", ["collections", "'trec'", "constructed"]),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line_and_nothing_runs(tmp_path, setting, parts):
    folder = copy_tree(tmp_path)
    line = refusal(folder, "--config", setting)
    assert [part for part in parts if part not in line] == []
    assert not (folder / "results").exists()
    assert not (folder / "logs").exists()


def test_real_data_is_prepared_from_a_mirror(tree, mirror, local_data):
    data = "results/github-mini/data"
    made = [f"{data}/bitext/so.parquet", f"{data}/collections/xquad/passages.parquet"]
    machine = ["--config", f"mirror={mirror}", f"local={local_data}"]
    study = ["--configfile", "studies/github-mini.yaml"]
    succeeds(snakemake(tree, "--cores", 2, "--show-failed-logs", *made, *machine, *study))
    assert {len(pd.read_parquet(tree / path)) > 100 for path in made} == {True}
    counts = pd.read_csv(tree / data / "bitext/so.cleaning.csv").set_index("rule").pairs
    assert counts["kept"] < counts["read"]


# --- a whole run ---------------------------------------------------------------------------------


def test_a_run_ends_with_a_report_and_tables(run):
    results = run[0] / "results/smoke"
    report = (results / "report.html").read_text()
    assert report.rstrip().endswith("</html>")
    assert "constructed data" in report
    languages = read_table(results / "gap/language_table.csv", LANGUAGE_COLUMNS)
    gap = read_table(results / "gap/gap_table.csv", GAP_COLUMNS)
    study = read_study(ROOT / "studies/smoke.yaml")
    assert set(gap.method) == {*study["methods"], *study["variants"]}
    assert "<h2>Ablation</h2>" in report
    assert "What the transport adds" in report
    assert "What the index costs" in report
    searched = languages[(languages.metric == "map") & (languages.student != "none")]
    assert set(searched.n_exact) == {20}
    assert (searched.exact_recall > 0.85).all()
    assert searched.exact_recall.mean() > 0.9
    assert set(languages.language) >= set(sum(study["languages"].values(), []))
    maps = languages[languages.metric == "map"].value
    assert maps.between(0, 1).all()
    pictures = ("map_by_language", "rankc_by_language", "map_by_amount", "gap_by_size")
    for picture in (*pictures, "closed_by_size", "map_by_pairs", "training", "plans"):
        assert (results / f"gap/{picture}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (results / f"gap/{picture}.svg").read_text()


def test_a_run_scores_what_is_expected_of_it(run):
    command = [sys.executable, "workflow_scripts/verify_scores.py", "--study", "studies/smoke.yaml"]
    done = subprocess.run(command, cwd=run[0], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_teacher_has_learned_to_retrieve(run):
    languages = read_table(run[0] / "results/smoke/gap/language_table.csv", LANGUAGE_COLUMNS)
    languages = languages[languages.metric == "map"]
    zero_shot = languages[languages.method == "zero_shot"].set_index("language").value
    foreign = zero_shot.drop("alba")
    assert (zero_shot["alba"] > 1.5 * foreign).all()
    assert zero_shot["alba"] > 0.2


def test_every_run_is_scored_for_every_query(run):
    results = run[0] / "results/smoke"
    queries = (results / "data/collections/constructed/queries/alba.tsv").read_text().splitlines()
    scores = list(results.glob("runs/**/*.scores.parquet"))
    assert scores
    for path in scores:
        table = pd.read_parquet(path)
        assert table[table.metric == "map"].query_id.nunique() == len(queries)


def test_a_run_prints_the_gap_table_and_where_the_report_is(run):
    folder, printed = run
    assert (folder / "results/smoke/gap/gap_table.md").read_text().splitlines()[0] in printed
    assert "Report: results/smoke/report.html" in printed.splitlines()


def test_every_job_leaves_a_log_and_a_benchmark(run):
    logs = {path.with_suffix("") for path in (run[0] / "logs").rglob("*.log")}
    benchmarks = {
        path.with_suffix("").with_suffix("") for path in (run[0] / "logs").rglob("*.benchmark.tsv")
    }
    assert logs == benchmarks


def test_a_run_leaves_no_temporary_file(run):
    names = {path.name for path in (run[0] / "results").rglob(".*")}
    assert names <= {".snakemake_timestamp"}  # how Snakemake dates a folder


def test_models_are_exported_with_what_the_study_says_of_them(finished):
    done = succeeds(snakemake(finished, "models", "--cores", 2, *SMOKE))
    folder = finished / "results/smoke/models"
    *_, where, score, prepare = done.stdout.splitlines()
    assert where.endswith(
        " in results/smoke/models/, each with a README.md that shows how to load it"
    )
    assert score == "Score them with MTEB: docs/how-to/score-with-mteb.md"
    assert prepare.endswith(": make publish STUDY=smoke")
    assert "Report: " not in done.stdout
    study = read_study(finished / "studies/smoke.yaml")
    methods = {*DISTILLED, *FINETUNED} & {*study["methods"]} | {*study["variants"]}
    trained = {
        f"small.{method}.{language}.seed-1" for method in methods for language in ("bero", "ekti")
    }
    assert {path.name for path in folder.iterdir()} == trained | {"small"}

    table = pd.read_csv(finished / "results/smoke/gap/language_table.csv")
    row = table[(table.method == "optical") & (table.language == "ekti")].iloc[0]
    card = (folder / "small.optical.ekti.seed-1/README.md").read_text()
    assert f"| constructed | ekti     |      60 |   {row.value:.3f} |" in card
    assert "| constructed | none needed: made by a program | 1,500 |" in card
    assert "read by that study's model `small`" in card
    # One that learnt from translated queries has no bitext, but what they come from.
    card = (folder / "small.translate_train.ekti.seed-1/README.md").read_text()
    assert "queries of the training set, translated here by a model trained on the bitext" in card
    assert "| constructed | none needed: made by a program |" in card
    assert "## Bitext" not in card
    assert "teacher of student `small`" in (folder / "small/README.md").read_text()
    program = finished / "workflow_scripts/publish_models.py"
    command = [sys.executable, program, "--study", "smoke"]
    ready = succeeds(subprocess.run(command, cwd=finished, capture_output=True, text=True))
    assert ready.stdout.count("ready\n") == ready.stdout.count("hf upload") == len(trained) + 1
    for name in ("small", "small.optical.ekti.seed-1"):
        # As whole as the model it was made from, and readable by others.
        assert (folder / name / "model.encoder.safetensors").stat().st_mode & 0o044
        assert (folder / name / "study.yaml").exists()
