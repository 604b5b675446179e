"""What the profiles do, on this machine: that of Slurm too, without its executor."""

import pytest
import yaml

from trees import ROOT, SMOKE, copy_tree, snakemake, succeeds

FAILING = """

rule fail:
    output:
        "never.txt",
    log:
        "fail.log",
    shell:
        "echo queries.tsv:3: no text > {log}; exit 1"
"""


@pytest.mark.parametrize(
    "options",
    [(), ("--workflow-profile", "profiles/slurm", "--executor", "local", "--retries", 0)],
    ids=["default", "slurm"],
)
def test_the_log_of_a_failed_step_is_shown(tmp_path, options):
    tree = copy_tree(tmp_path / "tree")
    with open(tree / "Snakefile", "a") as file:
        file.write(FAILING)
    done = snakemake(tree, "--cores", 1, "fail", *options, *SMOKE)
    assert done.returncode
    # A line of its own, which the command that Snakemake shows is not.
    assert "\nqueries.tsv:3: no text\n" in done.stderr
    # And in the end its last word, for who has many steps above it.
    assert "\nfail failed: queries.tsv:3: no text\n    its log: fail.log\n" in done.stderr


def adapted(*, uncommented=(), removed=()):
    """The profile for Slurm as a user adapts it: with some lines taken in, and others out."""
    lines = (ROOT / "profiles/slurm/config.yaml").read_text().splitlines()
    for line in (*uncommented, *removed):
        assert any(line in given for given in lines), line
    kept = [line for line in lines if line.strip() not in removed]
    taken = {f"# {line}": line for line in uncommented}
    return "".join(
        f"{line.replace(line.strip(), taken.get(line.strip(), line.strip()))}\n" if line else "\n"
        for line in kept
    )


# by name: how a user adapts the profile, and a part of what it then says
CLUSTERS: dict[str, tuple[dict, dict]] = {
    "as it is": ({}, {"slurm-requeue": True}),
    "without accounting": (
        {"uncommented": ("slurm-no-account: True", "slurm-status-command: squeue")},
        {"slurm-no-account": True, "slurm-status-command": "squeue"},
    ),
    "with --gres alone": ({"uncommented": ("gres: gpu:1",), "removed": ("gpu: 1",)}, {}),
}


def rules_with(directive):
    """The rules that have a line."""
    found, rule = set(), ""
    for file in sorted((ROOT / "rules").glob("*.smk")):
        for line in file.read_text().splitlines():
            rule = line.split()[1].rstrip(":") if line.startswith("rule ") else rule
            if line.strip() == directive:
                found.add(rule)
    return found


def test_the_profile_for_slurm_has_every_step_that_may_use_a_gpu():
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    asked = {name for name, own in profile["set-resources"].items() if "gpu" in own}
    assert asked == rules_with("gpu=gpus,")


def test_what_downloads_runs_on_the_login_node():
    brings = {"download_file", "export_ir_dataset"} | {
        f"fetch_{what}" for what in ("encoder", "teacher", "translator")
    }
    assert brings <= rules_with("localrule: True")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_profile_for_slurm_has_a_line_for_each_kind_of_cluster(tmp_path, cluster):
    adaptation, expected = CLUSTERS[cluster]
    (tmp_path / "config.yaml").write_text(adapted(**adaptation))
    profile = yaml.safe_load((tmp_path / "config.yaml").read_text())
    assert expected.items() <= profile.items()
    for rule in ("pretrain_encoder", "distill_student", "embed_passages", "build_index"):
        asked = profile["set-resources"][rule]
        assert ("gres" in asked, "gpu" in asked) == (
            (True, False) if "gres" in cluster else (False, True)
        )
    planned = ("--dry-run", "--printshellcmds", "--profile", tmp_path, "--executor", "local")
    done = succeeds(snakemake(ROOT, *planned, *SMOKE, "--", "results/smoke/encoders/small"))
    assert "pretrain_encoder.py" in done.stdout
