"""Fetch a model from the Hugging Face hub at a fixed revision, or copy one from a folder.

The hub's own variables count: HF_ENDPOINT for a mirror of it, HF_TOKEN for a model that wants one.
"""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from optical.models import layouts
from optical.models.old_weights import PICKLES, make_safe
from optical.runtime import hub_files
from optical.runtime.errors import InputError
from optical.runtime.files import atomic_path, lock, remove
from optical.runtime.lock_file import record_commit, recorded_commit
from optical.runtime.program import run_program


def main(
    *,
    hub: str | None = None,
    revision: str | None = None,
    folder: Path | None = None,
    dimension: int | None = None,
    commits: Path | None = None,
    output: Path,
) -> None:
    """
    hub: hub id, such as FacebookAI/xlm-roberta-base
    revision: commit of the hub model, or a pull request of it (refs/pr/39)
    folder: folder of a model on this machine
    dimension: of the token vectors of a finished late-interaction model; of another model none
    commits: file in which the commit of a pull request is recorded, and looked up again
    output: folder to write
    """
    finished = dimension is not None
    if folder:
        layouts.check_model(folder, str(folder), dimension)
        with atomic_path(output) as temporary:
            for file in layouts.files_of(folder, finished=finished):
                copy = temporary / file.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, copy)
        return
    # Beside the output, so that a download that was broken off goes on there.
    unfinished = output.with_name(f"{output.name}.unfinished")
    with lock(unfinished):
        commit = commit_of(hub, revision, commits)
        files = unfinished / commit
        download(hub, commit, files, layouts.patterns(finished=finished))
        make_safe(files, hub)
        layouts.check_model(files, hub, dimension)
        remove(files / ".cache")  # what the hub's library knows of the files
        with atomic_path(output) as temporary:
            os.replace(files, temporary)
    remove(unfinished)


def commit_of(hub: str, revision: str, commits: Path | None) -> str:
    """The commit of a revision; that of a pull request is the one that it had the first time."""
    if not revision.startswith("refs/"):
        return revision
    name = f"{hub}@{revision}"
    known = recorded_commit(commits, name) if commits else None
    if known:
        return known
    with TemporaryDirectory() as cache:
        # The hub's library names the folder of a snapshot by its commit.
        found = asked(hub, revision, cache_dir=cache, allow_patterns=["config.json"])
    commit = Path(found).name
    print(f"{name} is commit {commit}")
    if commits:
        record_commit(commits, name, commit)
    return commit


def download(hub: str, revision: str, folder: Path, patterns: list[str]) -> None:
    """The files of a model in a folder; those that are there already are not fetched again.

    Weights in the old format come only where there are none in safetensors. The hub's library goes
    on with a transfer that breaks, and waits for a network.
    """
    asked(hub, revision, local_dir=folder, allow_patterns=patterns)
    if not any(folder.glob("*.safetensors")):
        asked(hub, revision, local_dir=folder, allow_patterns=[PICKLES])


def asked(hub: str, revision: str, **options) -> str:
    """The folder of a model's files.

    options: of `huggingface_hub.snapshot_download`.

    Raises:
        InputError: where the hub has no such model or commit, wants consent, or cannot be reached.
    """
    from huggingface_hub import snapshot_download

    def fetch() -> str:
        return snapshot_download(hub, revision=revision, ignore_patterns=layouts.OTHERS, **options)

    try:
        return hub_files.patiently(fetch, "model")
    except InputError as error:
        raise InputError(f"{hub} at {revision}: {error}") from error


if __name__ == "__main__":
    run_program(main)
