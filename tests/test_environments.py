"""The conda environments and requirements.txt against what the programs of each stage import."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

import pin
from pin import IN_CONDA, ONLY_IN_CONDA, canonical

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "workflow_scripts"
PROJECT = {"optical", "pin"}

# Where a distribution's name is not the name of its module.
DISTRIBUTION = {
    "faiss": "faiss-cpu",
    "ot": "pot",
    "pynvml": "nvidia-ml-py",
    "pytrec_eval": "pytrec-eval-terrier",
    "yaml": "pyyaml",
}
# What a distribution needs for what we use of it, and does not install by itself.
ALSO_NEEDS = {"transformers": "accelerate"}


def pinned(lines):
    """{distribution: version} of lines of the form name==version, perhaps with a marker."""
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)(; .+)?", line) for line in lines]
    assert all(matches), f"not name==version: {lines[matches.index(None)]}"
    return {canonical(match[1]): match[2] for match in matches}


def requirements():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return pinned([line for line in lines if line and not line.startswith("#")])


def environment(path):
    """The channel packages and the {distribution: version} of a conda environment file."""
    *channel_packages, pip = yaml.safe_load(path.read_text())["dependencies"]
    return channel_packages, pinned(pip["pip"])


def rules():
    """{rule: its text} of every rule file."""
    texts = {}
    for file in sorted((ROOT / "rules").glob("*.smk")):
        for text in re.split(r"^(?=rule \w+:)", file.read_text(), flags=re.MULTILINE)[1:]:
            texts[re.match(r"rule (\w+)", text)[1]] = text
    return texts


RULES = rules()
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def environment_of(rule):
    return re.search(r'conda:\s+"\.\./envs/(\w+)\.yaml"', RULES[rule])[1]


def program_of(rule):
    match = re.search(r"python workflow_scripts/(\w+)\.py", RULES[rule])
    return match and match[1]


# What they bring is told by its checksum, its revision or its id, whatever program brought it.
NOT_TRACKED = {
    "download_file",
    "export_ir_dataset",
    "fetch_encoder",
    "fetch_teacher",
    "fetch_translator",
}


def imported(file, seen):
    """Top-level modules that a program and the local modules it needs import."""
    if file in seen:
        return set()
    seen.add(file)
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            package = file.relative_to(PROGRAMS).parts[: -node.level] if node.level else ()
            module = ".".join(filter(None, [*package, node.module]))
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
            found.add(module.split(".")[0])
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("optical."):
            names = [node.value]  # a module that is loaded by name
        else:
            continue
        for name in names:
            base = PROGRAMS / name.replace(".", "/")
            for local in (base.with_suffix(".py"), base / "__init__.py"):
                if local.exists():
                    found |= imported(local, seen)
    return found


def distributions(files):
    """What must be installed for these files to run."""
    modules = set().union(*(imported(file, set()) for file in files))
    modules -= sys.stdlib_module_names | PROJECT
    found = {canonical(DISTRIBUTION.get(module, module)) for module in modules}
    return found | {ALSO_NEEDS[name] for name in found & ALSO_NEEDS.keys()}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_has_what_its_programs_import_and_nothing_else(path):
    programs = {
        program_of(rule) for rule in RULES if environment_of(rule) == path.stem and program_of(rule)
    }
    needed = distributions(PROGRAMS / f"{program}.py" for program in programs)
    named = path.read_text().partition(pin.REQUIRED)[0]
    installed = pinned(yaml.safe_load(named)["dependencies"][-1]["pip"])
    assert set(installed) == {IN_CONDA.get(name, name) for name in needed}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_is_what_make_envs_writes(path):
    assert path.read_text() == pin.pinned(path.read_text())


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_has_all_that_its_packages_require_at_the_versions_of_requirements_txt(path):
    versions = requirements()
    versions |= {conda: versions[name] for name, conda in IN_CONDA.items()}
    channel_packages, installed = environment(path)
    # What requirements.txt lacks is not installed here, and is not asked for what it requires.
    foreign = [pinned(ONLY_IN_CONDA[name]) for name in IN_CONDA.values() if name in installed]
    for others in foreign:
        assert others.items() <= installed.items()
        installed = {name: installed[name] for name in installed.keys() - others.keys()}
    assert installed == {name: versions.get(name) for name in installed}
    here = {name: conda for name, conda in IN_CONDA.items() if conda in installed}
    here |= {name: name for name in installed.keys() - here.values()}
    for name in here:
        for needed in pin.requirements(name, machine=pin.MACHINE):
            # PyTorch pins the packages of CUDA itself.
            by_itself = name == "torch" and str(needed.specifier).startswith("==")
            assert canonical(needed.name) in here or by_itself, f"{name} requires {needed}"
    python, pip = channel_packages
    assert re.fullmatch(r"python=3\.11\.\d+", python)
    assert re.fullmatch(r"pip=[\d.]+", pip)


NAMES_ALONE = """
channels:
  - conda-forge
dependencies:
  - python=3.11.14
  - pip:
      - {}
"""


def test_pinning_an_environment_writes_versions_and_what_is_required():
    done = pin.pinned(NAMES_ALONE.format("Jinja2\n      - triton"))
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    jinja, markup, triton = (
        next(line for line in lines if line.startswith(f"{name}=="))
        for name in ("Jinja2", "MarkupSafe", "triton")
    )
    assert done == (
        NAMES_ALONE.format(f"{jinja}\n      - {triton}") + f"{pin.REQUIRED}      - {markup}\n"
    )
    assert "; platform_system" in triton
    assert pin.pinned(done) == done


def test_a_package_that_requirements_txt_lacks_is_named():
    with pytest.raises(ValueError, match=r"not in requirements\.txt: no-such-package"):
        pin.pinned(NAMES_ALONE.format("no-such_package"))


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_an_environment_is_of_conda_forge_alone(path):
    """conda 26.7 takes `nodefaults` for a channel, and finds no such one."""
    assert yaml.safe_load(path.read_text())["channels"] == ["conda-forge"]


def test_all_environments_have_the_same_python():
    assert len({tuple(environment(path)[0]) for path in ENVIRONMENTS}) == 1


def test_every_environment_is_used_and_every_used_one_exists():
    assert {environment_of(rule) for rule in RULES} == {path.stem for path in ENVIRONMENTS}


def test_requirements_txt_has_what_programs_and_tests_import():
    code = [*PROGRAMS.glob("*.py"), *PROGRAMS.glob("optical/**/*.py"), *ROOT.glob("tests/*.py")]
    local = {canonical(file.stem) for file in code}
    assert distributions(code) - local <= requirements().keys()


def test_requirements_txt_names_no_registry():
    assert "://" not in (ROOT / "requirements.txt").read_text()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("directive", ["message", "output", "log", "benchmark", "conda", "shell"])
def test_every_rule_has(rule, directive):
    assert re.search(rf"^    {directive}:", RULES[rule], flags=re.MULTILINE)


@pytest.mark.parametrize("rule", [rule for rule in RULES if program_of(rule)])
def test_a_rule_runs_the_program_of_its_name(rule):
    # Two rules may share a program; then it has the name of one of them.
    assert program_of(rule) == rule or program_of(program_of(rule)) == program_of(rule)


@pytest.mark.parametrize("rule", [rule for rule in RULES if program_of(rule)])
def test_a_rule_tracks_the_code_of_the_program_that_it_runs(rule):
    tracked = re.findall(r'code\(\s*"(\w+)"', RULES[rule])
    assert tracked == ([] if rule in NOT_TRACKED else [program_of(rule)])


def test_every_program_belongs_to_a_rule_or_to_users():
    programs = {file.stem for file in PROGRAMS.glob("*.py")}
    assert programs - {program_of(rule) for rule in RULES} == {
        "ask",
        "browse_study",
        "convert_data",
        "estimate_cost",
        "list_data",
        "list_settings",
        "publish_models",
        "rehearse_study",
        "verify_scores",
    }
    assert {program_of(rule) for rule in RULES} <= {None, *programs}
