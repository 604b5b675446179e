import os
from pathlib import Path

import pytest


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

    from optical.encoders import new_masked_model, train_tokenizer
    from optical.training import save

    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS, 60)
    model = new_masked_model(tokenizer, layers=1, width=16, heads=2)
    save(folder, model.save_pretrained, tokenizer.save_pretrained)
    return folder


def embedder(model, folder: Path):
    """A late-interaction model as the programs that embed load it, saved to a new folder."""
    from optical.embedding import Embedder
    from optical.export import save_for_all

    save_for_all(folder, model, "")
    return Embedder.load(folder)


@pytest.fixture
def model(encoder):
    """A tiny late-interaction model of random weights, always the same."""
    import torch

    from optical.encoders import late_interaction

    torch.manual_seed(0)
    return late_interaction(encoder, dimension=8, query_length=16, passage_length=32)
