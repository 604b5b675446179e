import re
from pathlib import Path

import pytest
import yaml

from optical import corpora
from optical.downloads import mirrored
from optical.files import sha256

PATH = Path(__file__).parents[1] / "resources" / "datasets.yaml"
DATASETS = yaml.safe_load(PATH.read_text(encoding="utf-8"))
FILES = {
    f"{dataset}/{name}": file
    for dataset, entry in DATASETS.items()
    for name, file in entry["files"].items()
}


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_data_set_says_what_it_is_and_who_may_use_it(dataset):
    entry = DATASETS[dataset]
    assert set(entry) == {"title", "licence", "homepage", "citation", "files"}
    assert all(isinstance(value, str) for key, value in entry.items() if key != "files")


@pytest.mark.parametrize("file", FILES)
def test_a_file_can_be_fetched_and_checked(file):
    entry = FILES[file]
    assert {"url", "sha256", "bytes"} <= set(entry)
    assert set(entry) <= {"language", "url", "sha256", "bytes", "licence"}
    assert entry["url"].startswith("https://")
    assert re.fullmatch("[0-9a-f]{64}", entry["sha256"])
    assert entry["bytes"] > 0


@pytest.mark.parametrize("file", FILES)
def test_a_language_is_its_two_letter_code_as_a_string(file):
    # YAML reads a bare no as false.
    assert re.fullmatch("[a-z]{2}", FILES[file].get("language", "en"))


def test_a_files_name_begins_with_its_language():
    for file, entry in FILES.items():
        if "language" in entry:
            assert file.split("/")[1].startswith(f"{entry['language']}.")


def test_no_two_files_have_one_address():
    urls = [entry["url"] for entry in FILES.values()]
    assert len(urls) == len(set(urls))


def test_every_source_has_a_module_and_every_module_a_source():
    served = {*corpora.BITEXT, *(name.split("-")[0] for name in corpora.COLLECTIONS)}
    assert served - {"constructed"} == set(DATASETS)


@pytest.mark.parametrize("file", FILES)
def test_a_mirrored_file_is_the_one_described(mirror, file):
    entry = FILES[file]
    path = mirrored(entry["url"], mirror)
    assert path.stat().st_size == entry["bytes"]
    assert sha256(path) == entry["sha256"]
