"""A study whose teachers are finished models of other libraries, run to its report."""

import subprocess
import sys

import yaml

from finished import SAVED
from optical.evaluation.gap import LANGUAGE_COLUMNS, read_table
from test_ready_teachers import STUDY
from trees import copy_tree, snakemake, succeeds


def test_a_study_with_a_teacher_in_each_layout_runs_to_its_report(tmp_path):
    tree = copy_tree(tmp_path / "tree")
    saved = {layout: make(tmp_path / layout) for layout, make in SAVED.items()}
    names = {layout: layout.replace("sentence-transformers", "native") for layout in saved}
    study = STUDY | {
        "teachers": {names[layout]: {"folder": str(folder)} for layout, folder in saved.items()},
        # Once converted they are distilled from alike.
        "students": {
            name: {"encoder": name, "teacher": name}
            | ({} if name == "colbert" else {"methods": ["zero_shot"]})
            for name in names.values()
        },
    }
    (tree / "finished.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    run = ("--cores", 2, "--show-failed-logs", "--configfile", "finished.yaml")
    succeeds(snakemake(tree, *run))
    results = tree / "results/finished"
    assert (results / "report.html").read_text().rstrip().endswith("</html>")
    languages = read_table(results / "gap/language_table.csv", LANGUAGE_COLUMNS)
    found = languages[languages.metric == "map"].groupby("student").method.unique()
    assert {name: set(found[name]) for name in names.values()} == {
        name: {"zero_shot"} | ({"optical"} if name == "colbert" else set())
        for name in names.values()
    }
    assert (results / "gap/plans.json").exists()
    command = [sys.executable, "workflow_scripts/ask.py", "a zebra", "--study", "finished"]
    command += ["--student", "colbert", "--lang", "ekti"]
    asked = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert "score" in succeeds(asked).stdout
    # A student reads as the teacher that it started as, with other weights.
    student = results / "students/colbert/optical/ekti/seed-1"
    teacher = results / "teachers/colbert"
    for name in ("artifact.metadata", "config_sentence_transformers.json"):
        assert (student / name).read_text() == (teacher / name).read_text()
    weights = [(folder / "model.encoder.safetensors").read_bytes() for folder in (student, teacher)]
    assert weights[0] != weights[1]
