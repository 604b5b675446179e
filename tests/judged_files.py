"""WikiCLIR and its kin in the layouts of their publishers, and as ir_datasets exports them."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from optical.study.loading import read_datasets

DATASETS = read_datasets()
PROGRAMS = Path(__file__).parents[1] / "workflow_scripts"

# The layout of the University of Heidelberg: tab-separated, without a heading.
HEIDELBERG = {
    "queries": "3\tist eine Stadt an der Donau .\n7\tist ein Fluss .\n9\t\n11\tist ein Berg .\n",
    "docs": "30\tUlm is a city .\n31\tThe Danube is a river .\n32\tBavaria is a state .\n",
    "qrels": "3\t30\t3\n3\t31\t2\n7\t32\t2\n7\t31\t3\n9\t32\t3\n11\t99\t3\n13\t30\t3\n15\t30\t2\n",
}
# Those of CLIRMatrix: JSON lines of a pair of languages, documents of a language.
SWAHILI = [
    {
        "src_id": "5",
        "src_query": "Ziwa",
        "tgt_results": [["50", 6], ["51", 6], ["52", 3], ["53", 0]],
    },
    {"src_id": "6", "src_query": "Mto", "tgt_results": [["52", 5], ["54", 2], ["50", 0]]},
    {"src_id": "8", "src_query": "Mlima", "tgt_results": [["99", 4], ["52", 3]]},
    {"src_id": "4", "src_query": "Hakuna", "tgt_results": [["53", 0]]},
]
ENGLISH = "".join(f"{n}\tArticle {n} on a subject.\n" for n in range(50, 55))
# Those of Sasaki et al.: English sentences ask for articles.
LARGE = {
    "queries": "12\tTirax language\tis an oceanic language .\n13\tAkiolojia\tis a science .\n",
    "docs": (
        "2\tAkiolojia\t akiolojia ( `` zamani '' ) ni somo . kuna vitu vingi .\n"
        "3\tLugha\t 1. lugha ni ya watu\n"
        "4\tJambo\t habari .\n"
    ),
    "rel": "12\t3\t2\n13\t2\t2\n13\t4\t1\n",
}

EXPORT = """
import json, sys
import export_ir_dataset
for options in json.loads(sys.argv[1]):
    export_ir_dataset.main(**options)
"""


def publish(
    home: Path, judged: Mapping[str, list[dict]] | None = None, english: str = ENGLISH
) -> None:
    """Put the published files where ir_datasets keeps what it has downloaded.

    judged: of CLIRMatrix, the rows of a language; those of Swahili if not given. english: its
    documents.
    """
    texts: dict[str, str] = {}
    parts: dict[str, str] = {}
    for language, rows in (judged or {"sw": SWAHILI}).items():
        for part in ("train", "test1"):
            name = f"{language}.en.{part}.base.jl.gz"
            parts[f"queries/{language}_en/{part}"] = name
            texts[name] = "".join(json.dumps(row) + "\n" for row in rows)
    contexts = {"clirmatrix_docs": {"docs/en": "en.tsv.gz"}, "clirmatrix_bi139_base": parts}
    index = {
        context: {
            key: {"url": f"https://example.org/{name}", "cache_path": name}
            for key, name in files.items()
        }
        for context, files in contexts.items()
    }
    texts |= {"clirmatrix_downloads.json.gz": json.dumps(index), "en.tsv.gz": english}
    for name, text in texts.items():
        path = home / "clirmatrix" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
    for name, text in {
        "english/wiki_en.queries": LARGE["queries"],
        "swahili/wiki_sw.documents": LARGE["docs"],
        "swahili/en2sw.rel": LARGE["rel"],
    }.items():
        path = home / "wikiclir/source/wiki-clir" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def exported_sets(folder: Path, language: str = "sw") -> dict[str, Path]:
    """{name: folder} of the sets that ir_datasets reads, exported for a language as the workflow
    does. It is a process of its own, for ir_datasets asks once where it keeps its files.
    """
    publish(folder / "home")
    jobs = []
    for name in ("clirmatrix", "largeclir"):
        (folder / name).mkdir()
        for file, about in DATASETS[name]["files"].items():
            if about.get("language", language) == language:
                options = {key: about[key] for key in ("id", "part", "fields") if key in about}
                jobs.append(options | {"output": str(folder / name / file)})
    done = subprocess.run(
        [sys.executable, "-c", EXPORT, json.dumps(jobs)],
        cwd=PROGRAMS,
        env=os.environ | {"IR_DATASETS_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {name: folder / name for name in ("clirmatrix", "largeclir")}
