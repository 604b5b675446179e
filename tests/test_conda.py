"""`--sdm conda`, with an imitation of conda that activates as the real one does.

Its environments are those of venv: made at once, and with a prefix of their own.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from optical.study.loading import load_study, read_datasets
from pin import closure
from test_workflow import STUDIES
from trees import SMOKE, copy_tree, read_study, snakemake, succeeds

CONDA = """#!/bin/bash
case "$1 $2" in
"--version ") echo conda 26.7.0 ;;
"info --json") echo '{{"conda_prefix": "{base}", "platform": "linux-64"}}' ;;
"clean -y") ;;
"config --get") echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
"env create")
    while [ $# != 0 ]; do
        [ "$1" != --prefix ] || {python} -m venv --without-pip "$2"
        shift
    done ;;
*) echo "conda $*: not imitated" >&2; exit 2 ;;
esac
"""

# What conda's activate.py has the shell do: without an active environment the new one comes first,
# else it takes the place of the active one, or the first if that is not in PATH.
ACTIVATE = """
if [ "${CONDA_SHLVL:-0}" = 0 ]; then
    PATH="$1/bin:$PATH"
else
    case ":$PATH:" in
    *":$CONDA_PREFIX/bin:"*)
        replaced=":$PATH:"
        replaced="${replaced/":$CONDA_PREFIX/bin:"/":$1/bin:"}"
        replaced="${replaced#:}"
        PATH="${replaced%:}" ;;
    *) PATH="$1/bin:$PATH" ;;
    esac
    export "CONDA_PREFIX_$CONDA_SHLVL=$CONDA_PREFIX"
fi
export PATH CONDA_PREFIX="$1" CONDA_SHLVL=$((${CONDA_SHLVL:-0} + 1))
"""

RULE = """

rule say_prefix:
    output:
        "prefix.txt",
    conda:
        "envs/data.yaml"
    shell:
        "python -c 'import os, sys; print(sys.prefix, os.getenv(\\"CONDA_PREFIX\\"))' > {output}"
"""


@pytest.fixture
def base(tmp_path, monkeypatch):
    """The folder of conda, whose base is not active."""
    base = tmp_path / "base"
    (base / "bin").mkdir(parents=True)
    (base / "bin/conda").write_text(CONDA.format(base=base, python=sys.executable))
    (base / "bin/activate").write_text(ACTIVATE)
    for name in ("conda", "python"):
        (base / "bin" / name).touch()
        (base / "bin" / name).chmod(0o755)
    for name in [name for name in os.environ if name.startswith("CONDA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{base}/bin:{os.environ['PATH']}")
    return base


@pytest.fixture
def tree(tmp_path):
    tree = copy_tree(tmp_path / "tree")
    with open(tree / "Snakefile", "a") as file:
        file.write(RULE)
    return tree


def run_rule(tree, *options):
    return snakemake(tree, "--cores", 1, "say_prefix", *options, *SMOKE)


BIN = Path(sys.executable).parent
ACTIVE = {
    "nothing": {},
    "base": {"CONDA_SHLVL": "1", "CONDA_PREFIX": "{base}"},
    "base, and .venv before it": {
        "PATH": f"{BIN}:{{PATH}}",
        "CONDA_SHLVL": "1",
        "CONDA_PREFIX": "{base}",
    },
    "an environment that has Snakemake": {
        "PATH": f"{BIN}:{{PATH}}",
        "CONDA_SHLVL": "2",
        "CONDA_PREFIX": str(BIN.parent),
        "CONDA_PREFIX_1": "{base}",
    },
    "an environment stacked on base": {
        "PATH": "{stacked}/bin:{PATH}",
        "CONDA_SHLVL": "2",
        "CONDA_PREFIX": "{stacked}",
        "CONDA_PREFIX_1": "{base}",
        "CONDA_STACKED_2": "true",
    },
}


@pytest.mark.parametrize("active", ACTIVE)
def test_a_job_runs_in_its_environment_whatever_is_active(base, tree, monkeypatch, active):
    before = {"base": base, "stacked": base.parent / "stacked", "PATH": os.environ["PATH"]}
    for name, value in ACTIVE[active].items():
        monkeypatch.setenv(name, value.format(**before))
    succeeds(run_rule(tree, "--sdm", "conda"))
    prefix, activated = (tree / "prefix.txt").read_text().split()
    assert prefix == activated
    assert Path(prefix).parent == tree / ".snakemake/conda"


@pytest.mark.parametrize(
    "activate",
    ["echo 'no such environment' >&2; false", 'export CONDA_PREFIX="$1" PATH="$PATH:$1/bin"'],
    ids=["fails", "leaves another Python first"],
)
def test_a_job_outside_its_environment_ends_with_a_line(base, tree, activate):
    (base / "bin/activate").write_text(activate)
    done = run_rule(tree, "--sdm", "conda")
    assert done.returncode
    said = re.findall(
        r"^(/\S+: not the Python of the job's conda environment.*)$", done.stderr, re.M
    )
    assert len(said) == 1
    assert said[0].startswith(str(BIN / "python"))
    assert not (tree / "prefix.txt").exists()


def test_without_sdm_conda_a_job_runs_in_the_environment_that_is_active(base, tree, monkeypatch):
    monkeypatch.setenv("CONDA_SHLVL", "1")
    monkeypatch.setenv("CONDA_PREFIX", str(base))
    succeeds(run_rule(tree))
    assert (tree / "prefix.txt").read_text().split() == [sys.prefix, str(base)]


@pytest.mark.parametrize("options", [("--sdm", "conda"), ()], ids=["conda", "no conda"])
def test_a_comment_in_an_environment_file_reruns_its_steps_under_conda_alone(base, tree, options):
    succeeds(run_rule(tree, *options))
    assert "Nothing to be done" in succeeds(run_rule(tree, "--dry-run", *options)).stdout
    with open(tree / "envs/data.yaml", "a") as file:
        file.write("# a comment\n")
    planned = succeeds(run_rule(tree, "--dry-run", *options)).stdout
    assert ("rule say_prefix" in planned) == bool(options)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python that has Snakemake and what Snakemake itself requires, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in closure({"snakemake"}):
        package = distribution(name)
        for top in {file.parts[0] for file in package.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(package.locate_file(top))
    return folder / "bin/python"


@pytest.mark.parametrize("path", STUDIES)
def test_snakemake_alone_can_plan_a_study(bare_python, tmp_path, path):
    tree = copy_tree(tmp_path / "tree")
    # Constructed data needs no files; of other studies the downloads are enough to plan.
    study = load_study(read_study(tree / path) | {"local": str(tmp_path)}, read_datasets())
    target = [] if study.is_constructed else ["prefetch"]
    command = [bare_python, "-m", "snakemake", "--dry-run", *target, "--configfile", path]
    done = subprocess.run(
        [*command, "--config", f"local={tmp_path}"], cwd=tree, capture_output=True, text=True
    )
    assert (target or ["write_report"])[0] in succeeds(done).stdout
    missing = [bare_python, "-c", "import numpy"]
    assert subprocess.run(missing, capture_output=True).returncode
