"""Prepare a repository of the Hugging Face hub for each exported model, and send nothing."""

import shlex
import sys
from pathlib import Path

from optical.models.repository import files_of, prepare
from optical.runtime.errors import InputError
from optical.runtime.program import run_program
from optical.study import paths
from optical.study.results import name_of, results_of
from optical.study.study import Study


def main(
    *,
    study: str = "config.yaml",
    owner: str = "",
    folder: Path | None = None,
) -> None:
    """
    study: its name, as under results/, or its file
    owner: the user or the organisation of the hub to upload to (who is logged in)
    folder: folder that has results/ (the current one, or that of the workflow)
    """
    results = results_of(name_of(study), folder)
    models = results.path(paths.MODELS)
    exported = sorted(path for path in models.glob("[!.]*") if path.is_dir())
    if not exported:
        raise InputError(
            f"{models}: no exported model; run the study's `snakemake models` first, with its "
            "--configfile"
        )
    # The seed of a teacher of several stands behind an @, which no name on the hub may have.
    repositories = {
        model.name: f"{results.study}.{model.name}".replace("@", ".seed-") for model in exported
    }
    named = {model: f"{owner}/{name}" if owner else name for model, name in repositories.items()}
    constructed = Study(results.settings, {}).is_constructed
    commands, refused = [], 0
    for model in exported:
        repository = results.path(paths.HUB, repository=repositories[model.name])
        name = named[model.name]
        try:
            prepare(model, repository, name, others=named, constructed=constructed)
        except InputError as error:
            print(f"{model}: {error}", file=sys.stderr)
            refused += 1
            continue
        sizes = [file.stat().st_size for file in files_of(repository)]
        print(f"{repository}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, ready")
        command = ["hf", "upload", name, str(repository), ".", "--private"]
        commands.append(f"{Path(sys.executable).parent / shlex.join(command)}")
    if commands:
        print("\nNothing was sent. To upload, log in with `hf auth login`, then:\n")
        print(*commands, sep="\n")
    if refused:
        raise InputError(f"{refused} of {len(exported)} models are not ready: see above")


if __name__ == "__main__":
    run_program(main)
