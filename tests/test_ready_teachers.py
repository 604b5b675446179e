"""Teachers that are finished: late-interaction models of other libraries, used as they are."""

import json
import runpy
import shutil
import subprocess
import sys
from threading import Thread

import numpy as np
import pytest
import torch
import yaml
from datasets import Dataset
from safetensors.torch import save_file
from transformers import AutoModel

import convert_teacher
import fetch_encoder
from compare_gap import parameters_of
from finished import DIMENSION, SAVED, TEXTS, inserted, write
from hosts import REVISION, Hub
from optical.models.embedding import Embedder, embed
from optical.models.encoders import load
from optical.models.finished import load_finished
from optical.models.layouts import read_layout
from optical.retrieval.token_vectors import TokenVectors, write_token_vectors
from optical.runtime.errors import InputError
from optical.study.files import hub_models
from optical.training.collator import BitextCollator
from optical.training.distillation import source_ids, tokenised, without_cut
from optical.transport.losses import BitextLoss
from test_fetch_encoder import PROGRAM
from test_study import CONSTRUCTED, complaint
from test_study import load as load_study
from trees import ROOT, copy_tree, pending

LAYOUTS = list(SAVED)
TASKS = ["query", "document"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """{layout: the folder of a model in it}."""
    folder = tmp_path_factory.mktemp("finished")
    return {layout: make(folder / layout) for layout, make in SAVED.items()}


@pytest.fixture(scope="module")
def converted(saved, tmp_path_factory):
    """{layout: the folder of the teacher that it became}."""
    folder = tmp_path_factory.mktemp("converted")
    for layout, model in saved.items():
        copy = folder / f"{layout}.copy"
        fetch_encoder.main(folder=model, dimension=DIMENSION, output=copy)
        convert_teacher.main(model=copy, origin="a test", output=folder / layout)
    return {layout: folder / layout for layout in saved}


@pytest.fixture
def copied(saved, tmp_path):
    """A copy of a model that something may be changed in."""
    return lambda layout: shutil.copytree(saved[layout], tmp_path / "changed")


# --- what it becomes -----------------------------------------------------------------------------


def by_library(folder, task):
    """The vectors of `TEXTS` as sentence-transformers gives them for a folder of any layout."""
    model = load(folder)
    vectors = model.encode_query(TEXTS) if task == "query" else model.encode_document(TEXTS)
    return [of_text.cpu() for of_text in vectors]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_teacher_encodes_as_its_library_does(saved, converted, layout, task):
    wanted = by_library(saved[layout], task)
    found = by_library(converted[layout], task)
    for one, other in zip(wanted, found, strict=True):
        torch.testing.assert_close(other, one, atol=1e-6, rtol=0)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("layout", ["pylate", "colbert"])
def test_markers_fillers_and_punctuation_are_those_of_its_library(saved, converted, layout, task):
    found = by_library(converted[layout], task)
    for text, vectors in zip(TEXTS, found, strict=True):
        wanted = inserted(saved[layout], text, task)
        torch.testing.assert_close(vectors, wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_steps_embed_as_the_library_does(saved, converted, layout, task):
    found = list(embed(Embedder.load(converted[layout]), TEXTS, task=task))
    for (ids, vectors), wanted in zip(found, by_library(saved[layout], task), strict=True):
        assert len(ids) == len(vectors)
        np.testing.assert_allclose(vectors.astype(np.float32), wanted, atol=2e-3)


def test_a_query_has_the_length_of_its_library_whatever_a_step_asks_for(converted):
    for layout, length in (("pylate", 24), ("colbert", 20)):
        model = Embedder.load(converted[layout])
        for asked in (None, 10, 64):
            sizes = {len(ids) for ids, _ in embed(model, TEXTS, task="query", length=asked)}
            assert sizes == {length}
    model = Embedder.load(converted["sentence-transformers"])
    assert max(len(ids) for ids, _ in embed(model, TEXTS, task="query")) == 28
    assert max(len(ids) for ids, _ in embed(model, TEXTS, task="query", length=10)) == 10


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_student_that_starts_as_it_is_saved_as_it(converted, tmp_path, layout):
    from optical.models.export import save_for_all

    save_for_all(tmp_path / "again", load(converted[layout]), "")
    for task in TASKS:
        for one, other in zip(
            by_library(converted[layout], task), by_library(tmp_path / "again", task), strict=True
        ):
            assert torch.equal(one, other)


def test_the_example_has_a_teacher_that_expands_queries_read_translations_as_such(
    converted, tmp_path, monkeypatch
):
    read = []

    def teacher_side(*arguments):
        side = of_teacher(*arguments)
        read.extend(side[2].sum(dim=1).tolist())
        return side

    of_teacher = BitextLoss.teacher_side
    monkeypatch.setattr(BitextLoss, "teacher_side", teacher_side)
    (tmp_path / "pairs.tsv").write_text("the fox\tthe dog\na box\ta jug\n")
    folders = [converted["pylate"], converted["pylate"], tmp_path / "pairs.tsv", tmp_path / "new"]
    monkeypatch.setattr("sys.argv", ["", *map(str, folders)])
    runpy.run_path(str(ROOT / "examples/distil_with_sentence_transformers.py"))
    assert read == [24, 24]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_fillers_of_a_sentence_weigh_as_they_occur(converted, layout):
    """Else a token in every sentence would have the mass of one that is in none."""
    student = load(converted[layout])
    pairs = tokenised(student, Dataset.from_dict({"source": TEXTS, "label": range(len(TEXTS))}), 64)
    read = student.preprocess(TEXTS, prompt=student.prompts["query"], task="query", max_length=64)
    scored = (
        read["attention_mask"].bool()
        | read.get("query_expansion_positions", torch.zeros_like(read["attention_mask"])).bool()
    )
    for ids, row, mask in zip(source_ids(student, pairs), read["input_ids"], scored, strict=True):
        assert ids == row[mask].tolist()


@pytest.mark.parametrize("length", [16, 64])
@pytest.mark.parametrize("student", ["pylate", "sentence-transformers"])
@pytest.mark.parametrize("teacher", ["pylate", "colbert"])
def test_what_fills_a_sentence_up_does_not_make_it_a_cut_one(
    converted, tmp_path, student, teacher, length
):
    sides = ["a fox", "a fox " * 30]
    texts = {"source": [sides[0], sides[1], sides[0]], "target": [sides[0], sides[0], sides[1]]}
    model, expanding = load(converted[student]), Embedder.load(converted[teacher])
    write_token_vectors(tmp_path, embed(expanding, texts["target"], task="query"), DIMENSION)
    pairs = Dataset.from_dict({"source": texts["source"], "label": range(3)})
    pairs = tokenised(model, pairs, length)
    whole = without_cut(pairs, model, expanding.tokenizer, TokenVectors(tmp_path), length)
    assert whole["label"][:] == [0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_collator_makes_of_ids_what_the_student_makes_of_texts(
    converted, tmp_path, layout, side
):
    student = load(converted[layout])
    student.tokenizer.padding_side = side
    pairs = Dataset.from_dict({"source": TEXTS, "label": [2, 0, 1] * 2})
    texts = [([1], 1), ([5, 6], 2), ([7, 8, 9], 3)]
    write_token_vectors(
        tmp_path, [(np.array(ids), np.full((n, 8), n, np.float16)) for ids, n in texts], 8
    )
    collator = BitextCollator(student, TokenVectors(tmp_path))
    batch = collator(list(tokenised(student, pairs, 64)))
    read = student.preprocess(TEXTS, prompt=student.prompts["query"], task="query", max_length=64)
    wanted = {f"source_{name}": of for name, of in read.items() if isinstance(of, torch.Tensor)}
    found = {name: of for name, of in batch.items() if name.startswith("source_")}
    assert found.keys() == wanted.keys() - {"source_token_type_ids"}
    for name, tensor in found.items():
        assert tensor.dtype == wanted[name].dtype
        assert torch.equal(tensor, wanted[name]), name
    assert batch["target_input_ids"].tolist() == [[7, 8, 9], [1, 0, 0], [5, 6, 0]] * 2
    assert batch["target_attention_mask"].sum(dim=1).tolist() == [3, 1, 2] * 2
    assert batch["target_token_embeddings"][:, 0, 0].tolist() == [3, 1, 2] * 2


def test_the_card_says_where_other_libraries_leave_the_prompt_out(converted):
    told = {
        layout: "A query begins with the text 'query:'" in (folder / "README.md").read_text()
        for layout, folder in converted.items()
    }
    assert told == {"pylate": False, "colbert": False, "sentence-transformers": True}


def test_transformers_4_reads_the_special_tokens(converted):
    settings = json.loads((converted["colbert"] / "tokenizer_config.json").read_text())
    assert {"[unused0]", "[unused1]"} <= set(settings["additional_special_tokens"])
    assert not isinstance(settings.get("extra_special_tokens"), list)


def test_the_size_of_a_teacher_is_that_of_its_layers(saved):
    encoder = AutoModel.from_pretrained(saved["colbert"])
    layers = encoder.encoder.parameters()
    assert parameters_of(saved["colbert"]) == sum(weight.numel() for weight in layers)


def test_several_linear_layers_become_one(copied, tmp_path):
    folder = copied("pylate")
    second = shutil.copytree(folder / "1_Dense", folder / "2_Dense")
    about = json.loads((second / "config.json").read_text())
    write(second / "config.json", about | {"in_features": DIMENSION, "use_residual": True})
    save_file({"linear.weight": torch.randn(DIMENSION, DIMENSION)}, second / "model.safetensors")
    modules = json.loads((folder / "modules.json").read_text())
    modules.append(modules[1] | {"idx": 2, "name": "2", "path": "2_Dense"})
    write(folder / "modules.json", modules)
    convert_teacher.main(model=folder, origin="a test", output=tmp_path / "one")
    for one, other in zip(
        by_library(folder, "query"), by_library(tmp_path / "one", "query"), strict=True
    ):
        torch.testing.assert_close(other, one, atol=1e-5, rtol=0)


def test_lengths_that_nobody_says_are_all_that_the_encoder_reads(copied):
    folder = copied("sentence-transformers")
    none = {"query_length": None, "document_length": None}
    edited(folder / "sentence_bert_config.json", **none)
    edited(folder / "tokenizer_config.json", model_max_length=int(1e30))
    model = load_finished(folder)
    assert model[0].query_length == model[0].document_length == 512
    assert len(model.encode_document(["the fox " * 600])[0]) == 512


def test_a_marker_that_colbert_does_not_know_is_its_unknown_token(copied):
    folder = copied("colbert")
    settings = json.loads((folder / "artifact.metadata").read_text())
    write(folder / "artifact.metadata", settings | {"query_token_id": "[unused7]"})
    assert load_finished(folder).prompts == {"query": "[UNK]", "document": "[unused1]"}


def test_a_teacher_of_the_hub_is_fetched_with_its_modules_and_no_pickle(saved, tmp_path):
    folder = saved["pylate"]
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    hub = Hub(files | {"1_Dense/pytorch_model.bin": b"a pickle", "modeling.py": b"exit()"})
    Thread(target=hub.serve_forever, daemon=True).start()
    try:
        done = fetched(hub, tmp_path / "model", DIMENSION)
        other = fetched(hub, tmp_path / "other", 96)
    finally:
        hub.shutdown()
        hub.server_close()
    assert done.returncode == 0, done.stderr
    assert read_layout(tmp_path / "model").dimension == DIMENSION
    assert not {"1_Dense/pytorch_model.bin", "modeling.py"} & set(hub.asked)
    assert other.stderr.splitlines()[-1] == (
        "fetch_encoder: org/tiny: vectors of 8 dimensions, but model.dimension is 96"
    )
    assert not (tmp_path / "other").exists()


def fetched(hub, output, dimension):
    command = [sys.executable, PROGRAM, "--hub", "org/tiny", "--revision", REVISION]
    command += ["--dimension", str(dimension), "--output", output]
    environment = {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
        "HF_HOME": str(output.parent / "hf"),
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


# --- what is no teacher --------------------------------------------------------------------------


def test_folders_of_three_libraries_are_told_apart(saved):
    for layout, folder in saved.items():
        found = read_layout(folder)
        assert (found.library, found.dimension) == (layout, DIMENSION)


def edited(file, **changes):
    content = json.loads(file.read_text())
    write(file, content | changes)


SPOILED = {
    "no safe weights": (
        "colbert",
        lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
        r"no \*.safetensors; expected a late-interaction model",
    ),
    "an encoder": (
        "colbert",
        lambda folder: edited(folder / "config.json", architectures=["BertModel"]),
        "no late-interaction model; expected the files of PyLate, of ColBERT, or of sentence-tr",
    ),
    "one vector a text": (
        "pylate",
        lambda folder: edited(
            folder / "config_sentence_transformers.json", model_type="SentenceTransformer"
        ),
        "no late-interaction model; expected the files of PyLate",
    ),
    "no projection": (
        "colbert",
        lambda folder: (folder / "model.safetensors").write_bytes(
            (len(b"{}")).to_bytes(8, "little") + b"{}"
        ),
        "no linear.weight among the weights; expected those of ColBERT",
    ),
    "half a file": (
        "sentence-transformers",
        lambda folder: (folder / "modules.json").write_text("[{"),
        "modules.json is not the JSON of a model",
    ),
    "a pickled projection": (
        "pylate",
        lambda folder: (folder / "1_Dense/model.safetensors").rename(
            folder / "1_Dense/pytorch_model.bin"
        ),
        "1_Dense: no model.safetensors; expected weights that are no pickle",
    ),
    "a bend": (
        "pylate",
        lambda folder: edited(
            folder / "1_Dense/config.json", activation_function="torch.nn.modules.activation.Tanh"
        ),
        "1_Dense: bias False, activation torch.nn.modules.activation.Tanh; expected a linear",
    ),
    "code of its own": (
        "pylate",
        lambda folder: write(
            folder / "modules.json", [{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]
        ),
        "modules.json: evil.Evil is code of no known library",
    ),
    "a path out of the folder": (
        "pylate",
        lambda folder: write(
            folder / "modules.json",
            [{"idx": 0, "path": "../x", "type": "sentence_transformers.models.Dense"}],
        ),
        r"modules.json: Dense lies in '../x'; expected N_Dense",
    ),
    "a transformer below": (
        "sentence-transformers",
        lambda folder: write(
            folder / "modules.json",
            [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}],
        ),
        "modules.json: Transformer lies in '0_Transformer'; expected the folder itself",
    ),
    "another module": (
        "pylate",
        lambda folder: write(
            folder / "modules.json",
            [
                {"path": "", "type": "sentence_transformers.models.Transformer"},
                {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            ],
        ),
        "modules.json: Transformer Pooling; expected Transformer, Dense, and perhaps",
    ),
    "vectors of any length": (
        "sentence-transformers",
        lambda folder: write(
            folder / "modules.json",
            [
                module
                for module in json.loads((folder / "modules.json").read_text())
                if not module["type"].endswith("Normalize")
            ],
        ),
        "modules.json: Transformer Dense MultiVectorMask; expected Normalize at the end",
    ),
    "no folder": ("colbert", shutil.rmtree, "no such folder; expected that of a late-interaction"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_folder_that_is_no_teacher_is_one_line_before_anything_runs(copied, what):
    layout, spoil, message = SPOILED[what]
    folder = copied(layout)
    spoil(folder)
    edits = {"encoders": None, "teachers": {"large": {"folder": str(folder)}}}
    line = complaint(CONSTRUCTED, edits | {"model.dimension": DIMENSION})
    assert line.startswith(f"teachers.large: {folder}: ")
    with pytest.raises(InputError, match=message):
        raise InputError(line)
    with pytest.raises(InputError):
        read_layout(folder)


MISTAKES = {
    "another dimension": (
        {"model.dimension": 96},
        "vectors of 8 dimensions, but model.dimension is 96",
    ),
    "an unknown key": ({"teachers.large.length": 8}, "teachers.large: unknown key 'length'"),
    "no commit": (
        {"teachers.other": {"hub": "a/b"}},
        "teachers.other: expected hub and revision, or folder",
    ),
    "a name of an encoder": (
        {"encoders.large": {"folder": "x"}},
        "teachers.large: is the name of an encoder too; expected another",
    ),
    "nothing to start from": (
        {"encoders": {}, "teachers": {}},
        "encoders: none, and no teachers; expected one of either",
    ),
    "a student of neither": (
        {"students": {"s": {"encoder": "small", "teacher": "huge"}}},
        "students.s.teacher: 'huge' is not an encoder of the study; expected one of small, large",
    ),
}


def with_teacher(folder):
    """A study of an encoder from scratch and a finished teacher."""
    study = yaml.safe_load(CONSTRUCTED)
    del study["encoders"]["large"]
    study["teachers"] = {"large": {"folder": str(folder)}}
    study["model"] = {"dimension": DIMENSION}
    return yaml.safe_dump(study)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_about_teachers_is_one_line_naming_the_key(saved, mistake):
    edits, message = MISTAKES[mistake]
    assert message in complaint(with_teacher(saved["pylate"]), edits)


def test_what_a_model_brings_does_nothing(copied, tmp_path):
    folder, trace = copied("colbert"), tmp_path / "pwned"
    (folder / "evil.py").write_text(f"open({str(trace)!r}, 'w')\nclass Evil: pass\n")
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    edited(folder / "config.json", auto_map={"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"})
    fetch_encoder.main(folder=folder, dimension=DIMENSION, output=tmp_path / "copy")
    brought = {file.name for file in (tmp_path / "copy").iterdir()}
    assert not {"evil.py", "pytorch_model.bin"} & brought
    convert_teacher.main(model=tmp_path / "copy", origin="x", output=tmp_path / "teacher")
    assert Embedder.load(tmp_path / "teacher").dimension == DIMENSION
    assert not trace.exists()


# --- a study -------------------------------------------------------------------------------------


def test_each_encoder_and_each_teacher_is_a_student_with_itself(saved):
    study = load_study(with_teacher(saved["pylate"]))
    assert {name: (one["encoder"], one["teacher"]) for name, one in study["students"].items()} == {
        "small": ("small", "small"),
        "large": ("large", "large"),
    }


def test_teachers_of_the_hub_are_listed_with_what_is_fetched():
    teachers = {"large": {"hub": "org/tiny", "revision": REVISION}}
    study = load_study(CONSTRUCTED, edits={"encoders": None, "teachers": teachers})
    assert hub_models(study) == {"results/mine/encoders/large": "org/tiny"}


def test_a_miniature_has_a_random_encoder_in_a_teachers_place(saved):
    edits = {"scale": "tiny"}
    small = load_study(with_teacher(saved["pylate"]), edits=edits)
    assert list(small["encoders"]) == ["small", "large"]
    assert small["teachers"] == {}
    alone = {"encoders": None, "teachers": {"one": {"hub": "org/tiny", "revision": REVISION}}}
    assert load_study(CONSTRUCTED, edits=alone | edits)["students"].keys() == {"one"}


STUDY = {
    "study": "finished",
    "pivot": "alba",
    "languages": {"high": ["bero"], "low": ["ekti"]},
    "bitext": {"sources": ["constructed"], "pairs": 64},
    "training_set": {"source": "constructed", "queries": 64},
    "collections": ["constructed"],
    "methods": ["zero_shot", "optical"],
    "constructed": {"entities": 20, "relations": 6, "passages": 40, "queries": 20},
    "model": {"dimension": DIMENSION},
    "distillation": {
        **{"steps": 2, "batch_size": 8, "learning_rate": 0.001, "length": 32},
        "marginals": "idf",
    },
    "search": {"depth": 100},
}


def test_a_student_may_have_a_finished_teacher_and_start_as_another(saved, tmp_path):
    tree = copy_tree(tmp_path / "tree")
    students = {
        "itself": {"encoder": "big", "teacher": "big"},
        "cross": {"encoder": "small", "teacher": "big"},
    }
    study = STUDY | {
        "teachers": {"big": {"folder": str(saved["colbert"])}},
        "encoders": {"small": {"layers": 1, "width": 32, "heads": 2, "vocabulary": 500}},
        "pretraining": {"text": {"alba": 300}},
        "students": students,
    }
    (tree / "cross.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    made = pending(tree, "--configfile", "cross.yaml")
    assert made["results/finished/encoders/big"] == "copy_teacher"
    assert made["results/finished/teachers/big"] == "convert_teacher"
    assert made["results/finished/teachers/small"] == "train_teacher"  # which cross starts as
    assert not any(path.startswith("results/finished/indexes/small/") for path in made)
