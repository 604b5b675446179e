"""What the profiles do, on this machine: that of Slurm too, without its executor."""

import pytest

from trees import SMOKE, copy_tree, snakemake

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
