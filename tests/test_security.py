"""What comes from outside does nothing but what data does."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from safetensors.torch import save_file

import fetch_encoder
from optical.models.encoders import late_interaction
from optical.runtime.errors import InputError
from test_report import arguments, tables_and_pictures, written  # noqa: F401, two are fixtures
from trees import copy_tree, read_study, snakemake, succeeds

STRANGE = "a b; touch pwned $(touch pwned) `touch pwned` 'c"
OWN_STUDY = """
study: strange
pivot: en
languages: {high: [fr], low: [sw]}
encoders:
  base: {folder: FOLDER}
bitext: {sources: [letters]}
training_set: {source: local, folder: FOLDER}
collections: [clippings]
methods: [bm25, zero_shot, optical]
own:
  letters: {folder: FOLDER, layout: tsv, languages: [fr, sw]}
  clippings: {folder: FOLDER, layout: msmarco, languages: [fr, sw]}
"""


def test_names_of_folders_never_reach_a_shell(tmp_path):
    tree, local = copy_tree(tmp_path / "tree"), tmp_path / STRANGE
    data = local / STRANGE
    data.mkdir(parents=True)
    for name, text in {
        "collection.tsv": "p0\tA dog sat on the mat.\np1\tSnow fell in May.\n",
        "queries.en.tsv": "q0\twhich dog\n",
        "queries.fr.tsv": "q0\tquel chien\n",
        "queries.sw.tsv": "q0\tmbwa gani\n",
        "qrels.tsv": "q0\t0\tp0\t1\n",
        "queries.train.tsv": "t0\twhen did it snow\n",
        "qrels.train.tsv": "t0\t0\tp1\t1\n",
        "fr.tsv": "Un chat dort.\tA cat sleeps.\n",
        "sw.tsv": "Paka amelala.\tA cat sleeps.\n",
        "config.json": "{}",
    }.items():
        (data / name).write_text(text)
    save_file({}, data / "model.safetensors")
    study = yaml.safe_load(OWN_STUDY.replace("FOLDER", "null"))
    study["local"] = str(local)
    study["encoders"]["base"]["folder"] = str(data)
    for part in (study["training_set"], *study["own"].values()):
        part["folder"] = STRANGE
    (tree / "strange.yaml").write_text(yaml.safe_dump(study))
    made = (
        *("data/bitext/sw.parquet", "data/training_set", "encoders/base"),
        "runs/none/bm25/sw/seed-0/clippings.run.gz",
    )
    targets = [f"results/strange/{name}" for name in made]
    run = ("--cores", 2, "--show-failed-logs", "--configfile", "strange.yaml")
    succeeds(snakemake(tree, *targets, *run))
    assert all((tree / target).exists() for target in targets)
    assert not list(tmp_path.rglob("pwned"))


def test_the_folder_of_a_mirror_is_no_command(tmp_path):
    tree = copy_tree(tmp_path / "tree")
    mirror = tmp_path / STRANGE / "raw.example.org"
    mirror.mkdir(parents=True)
    (mirror / "file").write_text("data")
    datasets = yaml.safe_load((tree / "resources/datasets.yaml").read_text())
    datasets["xquad"]["files"]["en.json"] = {
        "language": "en",
        "url": "https://raw.example.org/file",
    }
    (tree / "resources/datasets.yaml").write_text(yaml.safe_dump(datasets))
    machine = ("--config", f"mirror={json.dumps([str(tmp_path / STRANGE)])}")
    study = ("--configfile", "studies/github-mini.yaml")
    done = snakemake(
        tree, "downloads/xquad/en.json", "--cores", 1, *study, *machine, f"local={tmp_path}"
    )
    succeeds(done)
    assert (tree / "downloads/xquad/en.json").read_text() == "data"
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.parametrize("name", ["a;touch pwned", "a/../b", "$(touch pwned)", "-rf", "", "a\n"])
def test_a_study_of_a_name_that_is_no_name_is_refused(tmp_path, name):
    tree = copy_tree(tmp_path / "tree")
    study = read_study(tree / "studies/smoke.yaml") | {"study": name}
    (tree / "named.yaml").write_text(yaml.safe_dump(study))
    done = snakemake(tree, "--cores", 1, "--configfile", "named.yaml")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("study: ")]
    assert repr(name) in line
    assert not (tree / "results").exists()
    assert not list(tmp_path.rglob("pwned"))


def test_a_model_brings_neither_code_nor_pickles(encoder, tmp_path):
    """The code of its folder would run with trust_remote_code, a pickle when it is loaded."""
    folder, copy = tmp_path / "from", tmp_path / "to"
    folder.mkdir()
    for file in encoder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    settings = json.loads((folder / "config.json").read_text())
    settings["auto_map"] = {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps(settings))
    trace = tmp_path / "pwned"
    (folder / "evil.py").write_text(f"open({str(trace)!r}, 'w')\nclass Evil: pass\n")
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    fetch_encoder.main(folder=folder, output=copy)
    assert not {"evil.py", "pytorch_model.bin"} & {file.name for file in copy.iterdir()}
    model = late_interaction(copy, dimension=8, query_length=16, passage_length=16)
    assert model.encode_query(["a dog"])
    assert not trace.exists()


def test_a_model_of_pickles_alone_is_refused(tmp_path):
    folder = tmp_path / "from"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(InputError, match=r"no \*.safetensors; expected a transformers model"):
        fetch_encoder.main(folder=folder, output=tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("name", ["../secret", "PATH/secret"])
def test_the_index_of_a_model_brings_no_file_from_outside_its_folder(encoder, tmp_path, name):
    (tmp_path / "secret").write_text("secret")
    folder = Path(shutil.copytree(encoder, tmp_path / "from"))
    index = {"weight_map": {"a": name.replace("PATH", str(tmp_path))}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="index.json names .*secret, which is outside its folder"):
        fetch_encoder.main(folder=folder, output=tmp_path / "results/to")
    assert not (tmp_path / "results/secret").exists()


def test_what_a_study_says_is_text_on_the_page(arguments):  # noqa: F811
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    arguments["settings"].write_text(f"study: {evil}\n")
    page = written({**arguments, "study": evil, "note": evil})
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
