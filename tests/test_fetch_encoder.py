"""Models of a hub that is imitated here, as its library asks for them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import REVISION, Hub

PROGRAM = Path(__file__).parents[1] / "workflow_scripts/fetch_encoder.py"
# More than the hub's library holds in memory before it writes: 10 MB.
WEIGHTS = bytes(range(256)) * 100_000
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


def fetch(hub, output, model="org/tiny", revision=REVISION, **variables):
    command = [sys.executable, PROGRAM, "--hub", model, "--revision", revision, "--output", output]
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


def test_a_model_without_safe_weights_is_refused(hub, tmp_path):
    hub.files = {name: data for name, data in FILES.items() if "safetensors" not in name}
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
