"""What a study costs, reckoned before it starts, beside what finished studies took."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from optical.corpora import registry
from optical.estimate.amounts import Amounts, known_amounts, of_language
from optical.estimate.estimate import Estimate, estimate
from optical.estimate.fit import Room, check_room, free_bytes
from optical.estimate.rates import documented, machines, read_rates
from optical.estimate.shapes import Shape, known_shape, shape_of
from optical.estimate.shown import summary, table, totals, with_header
from optical.estimate.students import finetuning_pairs
from optical.runtime.errors import InputError
from optical.study.loading import load_study, read_datasets
from test_study import CONSTRUCTED, REAL, edited
from trees import ROOT, SMOKE, copy_tree, read_study, snakemake, succeeds

DATASETS = read_datasets()
COSTS = ROOT / "tests/costs"
STUDIES = [ROOT / "config.yaml", *sorted(ROOT.glob("studies/*.yaml"))]
H100, A100, LAPTOP = documented()
(XEON,) = read_rates(COSTS / "xeon.yaml")


def load(settings, **edits):
    """The study of a file or of a text, with edits."""
    if isinstance(settings, Path):
        study = read_study(settings) | edits
    else:
        study = edited(settings, edits.pop("edits", {})) | edits
    study.setdefault("local", "data")
    return load_study(study, DATASETS)


def recorded(name):
    """(what was recorded of a study that was run, its estimate)."""
    record = yaml.safe_load((COSTS / f"{name}.yaml").read_text())
    return record, estimate(load(ROOT / record["study"], **record["edits"]))


# --- beside what studies took


@pytest.mark.parametrize("name", ["smoke", "ladder"])
def test_a_study_is_estimated_within_a_factor_of_two(name):
    record, found = recorded(name)
    seconds = {
        stage: sum(work.jobs * work.seconds(XEON) for work in works)
        for stage, works in found.stages.items()
    }
    for stage, (jobs, _) in record["stages"].items():
        assert sum(work.jobs for work in found.stages[stage]) == jobs, stage
    took = sum(seconds for _, seconds in record["stages"].values())
    assert took / 1.5 < sum(seconds[stage] for stage in record["stages"]) < 1.5 * took
    # Of those that are a hundredth of the whole or more, each.
    for stage, (_, of_stage) in record["stages"].items():
        if of_stage > took / 100:
            assert of_stage / 2 < seconds[stage] < 2 * of_stage, stage


def test_trainings_of_each_size_are_estimated_within_a_factor_of_two():
    record, found = recorded("ladder")
    for name, took in record["seconds"].items():
        stage, of = name.split()
        works = [work for work in found.stages[stage] if work.of == of]
        seconds = sum(work.jobs * work.seconds(XEON) for work in works)
        mean = seconds / sum(work.jobs for work in works)
        assert took / 2 < mean < 2 * took, (name, mean)


# docs/calibration.md and docs/performance.md: hours of all jobs, on two such cores.
@pytest.mark.parametrize(
    ("study", "edits", "hours"),
    [
        # When it took four hours it had no variants yet.
        ("studies/github-mini.yaml", {"variants": {}}, 4.0),
        ("studies/scale.yaml", {}, 2 * (6 + 49 / 60) / 60),
        ("config.yaml", {}, 2 * 4 / 60),
    ],
)
def test_other_studies_are_estimated_within_a_factor_of_two(study, edits, hours):
    _, found = estimate(load(ROOT / study, **edits)).hours(XEON)
    assert hours / 2 < found < 2 * hours


@pytest.mark.parametrize("name", ["smoke", "ladder"])
def test_the_disk_of_a_study_is_estimated_within_a_factor_of_two(name):
    record, found = recorded(name)
    assert record["kept"] / 2 < found.kept < 2 * record["kept"]


# --- the arithmetic


def test_the_shape_of_a_known_encoder_has_its_weights():
    """XLM-R: 278 and 560 million, by its model cards."""
    for name, number in (("base", 278e6), ("large", 560e6)):
        shape = known_shape(f"FacebookAI/xlm-roberta-{name}")
        assert not shape.assumed
        assert shape.parameters == pytest.approx(number, rel=0.01)
    assert known_shape("facebook/m2m100_418M").parameters == pytest.approx(484e6, rel=0.02)


def test_weights_of_an_encoder_from_scratch_are_those_of_the_model(encoder):
    from safetensors import safe_open

    from optical.estimate.shapes import read_shape

    shape = read_shape([encoder])
    with safe_open(encoder / "model.safetensors", "pt") as file:
        tensors = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    matrices = [
        size
        for name, size in tensors.items()
        if len(size) == 2 and "layer." in name and "LayerNorm" not in name
    ]
    assert sum(rows * columns for rows, columns in matrices) == shape.reading
    assert [shape.vocabulary, shape.width] in tensors.values()


def test_an_encoder_of_which_nothing_is_known_is_assumed_and_told():
    hub = {"hub": "nobody/knows", "revision": "e" * 40}
    study = load(REAL, edits={"encoders.other": hub})
    assert shape_of(study, "other").assumed
    assert any("encoder other" in text for text in estimate(study).assumed)
    assert not any("encoder" in text for text in estimate(load(REAL)).assumed)


def test_a_forward_pass_has_two_operations_for_each_weight_and_token():
    shape = Shape(layers=2, width=64, inner=256, vocabulary=1000)
    weights = 2 * (4 * 64**2 + 2 * 64 * 256)
    assert shape.forward(100, 0) == 2 * weights * 100
    assert shape.forward(100, 50) - shape.forward(100, 0) == 4 * 2 * 100 * 50 * 64


def test_a_batch_is_padded_to_its_longest_text():
    amounts = Amounts(load(REAL))
    sizes = [amounts.padded(20, 64, texts) for texts in (1, 16, 64)]
    assert sizes == sorted(set(sizes))
    assert amounts.padded(20, 32, 64) == 32


def test_constants_are_those_of_the_programs():
    from optical.estimate import searching, work
    from optical.models import embedding
    from optical.retrieval import token_index
    from optical.training import translation

    assert (work.CPU_TOKENS, work.GPU_TOKENS) == (embedding.CPU_TOKENS, embedding.GPU_TOKENS)
    assert (work.CPU_TOKENS, work.WRITTEN_TOKENS) == (
        translation.CPU_TOKENS,
        translation.GPU_TOKENS,
    )
    assert searching.EXACT_TOKENS == token_index.EXACT_TOKENS


# --- what a setting changes


@pytest.mark.parametrize(
    ("edits", "grows"),
    [
        ({"distillation.steps": 40_000}, "hours"),
        ({"teacher.negatives": 4}, "hours"),
        ({"seeds": [1, 2]}, "kept"),
        ({"languages.low": ["sw", "ur"]}, "kept"),
        ({"teacher.batch_size": 128}, "memory"),
        ({"distillation.batch_size": 512}, "memory"),
    ],
    ids=str,
)
def test_more_work_costs_more(edits, grows):
    def measured(found: Estimate):
        return {"hours": found.hours(H100)[0], "kept": found.kept, "memory": found.memory}[grows]

    assert measured(estimate(load(REAL, edits=edits))) > measured(estimate(load(REAL)))


def test_what_is_frozen_costs_less_memory_and_time():
    def student(**edits):
        return estimate(load(REAL, edits=edits)).stages["distill_student"][0]

    whole = student(**{"distillation.embeddings": "trained"})
    frozen, lora = student(), student(**{"distillation.lora_rank": 16})
    assert lora.least < frozen.least < whole.least
    assert lora.seconds(H100) < frozen.seconds(H100) < whole.seconds(H100)
    assert whole.kept == frozen.kept == lora.kept  # a whole model each


@pytest.mark.parametrize(
    ("edits", "size"),
    [
        # docs/explanation/students.md, XLM-R base
        ({"keep": "models"}, 1.1e9),
        ({"keep": "adapters"}, 340e6),
        ({"keep": "adapters", "precision": "float16"}, 170e6),
        ({"keep": "adapters", "precision": "float16", "distillation.lora_rank": 16}, 5.5e6),
        ({"keep": "scores"}, 0),
    ],
    ids=str,
)
def test_a_student_leaves_what_is_kept_of_it(edits, size):
    work = estimate(load(REAL, edits=edits)).stages["distill_student"][0]
    assert work.kept == pytest.approx(size, rel=0.03)


def test_a_teacher_in_small_batches_needs_less_memory_and_more_time():
    small = {"teacher.mini_batch": 8, "teacher.batch_size": 256}
    whole, cached = (
        estimate(load(REAL, edits=edits)).stages["train_teacher"][0]
        for edits in ({"teacher.batch_size": 256}, small)
    )
    assert cached.memory < whole.memory
    assert cached.seconds(H100) > whole.seconds(H100)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_has_an_estimate_with_all_its_stages(path):
    found = estimate(load(path))
    assert {
        "train_teacher",
        "distill_student",
        "search_passages",
        "score_run",
    } <= found.stages.keys()
    assert all(work.seconds(rates) > 0 for work in found.works for rates in (H100, LAPTOP, XEON))
    assert H100.operations(768) > A100.operations(768) > LAPTOP.operations(768)
    assert found.hours(H100)[0] <= found.hours(A100)[0]


def test_the_table_has_a_row_for_each_stage():
    _, found = recorded("smoke")
    text = "\n".join(table(found, [XEON]))
    row = re.search(r"^distill_student +(\d+) +GPU", text, flags=re.MULTILINE)
    assert int(row[1]) == 8


def test_sets_of_the_users_own_are_counted_by_the_size_of_their_files(tmp_path):
    own = {"letters": {"folder": "letters", "layout": "tsv", "languages": ["sw"]}}
    study = load(
        REAL, edits={"own": own, "bitext.sources": ["letters", "tatoeba"]}, local=str(tmp_path)
    )
    unknown = Amounts(study).read_pairs("sw")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/sw.tsv").write_text("x" * 2_000_000)
    assert Amounts(study).read_pairs("sw") == pytest.approx(10_000 + 387)
    assert unknown > 100_000


def test_a_collection_of_the_users_own_is_counted_by_the_size_of_its_passages(tmp_path):
    own = {"clippings": {"folder": "clippings", "layout": "beir", "languages": ["fr", "sw"]}}
    edits = {"own": own, "collections": ["clippings"]}
    study = load(REAL, edits=edits, local=str(tmp_path))
    assert Amounts(study).passages("clippings") == 100_000
    (tmp_path / "clippings").mkdir()
    (tmp_path / "clippings/corpus.jsonl").write_text("x" * 5_400_000)
    assert Amounts(study).passages("clippings") == pytest.approx(10_000)


def test_a_training_set_of_the_users_own_is_counted_by_the_size_of_its_files(tmp_path):
    edits = {"training_set": {"source": "local", "folder": "manuals"}}
    study = load(REAL, edits=edits, local=str(tmp_path))
    assert Amounts(study).training_passages() == 20_000
    (tmp_path / "manuals").mkdir()
    (tmp_path / "manuals/collection.tsv").write_text("x" * 6_750_000)
    (tmp_path / "manuals/queries.train.tsv").write_text("x" * 300_000)
    amounts = Amounts(study)
    assert amounts.training_passages() == pytest.approx(10_000)
    assert amounts.training_queries() == pytest.approx(5_000)


# Documents that a query is judged for: all that are ranked, and the mean that publishers state.
@pytest.mark.parametrize(("collection", "judged"), [("clirmatrix-sw", 100), ("wikiclir", 13.22)])
def test_a_judged_collection_has_no_passage_that_none_of_its_queries_is_judged_for(
    collection, judged
):
    amounts = Amounts(load(REAL))
    assert amounts.passages(collection) <= judged * amounts.queries(collection)


@pytest.mark.parametrize(
    ("judged", "pairs", "query", "passage"),
    [
        ({"sources": ["largeclir"]}, 22_859, 28.8, 35),
        ({"sources": ["clirmatrix", "largeclir"]}, 20_000, 6, 150),
        ({"sources": ["clirmatrix"], "pairs": 5_000}, 5_000, 6, 150),
        # German alone: Swahili learns from the 387 pairs of its bitext.
        ({"sources": ["wikiclir"]}, 348.3, 11, 11),
    ],
    ids=str,
)
def test_wikiclir_is_reckoned_by_the_judged_pairs_of_a_language(judged, pairs, query, passage):
    study = load(REAL, edits={"methods": ["bm25", "zero_shot", "wikiclir"], "judged_pairs": judged})
    found = finetuning_pairs(study, Amounts(study), "wikiclir", "sw")
    assert found == pytest.approx((pairs, query, passage))


def test_judged_pairs_without_bitext_cost_as_much_as_any():
    edits = {
        "methods": ["bm25", "zero_shot", "wikiclir"],
        "judged_pairs.sources": ["clirmatrix"],
        "languages": {"high": ["nl"], "low": ["sw"]},
        "own.letters": {"folder": "letters", "layout": "beir", "languages": ["nl", "sw"]},
        "collections": ["letters"],
    }
    found = estimate(load(REAL, edits=edits))
    assert Amounts(load(REAL, edits=edits)).pairs("nl") == 0
    for stage in ("prepare_judged_pairs", "embed_pairs", "finetune_student"):
        dutch, swahili = found.stages[stage]
        assert dutch.seconds(H100) == swahili.seconds(H100) > 0, stage
        assert dutch.kept == swahili.kept > 0, stage


def test_every_source_has_its_amounts():
    amounts = Amounts(load(REAL))
    for source in registry.BITEXT:
        assert source in known_amounts()["bitext"], source
    for collection in registry.COLLECTIONS:
        assert amounts.of_collection(collection) != known_amounts()["collections"]["other"]
    for source in registry.JUDGED:
        pairs = known_amounts()["judged"][source]["pairs"]
        for name, file in DATASETS[source]["files"].items():
            assert "language" not in file or of_language(pairs, file["language"]) > 0, name
    for source, entry in DATASETS.items():
        sized = all("bytes" in file for file in entry["files"].values())
        if not sized and "folder" not in entry:
            assert source in known_amounts()["downloads"], source
        for name in entry["files"]:
            assert amounts.download(f"downloads/{source}/{name}") > 0


# --- rates of a machine


def test_a_machine_that_was_measured_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert machines() == documented()
    XEON.write(tmp_path / "rates.yaml")
    assert machines()[0] == XEON
    here, *others = machines(tmp_path / "rates.yaml")
    assert others == documented()
    assert here == XEON


def test_a_file_of_rates_that_was_asked_for_has_to_be_there(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml: no file of rates, [^\n]*No such file"):
        machines(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: "", "no list of machines"),
        (lambda text: "- [", "no file of rates"),
        (lambda text: text.replace("scan:", "scam:"), "machine 1: scam is unknown"),
        (lambda text: re.sub(r"  scan: .*\n", "", text), "machine 1: scan is missing"),
        (lambda text: re.sub(r"scan: .*", "scan: fast", text), "scan: 'fast', expected a number"),
        (lambda text: re.sub(r"scan: .*", "scan: 0", text), "scan: 0, expected a number above 0"),
        (lambda text: re.sub(r"    embed: .*\n", "", text), "start: expected seconds of table"),
    ],
)
def test_a_broken_file_of_rates_is_refused_in_a_line(tmp_path, edit, said):
    file = tmp_path / "rates.yaml"
    text = (COSTS / "xeon.yaml").read_text()
    file.write_text(edit(text))
    with pytest.raises(InputError, match=rf"\A{re.escape(str(file))}[^\n]*{said}[^\n]*\Z"):
        read_rates(file)


# --- whether it fits


def test_what_fits_is_not_warned_of():
    assert check_room(estimate(load(REAL)), Room(1e13, 80e9)) == []
    assert check_room(estimate(load(REAL)), Room(None, None)) == []


def test_a_disk_that_may_be_too_small_is_told_with_the_figures():
    found = estimate(load(REAL))
    (line,) = check_room(found, Room(0.9 * found.peak, None))
    assert re.fullmatch(
        r"disk: the study takes about [\d.]+ GB by estimate, and [\d.]+ GB are free", line
    )


def test_models_that_are_larger_than_the_disk_are_an_error():
    with pytest.raises(
        InputError, match=r"disk: the models alone take 3.2 GB or more, and 1.0 GB are free"
    ):
        check_room(estimate(load(REAL)), Room(1e9, None))


def test_a_gpu_that_may_be_too_small_is_told_with_the_figures():
    found = estimate(load(REAL))
    lines = check_room(found, Room(None, 6e9))
    assert any(
        re.match(r"GPU memory: train_teacher base takes about [\d.]+ GB", line) for line in lines
    )
    with pytest.raises(
        InputError, match=r"base holds at least 4.4 GB, weights and optimiser alone"
    ):
        check_room(found, Room(None, 4e9))


def test_nothing_is_certain_of_an_encoder_of_which_nothing_is_known():
    hub = {"hub": "nobody/knows", "revision": "e" * 40}
    lines = check_room(estimate(load(REAL, edits={"encoders.base": hub})), Room(1e9, 1e9))
    assert [line.split(":")[0] for line in lines][:2] == ["disk", "GPU memory"]


def test_only_what_is_still_to_run_has_to_fit():
    found = estimate(load(REAL))
    assert check_room(found, Room(1e9, 1e9), {"compare_gap": 1, "score_run": 3}) == []
    with pytest.raises(InputError, match="GPU memory: distill_student"):
        check_room(found, Room(1e13, 1e9), {"distill_student": 1})


# --- what people see


def command(folder, *arguments):
    program = ROOT / "workflow_scripts/estimate_cost.py"
    return subprocess.run(
        [sys.executable, program, *map(str, arguments)], cwd=folder, capture_output=True, text=True
    )


def test_the_command_prints_stages_totals_and_where_its_numbers_come_from(tmp_path):
    done = command(tmp_path, "--study", ROOT / "config.yaml")
    assert done.returncode == 0, done.stderr
    found = estimate(load(ROOT / "config.yaml"))
    for line in (*table(found, documented()), *totals(found, documented())):
        assert line in done.stdout
    assert "This machine was not measured" in done.stdout
    assert "data sheet" in done.stdout
    assert "assumed" in done.stdout


def test_the_command_refuses_what_certainly_does_not_fit(tmp_path):
    done = command(tmp_path, "--study", ROOT / "studies/xnli-base.yaml", "--gpu-memory", 2)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert re.search(r"estimate_cost: GPU memory: .* and the GPU has 2.0 GB", done.stderr)
    assert "distill_student" in done.stdout


def test_a_header_is_written_once_and_anew():
    text = "# A study: mine.\n#\n# It asks: why?\nstudy: mine\nseeds: [1]\n"
    first = with_header(text, "Estimated (make cost): " + "1 hour, " * 20 + "3 GB at most.")
    assert first.startswith(
        "# A study: mine.\n#\n# It asks: why?\n# Estimated (make cost): 1 hour, "
    )
    assert first.replace("\n# ", " ").endswith("3 GB at most.\nstudy: mine\nseeds: [1]\n")
    assert all(len(line) <= 100 for line in first.splitlines())
    again = with_header(first, "Estimated (make cost): 2 hours; 4 GB at most.")
    assert again == text.replace(
        "study: mine\nseeds", "# Estimated (make cost): 2 hours; 4 GB at most.\nstudy: mine\nseeds"
    )
    for other in ("seeds: [1]\nstudy: mine\n", "# study: mine\n"):
        with pytest.raises(InputError, match="no header"):
            with_header(other, "Estimated (make cost): 2 hours; 4 GB at most.")


def test_what_is_there_already_is_room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = free_bytes(load(REAL))
    (tmp_path / "results/real/students").mkdir(parents=True)
    (tmp_path / "results/other").mkdir()
    (tmp_path / "results/real/students/weights").write_bytes(bytes(50_000_000))
    (tmp_path / "results/other/weights").write_bytes(bytes(50_000_000))
    # Others write to this disk meanwhile.
    assert free_bytes(load(REAL)) - before == pytest.approx(-50_000_000, abs=40_000_000)


# --- in Snakemake


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree in which nothing is run."""
    return copy_tree(tmp_path_factory.mktemp("tree"))


def test_a_dry_run_ends_with_the_totals(tree):
    done = succeeds(snakemake(tree, "--dry-run", *SMOKE))
    found = estimate(load(ROOT / "studies/smoke.yaml"))
    assert done.stdout.splitlines()[-2:] == totals(found, documented())
    assert "Estimated" not in succeeds(snakemake(tree, "--summary", *SMOKE)).stdout


def test_a_dry_run_warns_of_what_does_not_fit(tree):
    """Its translators hold more than this GPU has."""
    done = succeeds(snakemake(tree, "--dry-run", *SMOKE, "--resources", "gpu_memory_mb=1"))
    assert re.search(r"^study: GPU memory: train_translator \w+ holds at least", done.stderr, re.M)
    target = "results/smoke/encoders/small"
    done = succeeds(
        snakemake(tree, "--dry-run", *SMOKE, "--resources", "gpu_memory_mb=900", "--", target)
    )
    assert re.search(r"^warning: GPU memory: pretrain_encoder small takes", done.stderr, re.M)


def test_a_run_that_certainly_does_not_fit_is_refused_before_any_job(tree):
    target = "results/smoke/translators/alba-bero"
    run = (tree, "--cores", 1, *SMOKE, "--resources", "gpu_memory_mb=1", "--", target)
    for _ in range(2):  # and leaves no lock behind
        done = snakemake(*run)
        assert done.returncode == 1
        assert re.search(r"^study: GPU memory: train_translator", done.stderr, re.M)
        assert "Traceback" not in done.stderr
        assert not (tree / "results").exists()


# A header or a row that is a third away from the estimate of today says what is no longer so.
NEAR = 1 / 3
NUMBER = r"([\d,.]+)"


def numbers_of(line):
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", line)]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_study_says_what_it_costs(path):
    wanted = summary(estimate(load(path)), documented())
    text = " ".join(line.lstrip("# ") for line in path.read_text().splitlines() if line[:1] == "#")
    shown = re.search(r"Estimated \(make cost\): .*? GB at most\.", text)
    assert shown, f"expected in the header of {path.name}: {wanted}"
    now, then = numbers_of(wanted), numbers_of(shown[0])
    assert re.sub(r"\d[\d,]*(\.\d+)?", "N", wanted) == re.sub(r"\d[\d,]*(\.\d+)?", "N", shown[0])
    for one, other in zip(now, then, strict=True):
        assert one == pytest.approx(other, rel=NEAR, abs=0.02), wanted


def test_the_docs_say_what_each_study_costs():
    rows = re.findall(
        r"^\| `(\S+\.yaml)` \|.*\| (.*) \|$", (ROOT / "docs/reference/studies.md").read_text(), re.M
    )
    assert {ROOT / name for name, _ in rows} == set(STUDIES)
    for name, costs in rows:
        found = estimate(load(ROOT / name))
        disk = re.search(rf"{NUMBER} GB of disk", costs)
        assert float(disk[1].replace(",", "")) == pytest.approx(
            found.peak / 1e9, rel=NEAR, abs=0.06
        ), name
        if gpu := re.search(rf"{NUMBER} to {NUMBER} GPU hours, {NUMBER} GB of its memory", costs):
            values = [float(value.replace(",", "")) for value in gpu.groups()]
            wanted = [found.hours(H100)[0], found.hours(A100)[0], found.memory / 1e9]
            assert values == pytest.approx(wanted, rel=NEAR), name


def test_a_constructed_study_downloads_nothing():
    assert estimate(load(CONSTRUCTED)).downloads == 0
