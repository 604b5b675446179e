import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from trees import FEWER, SMOKE, copy_tree, snakemake, succeeds


def folder_from(variable: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: no real data on this machine")
    return Path(value)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder laid out as <host>/<path> of each URL in resources/datasets.yaml."""
    return folder_from("OPTICAL_MIRROR")


@pytest.fixture(scope="session")
def local_data() -> Path:
    """Folder of a user's own data sets, such as `squad` in the MS MARCO layout."""
    return folder_from("OPTICAL_LOCAL")


TEXTS = ["the cat sat on the mat", "the dog, the cat and the mat", "a dog sat"] * 30


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    """The folder of a tiny encoder that knows the words of `TEXTS`."""
    import torch

    from optical.models.encoders import new_masked_model
    from optical.models.tokenizer import train_tokenizer
    from optical.training.trainer import save

    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS, 60)
    model = new_masked_model(tokenizer, layers=1, width=16, heads=2)
    save(folder, model.save_pretrained, tokenizer.save_pretrained)
    return folder


def embedder(model, folder: Path):
    """A late-interaction model as the programs that embed load it, saved to a new folder."""
    from optical.models.embedding import Embedder
    from optical.models.export import save_for_all

    save_for_all(folder, model, "")
    return Embedder.load(folder)


@pytest.fixture
def model(encoder):
    """A tiny late-interaction model of random weights, always the same."""
    import torch

    from optical.models.encoders import late_interaction

    torch.manual_seed(0)
    return late_interaction(encoder, dimension=8, query_length=16, passage_length=32)


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """The finished smoke study: (its folder, what the run printed); one for all workers.

    Each of its programs was a new Python, so that what it cost is what it costs a user.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, printed = shared / "run", shared / "run.printed"
    with FileLock(shared / "run.lock"):
        if not printed.exists():
            copy_tree(folder)
            done = succeeds(
                snakemake(folder, "--cores", 2, "--show-failed-logs", *SMOKE, fresh=True)
            )
            printed.write_text(done.stdout + done.stderr)
    return folder, printed.read_text()


@pytest.fixture
def finished(run, tmp_path):
    """A copy of the finished study, to change something in."""
    return shutil.copytree(run[0], tmp_path / "copy")


@pytest.fixture
def fewer(finished):
    """(folder, what the run printed) of the finished study with `FEWER` methods: only its tables
    and pictures are made anew, so what else is in the folder may be more than the study has.
    """
    done = succeeds(snakemake(finished, "--cores", 2, *SMOKE, *FEWER))
    return finished, done.stdout + done.stderr


def pytest_make_parametrize_id(val, argname):
    """Bytes by what they are for: those of an archive hold the time, and names are to stay."""
    return argname if isinstance(val, bytes) else None


FIGURES = {
    "edits checked against the jobs they rerun": ("test_reruns.py::",),
    "bad files and studies refused": (
        "test_bad_files.py::test_a_bad_file",
        "test_study.py::test_a_mistake",
        "test_study.py::test_a_section_of_another_type",
        "test_study.py::test_settings_of_a_training_that_contradict",
        "test_study.py::test_numbers_and_names_that_could_not_run",
    ),
    "things from outside that did nothing": ("test_security.py::",),
}


def pytest_terminal_summary(terminalreporter):
    """How much of what users do, and of what befalls them, was tried."""
    passed = terminalreporter.stats.get("passed", ())
    for text, tests in FIGURES.items():
        number = sum(any(test in report.nodeid for test in tests) for report in passed)
        if number:
            terminalreporter.write_line(f"{text}: {number}")
    for report in passed:
        for name, text in report.user_properties:
            if name == "survived":
                terminalreporter.write_line(f"survived: {text}")
