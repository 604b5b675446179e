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
