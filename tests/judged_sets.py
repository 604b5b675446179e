"""Small collections of a user's own, prepared and scored by the programs of the workflow."""

import json

import pandas as pd

import prepare_collection
import prepare_queries
import score_run as score_run_program
from optical.evaluation.trec import write_run
from optical.report.collections import described_collections, read_collections
from optical.settings.clef import Clef, ClefDocuments
from optical.settings.windows import Windows

LAYOUTS = ("beir", "msmarco")

TEXTS = {"a": "heron reeds", "b": "heron boat", "c": "boat harbour", "d": "dam river"}
QUERIES = {"q1": "heron", "q2": "dam"}


def qrels_text(layout, judgements, end="\n"):
    """Judgements (query, passage, grade) as the file of a layout; None is a blank line."""
    lines = ["query-id\tcorpus-id\tscore"] if layout == "beir" else []
    between = ["\t", ""] if layout == "beir" else ["\t", "0\t"]
    for one in judgements:
        lines.append(one and f"{one[0]}{between[0]}{between[1]}{one[1]}\t{one[2]}" or "")
    return "".join(line + end for line in lines)


def collection(folder, judgements, layout="beir", texts=TEXTS, queries=QUERIES, language="sw"):
    """A user's folder in a layout, with these judgements or this text of them."""
    folder.mkdir(exist_ok=True)
    rows = {"corpus.jsonl": texts, f"queries.{language}.jsonl": queries}
    for name, of in rows.items():
        lines = (json.dumps({"_id": id, "text": text}) + "\n" for id, text in of.items())
        (folder / name).write_text("".join(lines))
    for name, of in {"collection.tsv": texts, f"queries.{language}.tsv": queries}.items():
        (folder / name).write_text("".join(f"{id}\t{text}\n" for id, text in of.items()))
    text = judgements if isinstance(judgements, str) else qrels_text(layout, judgements)
    (folder / "qrels.tsv").write_text(text, newline="")
    return folder


def prepared(folder, layout="beir", language="sw", words=None):
    """The folder with what the programs made of it in `made`."""
    made = folder / "made"
    common = {"collection": f"mine:{layout}", "folder": folder, "qrels": made / "qrels.txt"}
    prepare_collection.main(
        **common,
        passages=made / "passages.parquet",
        counts=made / "counts.csv",
        windows=Windows(words=words),
        clef=ClefDocuments(),
    )
    prepare_queries.main(
        **common,
        language=language,
        output=made / f"{language}.tsv",
        doubtful=made / f"{language}.doubtful.txt",
        counts=made / f"{language}.counts.csv",
        clef=Clef(),
    )
    return made


def scored(made, ranked, metrics, language="sw", level=1):
    """{metric: {query: value}} of rankings, through the programs' files."""
    results = {
        query: {name: -rank for rank, name in enumerate(names)} for query, names in ranked.items()
    }
    write_run(made / "x.run.gz", results.items(), "test")
    score_run_program.main(
        **{"run": made / "x.run.gz", "qrels": made / "qrels.txt", "study": "s", "student": "t"},
        **{"teacher": "t", "method": "m", "language": language, "collection": "mine"},
        metrics=list(metrics),
        queries=made / f"{language}.tsv",
        relevance_level=level,
        output=made / "x.scores.parquet",
    )
    table = pd.read_parquet(made / "x.scores.parquet")
    return {
        metric: dict(zip(rows["query_id"], rows["value"], strict=True))
        for metric, rows in table.groupby("metric")
    }


def described(made, metrics=("map",), level=1):
    """(facts, doubts) that the report has of the collection, each as one text."""
    counts = read_collections([made / "counts.csv", *made.glob("*.counts.csv")])
    settings = {"levels": {"mine": level}, "metrics": metrics}
    facts, doubts = described_collections(counts, scored={"mine": 1}, **settings)["mine"]
    return " ".join(facts), " ".join(doubts)
