import json

import pandas as pd
import pytest

from optical.report.costs import COST_COLUMNS, cost_table, duration
from optical.runtime.errors import InputError

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(logs, name, seconds, memory, cpu):
    path = logs / f"{name}.benchmark.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{seconds}\t0:00:01\t{memory}\t1\t1\t1\t0\t0\t1\t{cpu}\n")


@pytest.fixture
def study(tmp_path):
    logs, results = tmp_path / "logs", tmp_path / "results"
    job(logs, "distill_student/small.optical.sw.seed-1", 10.5, 500.0, 20.0)
    job(logs, "distill_student/small.greedy.sw.seed-1", 4.5, 800.0, 8.0)
    job(logs, "distill_student/large.optical.sw.seed-1", 30.0, 900.0, 55.0)
    job(logs, "construct_world", 0.2, "-", "-")
    for student, method, examples in (("small", "optical", 640), ("small", "greedy", 320)):
        # The one of a student that is kept, the other of one whose scores alone are.
        place = "seed-1/training.jsonl" if method == "greedy" else "seed-1.training.jsonl"
        log = results / f"students/{student}/{method}/sw/{place}"
        log.parent.mkdir(parents=True)
        lines = [{"step": n, "examples": n * examples, "joules": 9.0 * n} for n in (0, 1)]
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return logs, results


def test_jobs_of_a_stage_and_size_are_added_up(study):
    table = cost_table(*study)
    assert list(table.columns) == list(COST_COLUMNS)
    assert table["stage"].tolist() == ["distill_student", "distill_student", "construct_world"]
    small = table.set_index("of").loc["small"]
    assert small[["jobs", "seconds", "longest_seconds", "cpu_seconds"]].tolist() == [
        2,
        15,
        10.5,
        28,
    ]
    assert small[["memory_mib", "examples", "joules"]].tolist() == [800, 960, 18]
    large = table.set_index("of").loc["large"]
    assert large[["examples", "joules"]].isna().all()


def test_what_was_too_short_to_look_at_is_unknown(study):
    line = cost_table(*study).set_index("stage").loc["construct_world"]
    assert pd.isna(line["memory_mib"])
    assert pd.isna(line["examples"])


def test_a_folder_without_logs_is_refused(tmp_path):
    with pytest.raises(InputError, match="no .*benchmark.tsv here"):
        cost_table(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.14, "8.1 s"), (59.99, "60.0 s"), (61.2, "1 min 1 s"), (12_345, "3 h 25 min")],
)
def test_durations_as_people_say_them(seconds, text):
    assert duration(seconds) == text
