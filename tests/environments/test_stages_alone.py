"""Every step of the smoke study in an environment that is made of nothing but its own file.

As conda makes them, of the `pip:` list, but with venv, so that no conda is needed.
"""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from pin import canonical
from test_environments import environment, environment_of
from trees import ROOT, SMOKE, copy_tree, snakemake, succeeds


@pytest.fixture(scope="module")
def python_of(tmp_path_factory):
    """The Python of an environment, by the environment's name; made when it is first asked for."""

    @cache
    def made(name):
        folder = tmp_path_factory.mktemp(name)
        _, packages = environment(ROOT / f"envs/{name}.yaml")
        print(f"installing {name}: {', '.join(packages)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        listed = [f"{package}=={version}" for package, version in packages.items()]
        subprocess.run([folder / "bin/pip", "install", "-q", *listed], check=True)
        freeze = [folder / "bin/pip", "freeze"]
        done = subprocess.run(freeze, check=True, capture_output=True, text=True)
        found = {canonical(re.split("==| @ ", line)[0]) for line in done.stdout.splitlines()}
        # PyTorch pins the packages of CUDA itself.
        loose = {one for one in found - packages.keys() if not one.startswith(("nvidia", "cuda"))}
        assert not loose, f"envs/{name}.yaml does not pin {', '.join(sorted(loose))}"
        return folder / "bin/python"

    return made


def test_every_step_of_a_study_runs_in_its_own_environment(python_of, tmp_path):
    tree = copy_tree(tmp_path / "tree")
    for file in tree.glob("rules/*.smk"):
        parts = re.split(r"^(?=rule \w+:)", file.read_text(), flags=re.MULTILINE)
        for number, part in enumerate(parts):
            if rule := re.match(r"rule (\w+)", part):
                python = python_of(environment_of(rule[1]))
                parts[number] = part.replace("python workflow", f"{python} workflow")
        file.write_text("".join(parts))
    succeeds(snakemake(tree, "--cores", 2, "--show-failed-logs", *SMOKE))
    verify = [sys.executable, "workflow_scripts/verify_scores.py", "--study", SMOKE[1]]
    done = subprocess.run(verify, cwd=tree, capture_output=True, text=True)
    print(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stdout


def test_the_export_of_ir_datasets_runs_in_its_own_environment(python_of, tmp_path):
    """No study of the tests asks for it: it would need a network."""
    program = Path(copy_tree(tmp_path / "tree"), "workflow_scripts/export_ir_dataset.py")
    command = [python_of("ir_datasets"), program, "--id", "no/such", "--part", "corpus"]
    done = subprocess.run([*command, "--output", tmp_path / "out"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no/such" in done.stderr
    assert "Traceback" not in done.stderr
