"""Models of a hub that is imitated here, as its library asks for them."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save
from safetensors.torch import load_file

import fetch_encoder
from hosts import PULL_REQUEST, REVISION, Hub
from optical.models.encoders import late_interaction
from optical.models.export import save_for_all
from optical.runtime.errors import InputError

PROGRAM = Path(__file__).parents[1] / "workflow_scripts/fetch_encoder.py"
# More than the hub's library holds in memory before it writes: 10 MB.
WEIGHTS = save({"embeddings.weight": np.zeros((100_000, 64), dtype=np.float32)})
FILES = {
    "config.json": b'{"model_type": "xlm-roberta"}',
    "model.safetensors": WEIGHTS,
    "tokenizer.json": b"{}",
    "pytorch_model.bin": b"a pickle, which nobody asks for",
}


@pytest.fixture
def hub():
    server = Hub(FILES).start()
    yield server
    server.shutdown()
    server.server_close()


def fetch(hub, output, model="org/tiny", revision=REVISION, options=(), **variables):
    command = [sys.executable, PROGRAM, "--hub", model, "--revision", revision, "--output", output]
    command += options
    proxies = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HF_TOKEN", "HF_HUB_OFFLINE"}
    environment = {name: value for name, value in os.environ.items() if name not in proxies}
    environment |= {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", **variables}
    environment |= {"HF_HOME": str(output.parent / "hf")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_model_is_fetched_without_what_could_run_code(hub, tmp_path):
    done = fetch(hub, tmp_path / "model", HF_TOKEN="hf_secret")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "model") == {"config.json", "model.safetensors", "tokenizer.json"}
    assert (tmp_path / "model/model.safetensors").read_bytes() == WEIGHTS
    assert "pytorch_model.bin" not in hub.asked
    assert "Bearer hf_secret" in hub.tokens
    assert "hf_secret" not in done.stdout + done.stderr
    assert names(tmp_path) <= {"model", "hf"}


def test_a_transfer_that_breaks_goes_on_where_it_broke(hub, tmp_path):
    hub.breaks = 2
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model/model.safetensors").read_bytes() == WEIGHTS
    first, second, third = hub.ranges
    assert first is None
    assert second.startswith("bytes=1")


def test_a_hub_that_is_busy_is_asked_again(hub, tmp_path):
    hub.refuses = 1
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert len(hub.ranges) == 2
    assert "503 Service Unavailable" in done.stderr
    assert hub.asked.count("config.json") == 1


@pytest.mark.parametrize(
    ("model", "revision", "message"),
    [
        ("org/other", REVISION, "the hub has no such model, or HF_TOKEN may not read it"),
        ("org/consent", REVISION, "asks for consent; give it on the model's page and set HF_TOKEN"),
        ("org/tiny", "f" * 40, "the hub has no such commit of it"),
    ],
)
def test_what_the_hub_does_not_give_is_said_in_a_line(hub, tmp_path, model, revision, message):
    done = fetch(hub, tmp_path / "model", model, revision)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"fetch_encoder: {model} at {revision}: {message}"
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def pickled(what):
    written = io.BytesIO()
    torch.save(what, written)
    return written.getvalue()


def without_safe_weights(**weights):
    """The files of a model whose weights are in the old format alone."""
    names = ("config.json", "tokenizer.json")
    return {name: FILES[name] for name in names} | weights


def test_weights_in_the_old_format_become_safe_where_there_are_no_others(hub, tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    hub.files = without_safe_weights(**{"pytorch_model.bin": pickled({"a": shared, "b": shared})})
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert "org/tiny has no safetensors; pytorch_model.bin: tensors alone are read" in done.stderr
    assert names(tmp_path / "model") == {"config.json", "model.safetensors", "tokenizer.json"}
    found = load_file(tmp_path / "model/model.safetensors")
    assert all(torch.equal(found[name], shared) for name in ("a", "b"))


def test_weights_in_the_old_format_may_lie_in_parts(hub, tmp_path):
    parts = {
        f"pytorch_model-0000{number}-of-00002.bin": pickled({name: torch.full((2,), number)})
        for number, name in ((1, "a"), (2, "b"))
    }
    index = {"metadata": {}, "weight_map": dict(zip("ab", parts, strict=True))}
    parts["pytorch_model.bin.index.json"] = json.dumps(index).encode()
    hub.files = without_safe_weights(**parts)
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "model/model.safetensors.index.json").read_text())
    for number, name in ((1, "a"), (2, "b")):
        file = tmp_path / "model" / written["weight_map"][name]
        assert torch.equal(load_file(file)[name], torch.full((2,), number))
    assert not any(name.startswith("pytorch_model") for name in names(tmp_path / "model"))


def test_weights_below_the_model_are_not_fetched_and_stand_for_none(hub, tmp_path):
    below = ("checkpoint-500/model.safetensors", "onnx/tokenizer.json")
    weights = {"pytorch_model.bin": pickled({"a": torch.zeros(2)})}
    hub.files = without_safe_weights(**weights) | dict.fromkeys(below, WEIGHTS)
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert names(tmp_path / "model") == {"config.json", "model.safetensors", "tokenizer.json"}
    assert not {*below} & {*hub.asked}


class Touch:
    """What a pickle would do when it is loaded without care."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


HELD: dict[str, object] = {
    "tensors in a dict": {"state_dict": {"a": torch.zeros(2)}},
    "a number beside": {"a": torch.zeros(2), "step": 3},
    "no names": [torch.zeros(2)],
}


@pytest.mark.parametrize("held", [None, "code", *HELD])
def test_a_pickle_of_anything_but_tensors_is_refused(hub, tmp_path, held):
    trap = tmp_path / "trap"
    data = b"no pickle" if held is None else pickled(HELD.get(held, {"a": Touch(trap)}))
    hub.files = without_safe_weights(**{"pytorch_model.bin": data})
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("fetch_encoder: org/tiny: pytorch_model.bin: ")
    assert line.endswith("; expected a file of tensors alone")
    assert not trap.exists()
    assert not (tmp_path / "model").exists()


def test_the_commit_of_a_pull_request_is_looked_up_once(hub, tmp_path):
    lock = tmp_path / "downloads/lock.tsv"
    for name in ("one", "two"):
        done = fetch(hub, tmp_path / name, revision=PULL_REQUEST, options=["--commits", lock])
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "model.safetensors").read_bytes() == WEIGHTS
    assert lock.read_text() == f"org/tiny@{PULL_REQUEST}\t{REVISION}\n"
    assert hub.looked_up == 1


def test_a_model_without_weights_is_refused(hub, tmp_path):
    hub.files = without_safe_weights()
    done = fetch(hub, tmp_path / "model")
    assert done.returncode == 1
    assert "org/tiny: no *.safetensors; expected a transformers model" in done.stderr
    assert not (tmp_path / "model").exists()


def test_a_hub_out_of_reach_is_said_in_a_line(hub, tmp_path):
    hub.shutdown()
    hub.server_close()
    done = fetch(hub, tmp_path / "model", HF_HUB_ETAG_TIMEOUT="1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"fetch_encoder: org/tiny at {REVISION}: " in done.stderr
    assert not (tmp_path / "model").exists()


# --- a folder ------------------------------------------------------------------------------------


def test_a_model_of_this_project_is_copied_with_all_that_its_index_names(model, tmp_path):
    save_for_all(tmp_path / "mine", model, "")
    fetch_encoder.main(folder=tmp_path / "mine", output=tmp_path / "copy")
    assert names(tmp_path / "copy/1_Dense") == {"model.safetensors"}
    copy = late_interaction(tmp_path / "copy", dimension=8, query_length=16, passage_length=32)
    trained = model[0].auto_model.state_dict()
    for name, weights in copy[0].auto_model.state_dict().items():
        # Both have added the markers to the vocabulary, the second time in vain.
        torch.testing.assert_close(weights, trained[name])


def test_what_is_no_file_is_not_copied(encoder, tmp_path):
    folder = Path(shutil.copytree(encoder, tmp_path / "from"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/vocab.json").write_text("{}")
    fetch_encoder.main(folder=folder, output=tmp_path / "to")
    assert "tokenizer.json" in names(tmp_path / "to")
    assert "tokenizer" not in names(tmp_path / "to")


def without_a_shard(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def cut(folder, size):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:size])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_a_shard, "model.safetensors.index.json names model-2.safetensors, which is not"),
        (lambda folder: cut(folder, -8), r"model.safetensors holds no whole weights: \d+ bytes of"),
        (lambda folder: cut(folder, 30), "model.safetensors holds no whole weights: half a header"),
        (
            lambda folder: (folder / "model.safetensors").write_text("version https://git-lfs"),
            "model.safetensors holds no whole weights: half a header",
        ),
        (
            lambda folder: (folder / "model.safetensors.index.json").write_text(
                '{"weight_map": ["model.safetensors"]}'
            ),
            "model.safetensors.index.json is not the JSON of a model",
        ),
    ],
)
def test_weights_that_are_not_whole_are_refused(encoder, tmp_path, spoil, message):
    folder = Path(shutil.copytree(encoder, tmp_path / "from"))
    spoil(folder)
    with pytest.raises(InputError, match=f"^{folder}: {message}"):
        fetch_encoder.main(folder=folder, output=tmp_path / "to")
    assert not (tmp_path / "to").exists()
