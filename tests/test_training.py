"""Training as users have it: killed, resumed, run twice at once, on several processes."""

import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from conftest import TEXTS, embedder
from optical.models.embedding import embed
from optical.models.encoders import load
from optical.models.export import save_for_all
from optical.models.layouts import ENCODER_WEIGHTS, PROJECTION_WEIGHTS
from optical.retrieval.token_vectors import write_token_vectors
from optical.runtime.errors import InputError
from optical.runtime.files import lock
from optical.runtime.origin import fingerprint, origin_of
from optical.training import collator
from optical.training.checkpoints import MARKER, newest_whole, training_folder
from optical.training.log import LEAST_SPREAD, PATIENCE, CollapseGuard, read_log, spread
from train_tiny import train

STEPS = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory, encoder):
    """What a tiny distillation starts from: a student with dropout, sentences, and targets."""
    from optical.models.encoders import late_interaction

    folder = tmp_path_factory.mktemp("distillation")
    torch.manual_seed(0)
    model = late_interaction(encoder, dimension=8, query_length=16, passage_length=32)
    sentences = [f"{TEXTS[number % 3]} {TEXTS[number % 7 % 3]}" for number in range(20)]
    teacher = embedder(model, folder / "teacher")
    write_token_vectors(folder / "targets", embed(teacher, sentences, task="query"), 8)
    # Another student than the teacher, and dropout, so that the random numbers matter.
    model[1].linear.weight.data += 0.3 * torch.randn_like(model[1].linear.weight)
    save_for_all(folder / "start", model, "")
    set_dropout(folder, 0.1)
    (folder / "sentences.json").write_text(json.dumps(sentences))
    return folder


def set_dropout(folder, share):
    file = folder / "start" / "config.json"
    dropout = {"hidden_dropout_prob": share, "attention_probs_dropout_prob": share}
    file.write_text(json.dumps(json.loads(file.read_text()) | dropout))


PATHS = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
processes = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module", autouse=True)
def imported():
    """Processes begin with everything imported, and may be killed."""
    processes.set_forkserver_preload(
        ["train_tiny", "optical.training.trainer", "optical.transport.losses"]
    )
    with pytest.MonkeyPatch.context() as patch:  # the server finds modules by the environment alone
        patch.setenv("PYTHONPATH", PATHS["PYTHONPATH"])
        forkserver.ensure_running()


def trained(folder, output, **settings):
    """Train in a process of its own; returns its exit code, negative for a signal."""
    process = processes.Process(target=train, args=(folder, output), kwargs=settings)
    process.start()
    process.join()
    return process.exitcode


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "student"
    assert trained(folder, output) == 0
    return output


def weights(output):
    return {
        file.relative_to(output).as_posix(): load_file(file)
        for file in sorted(Path(output).rglob("*.safetensors"))
    }


def assert_same_weights(one, other):
    one, other = weights(one), weights(other)
    assert list(one) == list(other)
    assert one
    for name, tensors in one.items():
        for key, tensor in tensors.items():
            assert torch.equal(tensor, other[name][key]), f"{name}: {key}"


def steps(log):
    return [(line["step"], line["loss"], line["examples"]) for line in log if "loss" in line]


def test_ten_kills_leave_no_trace(folder, undisturbed, tmp_path):
    rng = random.Random(20)
    output = tmp_path / "student"
    for step in sorted(rng.sample(range(1, STEPS), 10)):
        assert trained(folder, output, kill_at=step) == -9
        assert not output.exists()
    assert trained(folder, output) == 0
    assert_same_weights(output, undisturbed)
    assert steps(read_log(output / "training.jsonl")) == steps(
        read_log(undisturbed / "training.jsonl")
    )
    assert not training_folder(output).exists()


def test_batches_that_other_processes_make_are_the_same(folder, undisturbed, tmp_path):
    output = tmp_path / "student"
    assert trained(folder, output, readers=2, kill_at=10) == -9
    # They end some seconds after the process that was killed, and do not hold its lock until then.
    assert trained(folder, output, readers=1) == 0
    assert_same_weights(output, undisturbed)
    assert steps(read_log(output / "training.jsonl")) == steps(
        read_log(undisturbed / "training.jsonl")
    )


def test_only_beside_a_gpu_do_other_processes_make_batches(monkeypatch):
    monkeypatch.setattr(collator, "cores", lambda: 8)
    found = {}
    for gpu in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)  # noqa: B023
        found[gpu] = collator.readers()
    assert found == {False: 0, True: 2}
    numbers = []
    for cores, processes in ((1, 1), (2, 1), (8, 4), (8, 8)):
        monkeypatch.setattr(collator, "cores", lambda: cores)  # noqa: B023
        monkeypatch.setenv("WORLD_SIZE", str(processes))
        numbers.append(collator.readers())
    assert numbers == [0, 1, 1, 0]


def test_a_bitext_is_tokenised_once_in_a_training(folder, tmp_path, monkeypatch):
    student = load(folder / "start")
    read = []
    tokenizer = type(student.tokenizer)
    call = tokenizer.__call__

    def counted(self, texts, *arguments, **options):
        read.extend([texts] if isinstance(texts, str) else texts)
        return call(self, texts, *arguments, **options)

    monkeypatch.setattr(tokenizer, "__call__", counted)
    train(folder, tmp_path / "student", tokens=64)
    sentences = json.loads((folder / "sentences.json").read_text())
    marker = student.prompts["query"]
    assert sorted(text for text in read if text.startswith(marker)) == sorted(
        marker + text for text in sentences
    )


@pytest.mark.parametrize("adapter", [False, True])
@pytest.mark.parametrize("rank", [None, 2])
def test_a_student_that_is_trained_in_part_resumes_from_what_it_trains(
    folder, tmp_path, rank, adapter
):
    about = {"rank": rank, "adapter": adapter, "embeddings": "frozen"}
    undisturbed, output = tmp_path / "undisturbed", tmp_path / "student"
    assert trained(folder, undisturbed, **about) == 0
    assert trained(folder, output, kill_at=10, **about) == -9
    (checkpoint,) = training_folder(output).glob("checkpoint-8")
    kept = load_file(checkpoint / "model.safetensors")
    assert not any("word_embeddings" in name for name in kept)
    lora = {name for name in kept if "lora_" in name}
    assert len(kept) - len(lora) == (1 if rank else len(kept))  # the projection, and LoRA
    moments = torch.load(checkpoint / "optimizer.pt", weights_only=True)["state"].values()
    # A pooler has no gradient, and so no moments.
    assert sum(one["exp_avg"].numel() for one in moments) == sum(
        tensor.numel() for name, tensor in kept.items() if "pooler" not in name
    )
    assert {file.name for file in checkpoint.iterdir()} == {
        *("model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", MARKER),
        "trainer_state.json",
    }
    assert trained(folder, output, **about) == 0
    assert_same_weights(output, undisturbed)
    if not adapter:
        for file, name, same in (
            (ENCODER_WEIGHTS, "roberta.embeddings.word_embeddings.weight", True),
            (PROJECTION_WEIGHTS, "linear.weight", False),
        ):
            started, ended = (load_file(place / file) for place in (folder / "start", output))
            assert torch.equal(ended[name], started[name]) == same


def test_a_checkpoint_without_its_mark_is_not_used(folder, undisturbed, tmp_path):
    output = tmp_path / "student"
    assert trained(folder, output, kill_in_checkpoint=8) == -9
    assert {path.name for path in training_folder(output).glob("checkpoint-*")} == {
        "checkpoint-4",
        "checkpoint-8",
    }
    assert trained(folder, output, kill_at=9) == -9
    assert_resumed_from(output, 4)
    assert trained(folder, output) == 0
    assert_same_weights(output, undisturbed)


def assert_resumed_from(output, step):
    """The log after a kill at step 9 has one line a step, whichever step it went on from."""
    log = read_log(training_folder(output) / "training.jsonl")
    assert [line["step"] for line in log if "loss" in line] == list(range(1, 9))


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", MARKER])
def test_a_checkpoint_that_is_cut_in_half_is_not_used(folder, undisturbed, tmp_path, name):
    output = tmp_path / "student"
    assert trained(folder, output, kill_at=10) == -9
    (cut,) = training_folder(output).glob("checkpoint-8")
    size = (cut / name).stat().st_size
    os.truncate(cut / name, size // 2)
    assert trained(folder, output) == 0
    assert_same_weights(output, undisturbed)


def test_another_setting_starts_anew(folder, undisturbed, tmp_path):
    output = tmp_path / "student"
    assert trained(folder, output, kill_at=10, learning_rate=0.02) == -9
    assert list(training_folder(output).glob("checkpoint-8"))
    assert trained(folder, output) == 0
    assert_same_weights(output, undisturbed)


def test_a_fingerprint_follows_the_settings_and_the_content_of_files(tmp_path, monkeypatch):
    file = tmp_path / "data" / "one"
    file.parent.mkdir()
    file.write_text("1")
    settings = {"data": file.parent, "steps": 5}

    def of(settings):
        return fingerprint(origin_of(**settings))

    first = of(settings)
    assert of(dict(reversed(settings.items()))) == first
    assert of(settings | {"steps": 6}) != first
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert of(settings) != first
    monkeypatch.delenv("WORLD_SIZE")
    shutil.copytree(file.parent, tmp_path / "elsewhere" / "data")
    assert of(settings | {"data": tmp_path / "elsewhere" / "data"}) == first
    file.write_text("2")
    assert of(settings) != first


def test_one_checkpoint_is_kept(folder, tmp_path):
    output = tmp_path / "student"
    assert trained(folder, output, kill_at=23) == -9
    assert [path.name for path in training_folder(output).glob("checkpoint-*")] == ["checkpoint-20"]


def test_a_second_process_is_refused_while_the_first_one_trains(tmp_path):
    training = tmp_path / "student.training"
    with (
        lock(training),
        pytest.raises(InputError, match=f"process {os.getpid()} on .* is at work"),
        lock(training),
    ):
        pass
    with lock(training):
        pass


HOLDER = """
import os, signal, sys, time
from pathlib import Path
from optical.runtime.files import lock
with lock(Path(sys.argv[1])):
    if os.fork() == 0:
        os.write(1, f"{os.getpid()}\\n".encode())
        time.sleep(60)
        os._exit(0)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_forked_process_does_not_hold_the_lock_of_one_that_was_killed(tmp_path):
    training = tmp_path / "student.training"
    command = [sys.executable, "-c", HOLDER, str(training)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | PATHS
    ) as process:
        forked = int(process.stdout.readline())
        try:
            assert process.wait() == -9
            with lock(training):
                os.kill(forked, 0)  # it is still there
        finally:
            os.kill(forked, 9)


def test_nothing_is_used_of_an_empty_folder(tmp_path):
    assert newest_whole(tmp_path, "any") is None


# --- several processes ---------------------------------------------------------------------------


def test_two_processes_have_the_loss_curve_of_one_on_the_same_batches(folder, tmp_path):
    # Dropout would differ: each process draws its own.
    folder = shutil.copytree(folder, tmp_path / "without_dropout")
    set_dropout(folder, 0.0)
    script = Path(__file__).with_name("train_tiny.py")
    logs = []
    for launcher, name in (
        ([], "one"),
        (["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"], "two"),
    ):
        output = tmp_path / name
        command = [sys.executable, *launcher, str(script), str(folder), str(output)]
        run = subprocess.run(
            [*command, "--accumulation", "2"],
            env=os.environ | PATHS | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr[-3000:]
        logs.append(read_log(output / "training.jsonl"))
    one, two = (np.array([line["loss"] for line in log if "loss" in line]) for log in logs)
    assert len(one) == STEPS
    np.testing.assert_allclose(one, two, atol=1e-3)
    assert [line["examples"] for line in logs[0]] == [line["examples"] for line in logs[1]]


# --- collapse ------------------------------------------------------------------------------------


def test_the_spread_is_that_of_the_mean_vectors():
    vectors = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]], [[1.0, 0.0]]])
    mask = torch.ones(3, 1, dtype=torch.bool)
    assert spread(vectors, mask) == pytest.approx(np.std([0, 1, 0], ddof=1))


class State:
    global_step = 10


def test_a_model_that_gives_all_texts_one_vector_is_stopped(model):
    guard = CollapseGuard(model)
    guard.watching = True
    features = model.preprocess(["a dog", "the mat", "the cat sat"], task="query")
    model(dict(features), task="query")
    logs = {"loss": 0.5}
    guard.on_log(None, State, None, logs=logs)
    assert logs["spread"] > LEAST_SPREAD
    model[1].linear.weight.data.zero_()
    model[1].linear.weight.data[:, 0] = 1.0
    model[0].auto_model.embeddings.LayerNorm.weight.data.zero_()
    model[0].auto_model.embeddings.LayerNorm.bias.data.fill_(1.0)
    for module in model[0].auto_model.encoder.layer:
        module.output.LayerNorm.weight.data.zero_()
        module.output.LayerNorm.bias.data.fill_(1.0)
    model(dict(features), task="query")
    for _ in range(PATIENCE - 1):
        guard.on_log(None, State, None, logs={"loss": 0.1})
    with pytest.raises(InputError, match="collapsed at step 10"):
        guard.on_log(None, State, None, logs={"loss": 0.1})


def test_vectors_that_are_not_finite_stop_a_training_at_once(model):
    guard = CollapseGuard(model)
    guard.spread = float("nan")
    with pytest.raises(InputError, match="diverged at step 10"):
        guard.on_log(None, State, None, logs={"loss": 0.0})


def test_a_distillation_that_diverges_says_so_and_saves_nothing(folder, tmp_path):
    """Before the guard can: a plan of such vectors is refused at once."""
    with pytest.raises(InputError, match="the training has diverged: .* is not finite; a smaller"):
        train(folder, tmp_path / "student", learning_rate=1e38)
    assert not (tmp_path / "student").exists()


def test_a_saved_student_loads(undisturbed):
    assert load(undisturbed).get_embedding_dimension() == 8
