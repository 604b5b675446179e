"""The workflow as a user runs it: dry runs of every study, one real run, and what a change reruns.

Every test works on a copy of the tree, so that runs in the tree itself are never touched.
"""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from optical.gap import GAP_COLUMNS, LANGUAGE_COLUMNS, read_table
from optical.study import grouped_languages, is_constructed, load_study, students_with

ROOT = Path(__file__).parents[1]
SMOKE = ("--configfile", "studies/smoke.yaml")
STUDIES = ["config.yaml", *(f"studies/{path.name}" for path in sorted(ROOT.glob("studies/*.yaml")))]
TABLES_ON = {
    *("compare_gap", "plot_map", "plot_gap", "plot_amounts", "sum_costs", "write_report"),
}
SCORES_ON = {"embed_queries", "search_passages", "score_run"} | TABLES_ON
STUDENTS_ON = {"distill_student", "plot_training", "align_sentences", "plot_plans"} | SCORES_ON
TEACHERS_ON = STUDENTS_ON | {
    "train_teacher",
    "embed_targets",
    "embed_passages",
    "build_index",
}


def copy_tree(folder):
    """Copy the files of the project, committed or not yet, and nothing that runs have made."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # not one that is deleted but still in the index
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def snakemake(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
    )


def succeeds(done):
    """A finished command, whose output is shown if it failed."""
    if done.returncode:
        pytest.fail(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done


def job_counts(folder, *arguments):
    """{rule: number of jobs} of a dry run."""
    shown = succeeds(snakemake(folder, "--dry-run", *arguments)).stdout
    table = re.search(r"^Job stats:\n(.*?)^total", shown, flags=re.MULTILINE | re.DOTALL)
    return {rule: int(number) for rule, number in re.findall(r"(?m)^(\w+) +(\d+)$", table[1] or "")}


def pending(folder, *arguments):
    """{output: rule} of everything that a run would make now."""
    done = succeeds(snakemake(folder, "--summary", *arguments))
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    assert len(rows) > 10
    assert {row["plan"] for row in rows} <= {"no update", "update pending"}
    return {row["output_file"]: row["rule"] for row in rows if row["plan"] != "no update"}


def read_study(path):
    return yaml.safe_load(Path(path).read_text())


def edit_study(path, **changes):
    Path(path).write_text(yaml.safe_dump(read_study(path) | changes, sort_keys=False))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree in which nothing is run."""
    return copy_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The finished smoke study: (its folder, what the run printed)."""
    folder = copy_tree(tmp_path_factory.mktemp("run"))
    done = succeeds(snakemake(folder, "--cores", 2, "--show-failed-logs", *SMOKE))
    return folder, done.stdout + done.stderr


@pytest.fixture
def finished(run, tmp_path):
    """A copy of the finished study, to change something in."""
    return shutil.copytree(run[0], tmp_path / "copy")


# --- before anything runs ------------------------------------------------------------------------


@pytest.mark.parametrize("path", STUDIES)
def test_a_dry_run_names_every_step_of_a_study(tree, tmp_path, path):
    settings = read_study(tree / path)
    machine = []
    if settings["training_set"]["source"] == "local":
        folder = tmp_path / settings["training_set"]["folder"]
        folder.mkdir()
        for name in ("collection.tsv", "queries.train.tsv", "qrels.train.tsv"):
            (folder / name).touch()
        machine = ["--config", f"local={tmp_path}", f"mirror={tmp_path}"]
        settings["local"] = str(tmp_path)
    counts = job_counts(tree, *machine, "--configfile", path)

    datasets = yaml.safe_load((ROOT / "resources/datasets.yaml").read_text())
    study = load_study(settings, ROOT / "schemas/config.schema.yaml", datasets)
    languages = len(list(grouped_languages(study)))
    teachers = len({student["teacher"] for student in study["students"].values()})
    kinds = [set(encoder) for encoder in study["encoders"].values()]
    expected = {
        "construct_world": 1 if is_constructed(study) else None,
        "prepare_bitext": languages,
        "prepare_training_set": 1,
        "mine_negatives": study["training_set"]["negatives"] == "bm25" or None,
        "pretrain_encoder": sum("layers" in kind for kind in kinds),
        "fetch_encoder": sum("hub" in kind for kind in kinds),
        "copy_encoder": sum("folder" in kind for kind in kinds),
        "train_teacher": len(study["encoders"]),
        # What is shared is made once, whatever the number of languages, students and seeds.
        "embed_targets": teachers * languages,
        "embed_passages": teachers * len(study["collections"]),
        "build_index": teachers * len(study["collections"]),
        "distill_student": sum(
            len(students_with(study, method)) * languages * len(study["seeds"])
            for method in set(study["methods"]) - {"bm25", "zero_shot"}
        ),
        "compare_gap": 1,
        "write_report": 1,
    }
    assert {rule: counts.get(rule) for rule in expected} == {
        rule: number or None for rule, number in expected.items()
    }
    assert ("download_file" in counts) != is_constructed(study)


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
    schema = ROOT / "schemas/config.schema.yaml"
    datasets = yaml.safe_load((ROOT / "resources/datasets.yaml").read_text())
    loaded = load_study(study, schema, datasets)
    assert read_study(tree / target) == {
        key: value for key, value in loaded.items() if key not in ("mirror", "local")
    }
    assert all(
        path.startswith("results/second/") for path in pending(tree, "--configfile", "second.yaml")
    )


def refusal(folder, *arguments):
    """The one line that a run is refused with."""
    done = snakemake(folder, "--cores", 1, *arguments)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Config file ")]
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
        ("collections=[clef]", ["collections", "'clef'", "constructed"]),
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
    assert set(gap.method) == set(study["methods"])
    assert "What the transport adds" in report
    assert "What the index costs" in report
    searched = languages[(languages.metric == "map") & (languages.method != "bm25")]
    assert set(searched.n_exact) == {20}
    assert (searched.exact_recall > 0.9).all()
    assert set(languages.language) >= set(sum(study["languages"].values(), []))
    maps = languages[languages.metric == "map"].value
    assert maps.between(0, 1).all()
    pictures = ("map_by_language", "rankc_by_language", "map_by_amount", "gap_by_size")
    for picture in (*pictures, "closed_by_size", "training", "plans"):
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
    assert "All models are in results/smoke/models/" in done.stdout + done.stderr
    study = read_study(finished / "studies/smoke.yaml")
    methods = set(study["methods"]) - {"bm25", "zero_shot"}
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
    assert "teacher of student `small`" in (folder / "small/README.md").read_text()
    for name in ("small", "small.optical.ekti.seed-1"):
        # As whole as the model it was made from, and readable by others.
        assert (folder / name / "model.safetensors").stat().st_mode & 0o044
        assert (folder / name / "study.yaml").exists()


# --- what a change reruns ------------------------------------------------------------------------


def test_a_second_run_has_nothing_to_do(run):
    done = succeeds(snakemake(run[0], "--cores", 2, *SMOKE))
    assert "Nothing to be done" in done.stdout + done.stderr
    assert pending(run[0], *SMOKE) == {}


def test_a_touch_reruns_nothing(finished):
    for path in finished.rglob("*"):
        if path.suffix in (".py", ".smk", ".yaml", ".j2") and "results" not in path.parts:
            os.utime(path)
    assert pending(finished, *SMOKE) == {}


def test_a_comment_in_the_study_reruns_nothing(finished):
    with open(finished / "studies/smoke.yaml", "a") as file:
        file.write("# a comment\n")
    assert pending(finished, *SMOKE) == {}


def test_another_machine_reruns_nothing(finished):
    assert pending(finished, *SMOKE, "--config", "mirror=elsewhere", "local=elsewhere") == {}


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("optical/gap.py", TABLES_ON | {"plot_training", "plot_plans"}),
        ("optical/resampling.py", TABLES_ON | {"plot_training", "plot_plans"}),
        (
            "optical/figures.py",
            {"plot_map", "plot_gap", "plot_amounts", "plot_training", "plot_plans", "write_report"},
        ),
        ("optical/verdict.py", {"write_report"}),
        ("optical/costs.py", {"sum_costs", "plot_training", "write_report"}),
        ("optical/report.html.j2", {"write_report"}),
        ("optical/transport.py", STUDENTS_ON),
        ("search_lexical.py", {"search_lexical", "score_run"} | TABLES_ON),
        ("optical/lexical.py", {"search_lexical", "mine_negatives"} | TEACHERS_ON),
        ("plot_map.py", {"plot_map", "write_report"}),
    ],
)
def test_an_edit_reruns_the_users_of_a_file_and_what_follows(finished, module, rules):
    with open(finished / "workflow_scripts" / module, "a") as file:
        file.write("# a comment\n")
    assert set(pending(finished, *SMOKE).values()) == rules


def test_a_new_language_reruns_only_its_own_jobs_and_the_tables(finished):
    study = finished / "studies/smoke.yaml"
    languages = read_study(study)["languages"]
    assert "gano" not in sum(languages.values(), [])
    edit_study(study, languages=languages | {"low": [*languages["low"], "gano"]})
    made = pending(finished, *SMOKE)
    shared = {rule for path, rule in made.items() if "gano" not in path}
    assert shared == TABLES_ON | {"plot_training", "describe_study"}
    own = {rule for path, rule in made.items() if "gano" in path}
    assert own >= {"prepare_bitext", "embed_targets", "distill_student", "search_passages"}


def test_a_new_size_reruns_only_its_own_jobs_and_the_tables(finished):
    study = finished / "studies/smoke.yaml"
    encoders = read_study(study)["encoders"]
    *_, last = encoders.values()
    edit_study(study, encoders=encoders | {"huge": last | {"layers": 3}})
    made = pending(finished, *SMOKE)
    assert {rule for path, rule in made.items() if "huge" not in path} == (
        TABLES_ON | {"plot_training", "describe_study"}
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
    assert set(made.values()) == {"describe_study"} | STUDENTS_ON
    assert not any("zero_shot" in path or "bm25" in path for path in made)
