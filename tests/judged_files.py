"""WikiCLIR and its kin in the layouts of their publishers, and exported by ir_datasets."""

import json
from gzip import compress
from pathlib import Path

from ir_datasets.datasets.base import Dataset
from ir_datasets.datasets.wikiclir import WikiClirDoc, WikiClirQuery
from ir_datasets.formats import CLIRMatrixQrels, CLIRMatrixQueries, TrecQrels, TsvDocs, TsvQueries
from ir_datasets.util import GzipExtract, LocalDownload

import export_ir_dataset
from optical.study.loading import read_datasets

DATASETS = read_datasets()

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


def known_sets(folder: Path) -> dict[str, Dataset]:
    """What ir_datasets is to know: its own classes, on published files that are put here."""

    def here(name, content):
        (folder / name).write_bytes(content)
        return LocalDownload(folder / name)

    lines = "".join(json.dumps(row) + "\n" for row in SWAHILI)
    judged = GzipExtract(here("sw.en.train.base.jl.gz", compress(lines.encode())))
    english = TsvDocs(GzipExtract(here("en.tsv.gz", compress(ENGLISH.encode()))), lang="en")
    queries = TsvQueries(
        here("wiki_en.queries", LARGE["queries"].encode()), query_cls=WikiClirQuery, lang="en"
    )
    articles = TsvDocs(
        here("wiki_sw.documents", LARGE["docs"].encode()), doc_cls=WikiClirDoc, lang="sw"
    )
    links = TrecQrels(here("en2sw.rel", LARGE["rel"].encode()), {}, format_3col=True)
    of_pair = Dataset(english, CLIRMatrixQueries(judged, "sw"), CLIRMatrixQrels(judged, {}))
    return {
        "clirmatrix/en": Dataset(english),
        "clirmatrix/en/bi139-base/sw/train": of_pair,
        "clirmatrix/en/bi139-base/sw/test1": of_pair,
        "wikiclir/sw": Dataset(articles, queries, links),
    }


def export(name: str, folder: Path, language: str = "sw") -> Path:
    """Export a data set of resources/datasets.yaml for a language, as the workflow does."""
    folder.mkdir()
    for file, about in DATASETS[name]["files"].items():
        if about.get("language", language) == language:
            options = {key: about[key] for key in ("id", "part", "fields") if key in about}
            export_ir_dataset.main(**options, output=folder / file)
    return folder
