"""How long Snakemake thinks before it works: on a large study, and on one with nothing left to do.

python benchmarks/dry_run.py [--finished config.yaml] [--languages N]
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from machine import describe

ROOT = Path(__file__).parents[1]
# 20 languages, 3 seeds; belebele and ntrex have them all but one.
LARGE = yaml.safe_load((ROOT / "studies/belebele.yaml").read_text())
LARGE |= {
    "study": "large",
    "collections": ["belebele", "ntrex", "clippings"],
    "methods": ["bm25", "zero_shot", "wikiclir", "sentence", "greedy", "optical"],
    "students": {
        name: {"encoder": name.split("-")[0], "teacher": name.split("-")[-1]}
        for name in ("base", "large", "base-from-large", "large-from-base")
    },
}


def main(finished: str, languages: int | None) -> None:
    """Time both, and print."""
    print(describe("cpu"))
    groups = {name: codes[:languages] for name, codes in LARGE["languages"].items()}
    with tempfile.TemporaryDirectory() as folder:
        study = study_file(Path(folder), groups)
        seconds, jobs = dry_run("--configfile", study)
    number = sum(map(len, groups.values()))
    print(f"dry run of a study of {number} languages, 4 students, 6 methods, ", end="")
    print("3 seeds and 3 collections:")
    print(f"{jobs} jobs, {seconds:.1f} s")
    seconds, jobs = dry_run("--configfile", finished)
    if jobs:
        print(f"{finished}: not finished here, {jobs} jobs to run; {seconds:.1f} s")
        return
    seconds, _ = snakemake("--cores", "all", "--configfile", finished)
    print(f"nothing to do in {finished}, finished: {seconds:.1f} s")


def study_file(folder: Path, groups: dict[str, list[str]]) -> Path:
    """The large study of these languages, with a user's own collection for the third."""
    languages = [code for group in groups.values() for code in group]
    own = {"folder": "clippings", "layout": "msmarco", "languages": languages}
    (folder / "clippings").mkdir()
    names = ["collection", "qrels", *(f"queries.{code}" for code in [LARGE["pivot"], *languages])]
    for name in names:
        (folder / f"clippings/{name}.tsv").touch()
    study = LARGE | {"languages": groups, "own": {"clippings": own}, "local": str(folder)}
    (folder / "large.yaml").write_text(yaml.safe_dump(study))
    return folder / "large.yaml"


def dry_run(*arguments: str | Path) -> tuple[float, int]:
    """Seconds, and the jobs that are to be run."""
    seconds, said = snakemake("--dry-run", "--quiet", "rules", *arguments)
    total = re.search(r"^total +(\d+)$", said, flags=re.MULTILINE)
    return seconds, int(total[1]) if total else 0


def snakemake(*arguments: str | Path) -> tuple[float, str]:
    """Seconds, and what was said, of Snakemake in the project's folder."""
    command = [sys.executable, "-m", "snakemake", *map(str, arguments)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds, done.stdout + done.stderr


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finished", default="config.yaml", help="a study that is finished here")
    parser.add_argument("--languages", type=int, help="of each group, at most (all)")
    main(**vars(parser.parse_args()))
